"""What a report is built from, as plain values. Amounts are base units, ratios bps, times UTC."""

from dataclasses import dataclass, field
from datetime import datetime

from apps.reports.rules import Period

from .risk_inputs import LevelPoint, RiskEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPoint:
    """One tier of the fund at an instant."""

    tier: str
    assets: int
    ratio_bps: int | None
    target_bps: int | None
    min_bps: int | None
    max_bps: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundPoint:
    """The fund at one block."""

    slot: datetime
    block_number: int
    block_time: datetime
    nav_per_share: int
    aum_assets: int
    total_assets: int
    total_supply_shares: int
    liability_assets: int
    locked_shares: int
    emergency_mode: bool
    holders: int
    tiers: tuple[TierPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NavPoint:
    """NAV per share at an instant, from a snapshot or an event."""

    at: datetime
    nav_per_share: int
    block_number: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Assets came in, shares were minted."""

    at: datetime
    receiver: str
    assets: int
    shares: int
    block_number: int
    tx_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A redemption asked for in the period; ``status`` as of the report's making."""

    request_id: int
    requested_at: datetime
    owner: str
    channel: str
    shares: int
    gross_assets: int
    estimated_fee_assets: int
    requires_approval: bool
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """A redemption paid in the period."""

    request_id: int
    at: datetime
    receiver: str
    channel: str
    gross_assets: int
    fee_assets: int
    net_assets: int
    tx_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket opened or decided in the period."""

    id: int
    kind: str
    title: str
    status: str
    opened_at: datetime
    deadline_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A transaction of ours that ended in the period."""

    id: int
    sentence: str
    status: str
    error: str
    finished_at: datetime
    tx_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A liquidity alarm of the contracts."""

    at: datetime
    level: str
    ratio_bps: int
    threshold_bps: int
    available_assets: int
    tx_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Emergency mode or a pause was switched."""

    at: datetime
    contract: str
    name: str
    is_on: bool
    tx_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """One line of the fee ledger; ``direction`` is ACCRUED or WITHDRAWN."""

    at: datetime
    kind: str
    direction: str
    assets: int
    tx_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An instant for which nobody can say how the fund stood."""

    slot: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything, read in one view of the database."""

    period: Period
    chain_id: int
    chain_name: str
    read_at: datetime
    final_block_number: int | None
    final_block_time: datetime | None
    unapplied_logs: int
    opening: FundPoint | None
    closing: FundPoint | None
    nav_points: list[NavPoint] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    payouts: list[Payout] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    switches: list[Switch] = field(default_factory=list)
    fees: list[Fee] = field(default_factory=list)
    levels: list[LevelPoint] = field(default_factory=list)
    events: list[RiskEvent] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
