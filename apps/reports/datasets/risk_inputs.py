"""What reports tell of risk, as plain values. Amounts are base units of USDT, shares of the whole
and factors Decimal, ages whole seconds, times UTC."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelPoint:
    """From this instant on the fund stood at this level; ``reason`` is the gravest."""

    at: datetime
    level: str
    score: Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An indicator against its thresholds. ``unit`` is SHARE, SECONDS or FACTOR; without a value
    ``unknown`` or ``meaning`` says why."""

    indicator: str
    title: str
    unit: str
    value: Decimal | None
    infinite: bool
    warning: Decimal
    critical: Decimal
    status: str
    score_share: Decimal
    meaning: str
    unknown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """An indicator at one run; no value where it was unknown or had no bound."""

    at: datetime
    value: Decimal | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """An indicator over a stretch of time, with the thresholds of its end. ``worse`` is the side,
    "below" or "above", on which it warns."""

    indicator: str
    title: str
    unit: str
    worse: str
    warning: Decimal
    critical: Decimal
    points: tuple[HistoryPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskEvent:
    """A risk event: what was wrong, who answered, how it ended."""

    id: int
    type: str
    indicator: str
    severity: str
    message: str
    status: str
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    escalations: int
    resolved_at: datetime | None
    resolved_by: str
    resolution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDay:
    """What is still to be paid of one day; ``overdue`` when that day has passed."""

    day: date | None
    due_assets: int
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRequest:
    """A redemption that is to be paid."""

    request_id: int
    settles_at: datetime | None
    owner: str
    channel: str
    gross_assets: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Liquidity of one horizon as forecast. ``first_gap_day`` is None when no gap is expected."""

    horizon: str
    made_at: datetime
    method: str
    outflow_assets: int
    inflow_assets: int
    available_assets: int
    shortfall_probability: Decimal
    shortfall_assets: int
    first_gap_day: date | None
    advice: str
    advice_assets: int
    advice_reason: str
