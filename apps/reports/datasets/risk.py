"""How risk stood over a period: levels, how long each lasted, events. Plain arithmetic."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.reports.rules import Period

from .risk_inputs import LevelPoint, RiskEvent
from .values import fields_of, number, time

LEVELS = ("NORMAL", "ELEVATED", "HIGH", "CRITICAL")


def risk(
    levels: Sequence[LevelPoint], events: Sequence[RiskEvent], period: Period
) -> dict[str, Any]:
    """Levels over the period with the worst of them, and the events that were open in it.

    ``levels`` are its changes, oldest first; the one before the period, if any, says how it began.
    """
    found = spans(levels, period)
    return {
        "opening_level": found[0]["level"] if found else None,
        "closing_level": found[-1]["level"] if found else None,
        "worst_level": max((span["level"] for span in found), key=LEVELS.index, default=None),
        "worst_score": max((span["score"] for span in found), key=Decimal, default=None),
        "seconds_at": {
            level: sum(span["seconds"] for span in found if span["level"] == level)
            for level in LEVELS
        },
        "unknown_seconds": int(period.days.total_seconds())
        - sum(span["seconds"] for span in found),
        "levels": found,
        "events_opened": sum(period.start <= event.opened_at < period.end for event in events),
        "events_resolved": sum(_within(event.resolved_at, period) for event in events),
        "events_acknowledged": sum(_within(event.acknowledged_at, period) for event in events),
        "events_escalated": sum(event.escalations > 0 for event in events),
        "events": [fields_of(event) for event in events],
    }


def spans(levels: Sequence[LevelPoint], period: Period) -> list[dict[str, Any]]:
    """Each level with its stretch of the period, in whole seconds."""
    found = []
    begins = [point.at.replace(microsecond=0) for point in levels]
    for point, begin, until in zip(levels, begins, [*begins, period.end][1:], strict=True):
        start, end = max(begin, period.start), min(until, period.end)
        if end <= start:
            continue
        found.append(
            {
                "level": point.level,
                "from": time(start),
                "until": time(end),
                "seconds": int((end - start).total_seconds()),
                "score": number(point.score),
                "reason": point.reason,
            }
        )
    return found


def _within(at: datetime | None, period: Period) -> bool:
    return at is not None and period.start <= at < period.end
