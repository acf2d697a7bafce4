"""The filtered list as a file."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpResponse

from apps.audit import operations as audit
from apps.core import exports
from apps.core.actor import Actor
from apps.redemptions.models import Redemption

COLUMNS: Sequence[exports.Column] = [
    exports.Column("Request", lambda row: row.request_id),
    exports.Column("Chain", lambda row: row.chain_id),
    exports.Column("Status", lambda row: row.status),
    exports.Column("Channel", lambda row: row.channel),
    exports.Column("Requested (UTC)", lambda row: row.requested_at),
    exports.Column("Settles (UTC)", lambda row: row.settles_at),
    exports.Column("Owner", lambda row: row.owner),
    exports.Column("Receiver", lambda row: row.receiver),
    *exports.money_columns("Shares", lambda row: row.shares, "PPT"),
    *exports.money_columns("Locked NAV", lambda row: row.locked_nav_per_share, "USDT per PPT"),
    *exports.money_columns("Value", lambda row: row.gross_assets),
    *exports.money_columns("Estimated fee", lambda row: row.estimated_fee_assets),
    *exports.money_columns("Fee", lambda row: row.fee_assets),
    *exports.money_columns("Net", lambda row: row.net_assets),
    exports.Column("Requires approval", lambda row: "yes" if row.requires_approval else "no"),
    exports.Column("Decided by", lambda row: row.decided_by),
    exports.Column("Decided (UTC)", lambda row: row.decided_at),
    exports.Column("Rejection reason", lambda row: row.rejection_reason),
    exports.Column("Settled (UTC)", lambda row: row.settled_at),
    exports.Column("Request transaction", lambda row: row.tx_hash),
    exports.Column("Settlement transaction", lambda row: row.settle_tx_hash),
]


def export(
    rows: QuerySet[Redemption], file_format: str, *, query: str, actor: Actor, at: datetime
) -> HttpResponse:
    """A CSV or XLSX file of exactly these rows; written down in the audit log.

    Raises:
        exports.TooMany: over 50,000 rows.
    """
    count = rows.count()
    name = f"redemptions-{at:%Y%m%dT%H%M%SZ}"
    response = exports.download(
        rows.iterator(), COLUMNS, count=count, file_format=file_format, name=name
    )
    audit.record(
        actor=actor,
        action="redemption.exported",
        object_type="redemption",
        object_id="list",
        after={"rows": count, "format": file_format, "filter": query},
        at=at,
    )
    return response
