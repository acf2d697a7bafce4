"""How every indicator went lately, in few points: the small lines of the board."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from apps.risk.models import Assessment, Reading
from apps.risk.rules.figures import Indicator

TREND_HOURS = 24
POINTS_MAX = 48


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """An indicator in one run; ``value`` is None when there was none."""

    at: datetime
    value: Decimal | None


def trends(*, at: datetime, hours: int = TREND_HOURS) -> Mapping[Indicator, tuple[TrendPoint, ...]]:
    """The last run of each forty-eighth of the last hours, oldest first, by indicator.

    An extreme between two of them does not show; the indicator's own page keeps those.
    """
    start = at - timedelta(hours=hours)
    width = timedelta(hours=hours) / POINTS_MAX
    runs = Assessment.objects.filter(at__gte=start, at__lte=at).order_by("at")
    last_of_slot = {(run_at - start) // width: pk for pk, run_at in runs.values_list("pk", "at")}
    readings = Reading.objects.filter(assessment_id__in=last_of_slot.values()).order_by("at")
    found: dict[Indicator, list[TrendPoint]] = {indicator: [] for indicator in Indicator}
    for name, run_at, value in readings.values_list("indicator", "at", "value"):
        found[Indicator(name)].append(TrendPoint(run_at, value))
    return {indicator: tuple(points) for indicator, points in found.items()}
