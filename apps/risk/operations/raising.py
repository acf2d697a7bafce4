"""Opening a risk event, making it worse, and letting it recover: one row for each thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.core import bus
from apps.core.locks import transaction_lock
from apps.core.text import visible_line
from apps.risk import queries
from apps.risk.events import RiskEventOpened, RiskEventResolved, RiskEventWorsened
from apps.risk.models import RiskEvent
from apps.risk.queries.events import events
from apps.risk.rules import alerting
from apps.risk.rules.figures import EventType, Response, Severity
from apps.risk.rules.life import EventStatus

from ._events import WATCH, note

_MESSAGE_MAX = 400
_SEEN_FIELDS = (
    *("severity", "message", "value", "worst_value", "threshold", "unit", "details"),
    *("times", "better_runs", "last_seen_at", "escalate_at"),
    *("snoozed_until", "snoozed_by", "snooze_reason"),
)
"""What seeing an event again changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was seen now, as the row keeps it."""

    severity: Severity
    message: str
    value: Decimal | None
    threshold: Decimal | None
    unit: str
    details: dict[str, str]
    at: datetime


@transaction.atomic
def raise_event(
    *,
    type: EventType,  # noqa: A002 - the word of the table
    indicator: str,
    severity: Severity,
    message: str,
    value: Decimal | None = None,
    threshold: Decimal | None = None,
    unit: str = "",
    details: Mapping[str, str] | None = None,
    worse_below: bool = False,
    at: datetime,
) -> RiskEvent:
    """Say that something is wrong; of one (type, indicator) at most one event is not resolved.

    A new one is opened, one that resolved itself shortly before is opened again, an unresolved one
    takes the new figures. People are told (by the facts ``RiskEventOpened`` and
    ``RiskEventWorsened``) only of what is new, back, or graver than they were told.

    Args:
        value, threshold: in the unit named by ``unit``; kept to ten places.
        worse_below: small values are the bad ones.
    """
    seen = _Seen(
        severity=severity,
        message=visible_line(message, characters_max=_MESSAGE_MAX),
        value=alerting.storable(value),
        threshold=alerting.storable(threshold),
        unit=unit,
        details=dict(details or {}),
        at=at,
    )
    row = _unresolved(type, indicator)
    if row is None:
        # Whoever comes at the same moment waits here, then finds the row.
        transaction_lock(f"risk:event:{type}:{indicator}")
        row = _unresolved(type, indicator)
    if row is not None:
        _see_again(row, seen, worse_below=worse_below)
        return row
    response = _response(at)
    ended = events(event_type=type, indicator=indicator, resolved=True)
    last = ended.order_by("-resolved_at", "-id").select_for_update().first()
    if last is not None and _is_back(last, at=at, response=response):
        _reopen(last, seen, response, worse_below=worse_below)
        return last
    return _open(type, indicator, seen, response)


@transaction.atomic
def settle_event(
    *,
    type: EventType,  # noqa: A002
    indicator: str,
    resolution: str,
    at: datetime,
) -> RiskEvent | None:
    """Say that something is in order again; return its event if one was not resolved.

    An indicator's event resolves itself only after it has been in order as many runs in a row as
    the policy asks for; all others at once.
    """
    row = _unresolved(type, indicator)
    if row is None:
        return None
    row.better_runs += 1
    if type is EventType.INDICATOR and row.better_runs < _better_runs(at):
        row.save(update_fields=["better_runs"])
        return row
    before = row.status
    row.resolve(user_id=None, name="", resolution=resolution, by_itself=True, at=at)
    row.save()
    note(
        row,
        "resolved",
        actor=WATCH,
        at=at,
        before={"status": before},
        after={"status": row.status, "resolution": resolution, "by_itself": True},
    )
    bus.publish(RiskEventResolved(event_id=row.pk, by_itself=True, quiet=row.quiet, at=at))
    return row


def _unresolved(event_type: EventType, indicator: str) -> RiskEvent | None:
    """Its unresolved event with the row lock; if that resolves while we wait for it, none."""
    rows = events(event_type=event_type, indicator=indicator, resolved=False)
    return rows.select_for_update().first()


def _open(event_type: EventType, indicator: str, seen: _Seen, response: Response) -> RiskEvent:
    row = RiskEvent.objects.create(
        type=event_type.value,
        indicator=indicator,
        severity=seen.severity.value,
        told_severity=seen.severity.value,
        message=seen.message,
        value=seen.value,
        worst_value=seen.value,
        threshold=seen.threshold,
        unit=seen.unit,
        details=seen.details,
        opened_at=seen.at,
        last_seen_at=seen.at,
        escalate_at=alerting.first_escalation(seen.severity, at=seen.at, response=response),
    )
    note(row, "opened", actor=WATCH, at=seen.at, after=_said(row))
    _tell_opened(row, again=False, at=seen.at)
    return row


def _is_back(row: RiskEvent, *, at: datetime, response: Response) -> bool:
    """What a person resolved does not come back: if it is still wrong, that is news."""
    return (
        row.by_itself
        and row.resolved_at is not None
        and alerting.comes_back(resolved_at=row.resolved_at, at=at, response=response)
    )


def _reopen(row: RiskEvent, seen: _Seen, response: Response, *, worse_below: bool) -> None:
    quiet = alerting.is_quiet(
        returns=row.flaps + 1, severity=seen.severity, told=Severity(row.told_severity)
    )
    due = alerting.first_escalation(seen.severity, at=seen.at, response=response)
    row.reopen(escalate_at=due, quiet=quiet, at=seen.at)
    if not quiet:
        row.told_severity = seen.severity.value
    row.times += 1
    _take(row, seen, worse_below=worse_below)
    row.save()
    after = _said(row) | {"returns": row.flaps, "quiet": quiet}
    note(row, "reopened", actor=WATCH, at=seen.at, after=after)
    _tell_opened(row, again=True, at=seen.at)


def _see_again(row: RiskEvent, seen: _Seen, *, worse_below: bool) -> None:
    before, told = Severity(row.severity), Severity(row.told_severity)
    graver = seen.severity.rank > told.rank
    row.times += 1
    row.better_runs = 0
    row.last_seen_at = max(row.last_seen_at, seen.at)
    _take(row, seen, worse_below=worse_below)
    if row.status == EventStatus.OPEN:
        _keep_time(row, before, seen, graver=graver)
    if not graver:
        row.save(update_fields=_SEEN_FIELDS)
        return
    row.told_severity, row.quiet = seen.severity.value, False
    row.save()
    note(
        row,
        "worsened",
        actor=WATCH,
        at=seen.at,
        before={"severity": told.value},
        after=_said(row),
    )
    bus.publish(
        RiskEventWorsened(
            event_id=row.pk, old_severity=told.value, severity=row.severity, at=seen.at
        )
    )


def _keep_time(row: RiskEvent, before: Severity, seen: _Seen, *, graver: bool) -> None:
    """When an unanswered event is told again, if it is of another severity now."""
    if seen.severity is Severity.INFO:
        row.escalate_at = None
        row.wake()
    elif before is Severity.INFO or (graver and row.snoozed_until is not None):
        # Somebody may have wanted to be left alone, but with less than this.
        row.wake()
        row.escalate_at = alerting.after_waking(
            done=row.escalations, at=seen.at, response=_response(seen.at)
        )


def _take(row: RiskEvent, seen: _Seen, *, worse_below: bool) -> None:
    row.severity, row.message = seen.severity.value, seen.message
    row.value, row.threshold, row.unit = seen.value, seen.threshold, seen.unit
    row.details = seen.details
    row.worst_value = alerting.worse_value(row.worst_value, seen.value, below=worse_below)


def _tell_opened(row: RiskEvent, *, again: bool, at: datetime) -> None:
    bus.publish(
        RiskEventOpened(event_id=row.pk, severity=row.severity, again=again, quiet=row.quiet, at=at)
    )


def _said(row: RiskEvent) -> dict[str, Any]:
    return {
        "subject": row.subject,
        "severity": row.severity,
        "message": row.message,
        "value": row.value,
        "threshold": row.threshold,
    }


def _response(at: datetime) -> Response:
    return queries.policy(at=at)[1].response


def _better_runs(at: datetime) -> int:
    return queries.policy(at=at)[1].levels.better_runs
