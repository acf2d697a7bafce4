"""The level of risk that was last written down, while it is fresh."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.fund.models import RiskState

FRESH = timedelta(minutes=15)
"""An older level counts as unknown: nothing is approved by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskView:
    """NORMAL, ELEVATED, HIGH or CRITICAL, and the readings (by indicator, as text) of ``as_of``."""

    level: str
    readings: Mapping[str, str]
    as_of: datetime


def risk_state(*, at: datetime) -> RiskView | None:
    """The level of risk; None when none was written down or it is older than 15 minutes."""
    row = RiskState.objects.filter(as_of__gte=at - FRESH).first()
    return RiskView(level=row.level, readings=row.readings, as_of=row.as_of) if row else None
