"""The filtered list of risk events as a file."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpResponse

from apps.audit import operations as audit
from apps.core import exports
from apps.core.actor import Actor
from apps.risk.models import RiskEvent

from .event_cells import figure_text

COLUMNS: Sequence[exports.Column] = [
    exports.Column("Event", lambda row: row.pk),
    exports.Column("Type", lambda row: row.type),
    exports.Column("Subject", lambda row: row.indicator),
    exports.Column("Severity", lambda row: row.severity),
    exports.Column("Status", lambda row: row.status),
    exports.Column("Message", lambda row: row.message),
    exports.Column("Value", lambda row: figure_text(row, row.value)),
    exports.Column("Worst value", lambda row: figure_text(row, row.worst_value)),
    exports.Column("Threshold", lambda row: figure_text(row, row.threshold)),
    exports.Column("Unit", lambda row: row.unit),
    exports.Column("Value, exact (a share of 0.1 is 10 %)", lambda row: row.value),
    exports.Column("Worst value, exact", lambda row: row.worst_value),
    exports.Column("Threshold, exact", lambda row: row.threshold),
    exports.Column("First seen (UTC)", lambda row: row.opened_at),
    exports.Column("Last seen (UTC)", lambda row: row.last_seen_at),
    exports.Column("Times seen", lambda row: row.times),
    exports.Column("Came back", lambda row: row.flaps),
    exports.Column("Told again", lambda row: row.escalations),
    exports.Column("Acknowledged (UTC)", lambda row: row.acknowledged_at),
    exports.Column("Acknowledged by", lambda row: row.acknowledged_by),
    exports.Column("Note", lambda row: row.acknowledge_note),
    exports.Column("Resolved (UTC)", lambda row: row.resolved_at),
    exports.Column("Resolved by", lambda row: row.resolved_by),
    exports.Column("By itself", lambda row: "yes" if row.by_itself else "no"),
    exports.Column("Resolution", lambda row: row.resolution),
]


def export(
    rows: QuerySet[RiskEvent], file_format: str, *, query: str, actor: Actor, at: datetime
) -> HttpResponse:
    """A CSV or XLSX file of exactly these events; written down in the audit log.

    Raises:
        exports.TooMany: over 50,000 rows.
    """
    count = rows.count()
    name = f"risk-events-{at:%Y%m%dT%H%M%SZ}"
    response = exports.download(
        rows.iterator(), COLUMNS, count=count, file_format=file_format, name=name
    )
    audit.record(
        actor=actor,
        action="risk.exported",
        object_type="riskevent",
        object_id="list",
        after={"rows": count, "format": file_format, "filter": query},
        at=at,
    )
    return response
