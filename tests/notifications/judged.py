"""An assessment with readings, as the board of risk would show it."""

from datetime import datetime
from decimal import Decimal

from apps.risk.models import Assessment, Reading
from apps.risk.rules.figures import Indicator
from apps.risk.rules.specs import SPECS

_WARNING = {Indicator.L1_RATIO: "0.10", Indicator.EVENT_LAG: "30"}
_CRITICAL = {Indicator.L1_RATIO: "0.08", Indicator.EVENT_LAG: "300"}


def judged(at: datetime, *, level: str = "HIGH", **readings: tuple[str | None, str]) -> Assessment:
    """``judged(at, l1_ratio=("0.074", "CRITICAL"), event_lag=(None, "UNKNOWN"))``; the others are
    normal."""
    run = Assessment.objects.create(
        at=at,
        level=level,
        raw_level=level,
        score=Decimal("41.500"),
        reasons=["L1 is 7.40 % of gross assets, below 8 %.", "Coverage is 118 %."],
        policy_version=1,
        duration_ms=12,
    )
    for indicator in Indicator:
        value, status = readings.get(indicator.value, ("0.5", "NORMAL"))
        Reading.objects.create(
            assessment=run,
            at=at,
            indicator=indicator.value,
            value=None if value is None else Decimal(value),
            status=status,
            warning=Decimal(_WARNING.get(indicator, "0.2")),
            critical=Decimal(_CRITICAL.get(indicator, "0.3")),
            weight=5,
            share=Decimal(0),
            unknown="No node answers." if status == "UNKNOWN" else "",
            unknown_since=at if status == "UNKNOWN" else None,
            meaning=f"{SPECS[indicator].title} is what it is.",
        )
    return run
