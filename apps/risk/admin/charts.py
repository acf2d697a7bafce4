"""An indicator over time as JSON for the page's chart: its line, its limits, what happened."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.risk import queries
from apps.risk.models import RiskEvent
from apps.risk.rules.figures import Indicator, Threshold, Unit
from apps.risk.rules.specs import SPECS
from apps.risk.rules.words import limit_text

_MINUTES_FROM = 600
"""An indicator whose critical age is ten minutes or more is drawn in minutes."""

_PLACES = Decimal("0.0001")


def indicator_chart(
    indicator: Indicator,
    *,
    start: datetime,
    end: datetime,
    threshold: Threshold,
    events: Iterable[RiskEvent] = (),
) -> dict[str, Any]:
    """The chart from one instant to another; ``points`` is empty when nothing was measured.

    The limits are those in force now; values are exact text in the chart's unit.
    """
    spec = SPECS[indicator]
    unit, factor = _scale(spec.unit, threshold)
    points = queries.metrics_history(indicator=indicator, start=start, end=end)
    return {
        "unit": unit,
        "from": start.isoformat(),
        "till": end.isoformat(),
        "points": [
            {
                "at": point.at.isoformat(),
                "value": None if point.value is None else _text(point.value * factor),
            }
            for point in points
        ],
        "limits": [
            {
                "value": _text(value * factor),
                "text": f"{word} {limit_text(value, spec.unit)}",
                "tone": tone,
            }
            for value, word, tone in (
                (threshold.warning, "warning", "warn"),
                (threshold.critical, "critical", "bad"),
            )
        ],
        "marks": [
            {"at": at.isoformat(), "text": f"E-{row.pk} {what}"}
            for row in events
            for at, what in ((row.opened_at, "opened"), (row.resolved_at, "resolved"))
            if at is not None and start <= at <= end
        ],
    }


def _scale(unit: Unit, threshold: Threshold) -> tuple[str, Decimal]:
    if unit is Unit.SHARE:
        return "%", Decimal(100)
    if unit is Unit.FACTOR:
        return "times", Decimal(1)
    if threshold.critical >= _MINUTES_FROM:
        return "min", Decimal(1) / 60
    return "s", Decimal(1)


def _text(value: Decimal) -> str:
    return f"{value.quantize(_PLACES).normalize():f}"
