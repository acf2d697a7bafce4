"""Risk events for tests, and people who answer them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.risk import operations
from apps.risk.models import RiskEvent
from apps.risk.rules.figures import EventType, Indicator, Severity

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
L1 = Indicator.L1_RATIO


def after(**passed: float) -> datetime:
    """Noon and some time: ``after(minutes=30)``."""
    return NOON + timedelta(**passed)


def low(
    value: str = "0.09",
    *,
    severity: Severity = Severity.WARNING,
    indicator: str = L1,
    type: EventType = EventType.INDICATOR,  # noqa: A002
    details: Mapping[str, str] | None = None,
    at: datetime = NOON,
) -> RiskEvent:
    """L1 is short."""
    return operations.raise_event(
        type=type,
        indicator=indicator,
        severity=severity,
        message=f"L1 is {value} of assets.",
        value=Decimal(value),
        threshold=Decimal("0.10"),
        unit="SHARE",
        details=details,
        worse_below=True,
        at=at,
    )


def critical(value: str = "0.07", **changes: Any) -> RiskEvent:
    """L1 is nearly gone."""
    return low(value, severity=Severity.CRITICAL, **changes)


def well(*, runs: int = 3, indicator: str = L1, at: datetime = NOON) -> RiskEvent | None:
    """Some runs in a row find L1 in order, the last of them at ``at``."""
    row = None
    for _ in range(runs):
        row = operations.settle_event(
            type=EventType.INDICATOR, indicator=indicator, resolution="L1 is in order.", at=at
        )
    return row


def flapped(times: int, *, at: datetime = NOON) -> RiskEvent:
    """An event that came back that many times, the last time at ``at``."""
    row = low(at=at - timedelta(minutes=2 * times))
    for n in range(times, 0, -1):
        well(at=at - timedelta(minutes=2 * n - 1))
        row = low(at=at - timedelta(minutes=2 * n - 2))
    return row
