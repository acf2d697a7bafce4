"""Reading what reports tell of risk, as of the caller's one view of the rows."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain as joined
from typing import Any

from apps.reports.rules import Period
from apps.risk import queries as risk
from apps.risk.rules.figures import Indicator
from apps.risk.rules.specs import SPECS

from . import risk_inputs as values

MAIN_INDICATORS = (
    Indicator.L1_RATIO,
    Indicator.L1_L2_RATIO,
    Indicator.REDEMPTION_COVERAGE,
    Indicator.DAILY_REDEMPTION_RATE,
    Indicator.NAV_VOLATILITY_24H,
    Indicator.TX_FAILURE_RATE,
)
"""Which indicators a report draws over time, in this order."""


def levels(period: Period) -> list[values.LevelPoint]:
    """The level at the beginning of the period, if it was known, and its changes."""
    return [
        values.LevelPoint(at=row.at, level=str(row.level), score=row.score, reason=row.reason)
        for row in risk.levels_between(start=period.start, end=period.end)
    ]


def events(period: Period) -> list[values.RiskEvent]:
    """Events that were open at some time of the period, oldest first."""
    before = risk.events(end=period.end)
    resolved = before.filter(resolved_at__gte=period.start)
    unresolved = risk.events(end=period.end, resolved=False)
    rows = {row.pk: row for row in joined(resolved, unresolved)}
    return event_values(rows[key] for key in sorted(rows))


def event_values(rows: Iterable[Any]) -> list[values.RiskEvent]:
    """Events as plain values."""
    return [
        values.RiskEvent(
            id=row.pk,
            type=row.type,
            indicator=row.indicator,
            severity=row.severity,
            message=row.message,
            status=row.status,
            opened_at=row.opened_at,
            acknowledged_at=row.acknowledged_at,
            acknowledged_by=row.acknowledged_by,
            escalations=row.escalations,
            resolved_at=row.resolved_at,
            resolved_by=row.resolved_by,
            resolution=row.resolution,
        )
        for row in rows
    ]


def histories(
    indicators: Sequence[Indicator], start: datetime, end: datetime
) -> list[values.History]:
    """These indicators over [start, end), with the thresholds in force at the end; those that were
    not measured are left out."""
    thresholds = risk.policy(at=end)[1].thresholds
    found = []
    for indicator in indicators:
        points = risk.metrics_history(indicator=indicator, start=start, end=end)
        if not points:
            continue
        spec, threshold = SPECS[indicator], thresholds[indicator]
        found.append(
            values.History(
                indicator=str(indicator),
                title=spec.title,
                unit=str(spec.unit),
                worse=spec.worse,
                warning=threshold.warning,
                critical=threshold.critical,
                points=tuple(
                    values.HistoryPoint(at=point.at, value=point.value, status=str(point.status))
                    for point in points
                ),
            )
        )
    return found
