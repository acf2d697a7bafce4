"""What a liquidity report is built from, as plain values. Amounts are base units of USDT."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from apps.reports.rules import Period

from .inputs import FundPoint
from .risk_inputs import DueDay, DueRequest, Forecast, LevelPoint, Reading, RiskEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The newest judgement of risk, and the block it was made from, None when no node answered."""

    at: datetime
    level: str
    score: Decimal
    reasons: tuple[str, ...]
    readings: tuple[Reading, ...]
    block_number: int | None
    block_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityInputs:
    """Everything, read in one view of the database. ``available_assets`` is L1 + L2 of ``fund``.

    ``requests`` are the next to be paid, at most as many as a page takes; ``requests_left_out`` and
    ``requests_left_out_assets`` say what the rest amounts to.
    """

    period: Period
    chain_id: int
    chain_name: str
    read_at: datetime
    verdict: Verdict | None
    fund: FundPoint | None
    levels: list[LevelPoint] = field(default_factory=list)
    due_days: list[DueDay] = field(default_factory=list)
    requests: list[DueRequest] = field(default_factory=list)
    requests_left_out: int = 0
    requests_left_out_assets: int = 0
    forecasts: list[Forecast] = field(default_factory=list)
    events: list[RiskEvent] = field(default_factory=list)
