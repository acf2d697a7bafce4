"""When a risk event is told, told again, or left alone."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from .figures import Level, Response, Severity, Status

STEPS = (1, 2)
"""How often an event that nobody answers is told again: step 1 wider, step 2 to everybody."""

SNOOZE_MAX = timedelta(hours=24)

QUIET_FROM_RETURN = 2
"""The first return is told again; from this one on it flaps."""

_PLACES = Decimal(1).scaleb(-10)
_VALUE_MAX = Decimal(10) ** 29
_DIGITS = 60

_OF_STATUS = {
    Status.WARNING: Severity.WARNING,
    Status.CRITICAL: Severity.CRITICAL,
    Status.UNKNOWN: Severity.WARNING,
}
_OF_LEVEL = {
    Level.ELEVATED: Severity.WARNING,
    Level.HIGH: Severity.CRITICAL,
    Level.CRITICAL: Severity.CRITICAL,
}


def severity_of_status(status: Status) -> Severity | None:
    """How grave an indicator's status is; None when there is nothing to tell."""
    return _OF_STATUS.get(status)


def severity_of_level(level: Level) -> Severity | None:
    """How grave a level is; None for NORMAL."""
    return _OF_LEVEL.get(level)


def comes_back(*, resolved_at: datetime, at: datetime, response: Response) -> bool:
    """Whether what is seen now is the same thing as what resolved itself then."""
    return at - resolved_at <= timedelta(minutes=response.flapping_minutes)


def is_quiet(*, returns: int, severity: Severity, told: Severity) -> bool:
    """Whether an event that is back for the ``returns``-th time is left untold: it flaps, and is no
    graver than people were told."""
    return returns >= QUIET_FROM_RETURN and severity.rank <= told.rank


def first_escalation(severity: Severity, *, at: datetime, response: Response) -> datetime | None:
    """When an event told at ``at`` is told again, unanswered; information never is."""
    if severity is Severity.INFO:
        return None
    return at + timedelta(minutes=response.escalate_again_minutes)


def next_escalation(*, done: int, due: datetime, response: Response) -> datetime | None:
    """When the step after the ``done``-th comes, which was due at ``due``; None after the last.

    Counted from when the step was due, so that a clock that comes late delays nothing further.
    """
    if done >= len(STEPS):
        return None
    between = response.escalate_critical_minutes - response.escalate_again_minutes
    return due + timedelta(minutes=max(between, 0))


def after_waking(*, done: int, at: datetime, response: Response) -> datetime | None:
    """When an event that was snoozed is told again, now that it is graver and told at ``at``."""
    if done == 0:
        return at + timedelta(minutes=response.escalate_again_minutes)
    return next_escalation(done=done, due=at, response=response)


def worse_value(one: Decimal | None, other: Decimal | None, *, below: bool) -> Decimal | None:
    """The worse of two values, of which either may be unknown; ``below``: small values are bad."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other) if below else max(one, other)


def storable(value: Decimal | None) -> Decimal | None:
    """A value to ten places, half to even, and within what a row can hold (10^29)."""
    if value is None:
        return None
    bounded = max(min(value, _VALUE_MAX), -_VALUE_MAX)
    with localcontext() as context:
        context.prec = _DIGITS
        return bounded.quantize(_PLACES, rounding=ROUND_HALF_EVEN)
