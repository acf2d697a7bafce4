"""The words of risk: indicators, their readings, levels, and what people decide about them.

Values are exact: ratios are Decimal shares (0.08 is 8 %), ages are whole seconds, amounts are base
units of USDT.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Group(StrEnum):
    """What an indicator tells about."""

    LIQUIDITY = "LIQUIDITY"
    PRICE = "PRICE"
    CONCENTRATION = "CONCENTRATION"
    REDEMPTION = "REDEMPTION"
    OPERATIONAL = "OPERATIONAL"


class Unit(StrEnum):
    """How a value is read: a share (0.1 is 10 %), seconds, or a plain factor (1.5 is 1.5 times)."""

    SHARE = "SHARE"
    SECONDS = "SECONDS"
    FACTOR = "FACTOR"


class Indicator(StrEnum):
    """Every indicator, in the order of the board."""

    L1_RATIO = "l1_ratio"
    L1_L2_RATIO = "l1_l2_ratio"
    REDEMPTION_COVERAGE = "redemption_coverage"
    LIQUIDITY_GAP_7D = "liquidity_gap_7d"
    NAV_VOLATILITY_24H = "nav_volatility_24h"
    ASSET_PRICE_DEVIATION = "asset_price_deviation"
    ORACLE_STALENESS = "oracle_staleness"
    SINGLE_ASSET_CONCENTRATION = "single_asset_concentration"
    TOP3_CONCENTRATION = "top3_concentration"
    COUNTERPARTY_CONCENTRATION = "counterparty_concentration"
    DAILY_REDEMPTION_RATE = "daily_redemption_rate"
    PENDING_APPROVAL_RATIO = "pending_approval_ratio"
    REDEMPTION_VELOCITY = "redemption_velocity"
    TX_FAILURE_RATE = "tx_failure_rate"
    EVENT_LAG = "event_lag"
    REBALANCE_DELAY = "rebalance_delay"


class Status(StrEnum):
    """How an indicator stands. UNKNOWN is a state of its own and never passes for normal."""

    NORMAL = "NORMAL"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    UNKNOWN = "UNKNOWN"


class Level(StrEnum):
    """How the fund stands as a whole."""

    NORMAL = "NORMAL"
    ELEVATED = "ELEVATED"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """0 for NORMAL … 3 for CRITICAL."""
        return tuple(Level).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One indicator's value. ``value`` is None when unknown (``unknown`` says why) or when there is
    nothing to measure (``unknown`` is empty, ``infinite`` or ``too_few`` explains it).

    ``infinite``: nothing is owed, so that coverage has no bound; it stands above every threshold.
    ``too_few``: the sample is too small to judge by; that is normal, not unknown.
    ``critical_by`` names a reason that makes it critical whatever the value is.
    ``incomplete``: a part could not be had, as it says; the value is what is certain, and the whole
    can only be worse. It may warn by that, and is unknown where it would be normal.
    ``details`` are figures behind the value, as text by label.
    """

    indicator: Indicator
    value: Decimal | None
    unknown: str = ""
    infinite: bool = False
    too_few: bool = False
    critical_by: str = ""
    incomplete: str = ""
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Where an indicator begins to warn, and its weight in the score; which comparison is meant the
    indicator itself says."""

    warning: Decimal
    critical: Decimal
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An indicator against its thresholds. ``share`` is what it adds to the score (0 … 100)."""

    measured: Measured
    threshold: Threshold
    status: Status
    share: Decimal
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelLimits:
    """Limits that set the level beside those of single indicators; shares, and runs in a row."""

    elevated_l1: Decimal = Decimal("0.10")
    elevated_daily_redemptions: Decimal = Decimal("0.03")
    elevated_nav_volatility: Decimal = Decimal("0.03")
    high_l1: Decimal = Decimal("0.08")
    high_coverage: Decimal = Decimal("1.20")
    high_daily_redemptions: Decimal = Decimal("0.05")
    critical_l1_l2: Decimal = Decimal("0.25")
    critical_failures_in_a_row: int = 3
    better_runs: int = 3
    unknown_warns_after_minutes: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What follows from risk, as times: how often it is measured, when an event that nobody answers
    is told again and to whom, how long an emergency must have passed before it is ended."""

    calm_minutes: int = 5
    alert_minutes: int = 1
    escalate_again_minutes: int = 30
    escalate_critical_minutes: int = 120
    flapping_minutes: int = 60
    recovery_minutes: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What people decide about risk; one row of ``Policy`` holds them, two people change them."""

    thresholds: Mapping[Indicator, Threshold]
    levels: LevelLimits = field(default_factory=LevelLimits)
    response: Response = field(default_factory=Response)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The level that one run came to.

    ``raw`` is what the indicators say now; ``level`` what holds after hysteresis; ``better_runs``
    how many runs in a row have been better than ``level``. ``reasons`` are sentences, the gravest
    first, of what set the raw level.
    """

    level: Level
    raw: Level
    better_runs: int
    score: Decimal
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetExposure:
    """One asset: what it is worth to the fund (base units of USDT) and who owes it; ``issuer`` is
    empty where nobody has named one. ``traded_price`` is what the contracts trade at, ``median``
    what its sources say; both have 18 decimals and are None when unknown. ``value_unknown``:
    some of it is held, and the contracts give no price; ``value`` is 0 then, and is not known."""

    token: str
    symbol: str
    tier: int
    value: int
    issuer: str
    traded_price: int | None
    median: int | None
    price_unknown: str = ""
    value_unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that the indicators are measured by, at one block and one instant.

    Amounts are base units of USDT. A figure that could not be had is None, and ``missing`` says by
    its field's name why. ``gross_assets`` is L1 + L2 + L3.
    """

    at: datetime
    block_number: int | None = None
    block_hash: str = ""
    block_at: datetime | None = None

    gross_assets: int | None = None
    l1_assets: int | None = None
    l2_assets: int | None = None
    l3_assets: int | None = None
    liability_assets: int | None = None
    available_assets: int | None = None
    total_supply: int | None = None
    emergency_mode: bool | None = None
    assets: tuple[AssetExposure, ...] | None = None

    navs_24h: tuple[int, ...] | None = None
    """NAV per share (1e18) over the last 24 h, oldest first, the newest included."""
    predicted_outflow_7d: int | None = None
    """Net outflow (outflow less inflow) of the next 7 days as forecast; negative is an inflow."""
    available_7d: int | None = None
    """L1 + L2 and what matures or opens within 7 days."""

    oldest_price_seconds: int | None = None
    requested_24h_assets: int | None = None
    pending_approval_assets: int | None = None
    requests_7d: int | None = None
    requests_7d_before: int | None = None
    sent_24h: int | None = None
    failed_24h: int | None = None
    failed_in_a_row: int | None = None
    event_lag_seconds: int | None = None
    approved_plan_seconds: int | None = None
    """Age of the oldest approved plan that has not begun, 0 when there is none."""
    critical_alert_at: datetime | None = None

    missing: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class EventType(StrEnum):
    """What a risk event is about. With ``indicator`` it names what may be open only once."""

    INDICATOR = "INDICATOR"
    LEVEL = "LEVEL"
    CHAIN_ALERT = "CHAIN_ALERT"
    FORECAST = "FORECAST"


class Severity(StrEnum):
    """How grave a risk event is."""

    INFO = "INFO"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """0 for INFO … 2 for CRITICAL."""
        return tuple(Severity).index(self)


class Horizon(StrEnum):
    """How far a forecast looks."""

    ONE_DAY = "1d"
    SEVEN_DAYS = "7d"
    THIRTY_DAYS = "30d"

    @property
    def days(self) -> int:
        """In whole days."""
        return {"1d": 1, "7d": 7, "30d": 30}[self.value]


class Advice(StrEnum):
    """What a forecast recommends."""

    NONE = "NONE"
    MONITOR = "MONITOR"
    PREPARE_LIQUIDITY = "PREPARE_LIQUIDITY"
    EMERGENCY = "EMERGENCY"


JSON = Mapping[str, Any]
