"""When a task is overdue, and how parts make a whole. Plain Python."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

HEARTBEAT = "system.heartbeat"
"""The task that proves that beat rings, Redis carries and a worker answers."""

GRACE = timedelta(seconds=60)


class State(StrEnum):
    """How a part of the system is; the worst comes last."""

    UP = "up"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    DOWN = "down"


def is_overdue(*, due_at: datetime | None, period: timedelta | None, at: datetime) -> bool:
    """Whether a task should have succeeded by now.

    It may be late by one more period (when it runs at intervals) and a minute, since a task that
    is lost is simply done by the next. A task that never succeeded has no due time: not overdue,
    but never run.
    """
    if due_at is None:
        return False
    return at > due_at + (period or timedelta(0)) + GRACE


def overall(states: Iterable[State], *, essential: Iterable[State]) -> str:
    """One word: "unhealthy" when an essential part is down, "degraded" when any part is not up."""
    if any(state is State.DOWN for state in essential):
        return "unhealthy"
    if any(state in (State.DOWN, State.DEGRADED) for state in states):
        return "degraded"
    return "healthy"
