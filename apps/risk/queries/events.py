"""Risk events: which there are, and one of them."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from apps.core.errors import NotFound
from apps.risk.models import RiskEvent
from apps.risk.rules.figures import Severity
from apps.risk.rules.life import UNRESOLVED, EventStatus

_UNRESOLVED = [status.value for status in UNRESOLVED]


class EventNotFound(NotFound):
    """There is no risk event with this number."""


def events(
    *,
    severity: str | None = None,
    resolved: bool | None = None,
    event_type: str | None = None,
    indicator: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> QuerySet[RiskEvent]:
    """Risk events, newest first; ``start`` ≤ opened < ``end``."""
    wanted = {
        "severity": severity,
        "type": event_type,
        "indicator": indicator,
        "opened_at__gte": start,
        "opened_at__lt": end,
    }
    rows = RiskEvent.objects.filter(
        **{name: value for name, value in wanted.items() if value is not None}
    )
    if resolved is None:
        return rows
    if resolved:
        return rows.filter(status=EventStatus.RESOLVED.value)
    return rows.filter(status__in=_UNRESOLVED)


def event(event_id: int) -> RiskEvent:
    """One risk event.

    Raises:
        EventNotFound: there is none with this number.
    """
    row = RiskEvent.objects.filter(pk=event_id).first()
    if row is None:
        raise EventNotFound(f"There is no risk event {event_id}.")
    return row


def open_count(severity: Severity | None = None) -> int:
    """How many events are not resolved, of one severity or of all."""
    return events(severity=severity.value if severity else None, resolved=False).count()


def duration(row: RiskEvent, *, at: datetime) -> timedelta:
    """How long an event has lasted: from its first opening to its end, or until now."""
    return max((row.resolved_at or at) - row.opened_at, timedelta())


def is_snoozed(row: RiskEvent, *, at: datetime) -> bool:
    """Whether somebody asked to be left alone with it until later than ``at``."""
    return row.snoozed_until is not None and row.snoozed_until > at
