"""What an incident report is built from, as plain values. Amounts are base units of USDT."""

from dataclasses import dataclass, field
from datetime import datetime

from apps.reports.rules import Period

from .inputs import Alert, Payout, Request, Subscription, Switch
from .risk_inputs import History, LevelPoint, RiskEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the timeline."""

    at: datetime
    kind: str
    text: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of the checklist; nobody has seen to it while ``done_at`` is None."""

    title: str
    done_at: datetime | None
    done_by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something the incident asked for: a switch by a ticket, or a plan that raises liquidity."""

    at: datetime
    title: str
    ticket_id: int | None
    plan_id: int | None
    state: str
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """How somebody voted on a ticket."""

    at: datetime
    voter: str
    decision: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionTicket:
    """A ticket of the incident with its votes."""

    id: int
    title: str
    status: str
    required_approvals: int
    opened_at: datetime
    decided_at: datetime | None
    outcome: str
    votes: tuple[Vote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A transaction that carried an action out."""

    id: int
    sentence: str
    status: str
    tx_hash: str
    finished_at: datetime | None
    gas_used: int | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLeg:
    """A trade of a plan. ``slippage_bps`` is None until it is done."""

    position: int
    sentence: str
    status: str
    planned_assets: int
    realised_assets: int | None
    slippage_bps: int | None
    expected_gas_assets: int
    gas_used: int | None
    tx_hash: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationPlan:
    """A plan that was to raise liquidity. ``raised_assets`` is what its sales brought, None before
    the first; ``slippage_assets`` is what its trades lost against the
    prices of planning, negative for a gain; None before the first trade."""

    id: int
    status: str
    reason: str
    outcome: str
    planned_assets: int
    raised_assets: int | None
    slippage_assets: int | None
    legs: tuple[PlanLeg, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to ask to buy an asset off the market."""

    symbol: str
    issuer: str
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something people were told: what about, over which channels, to how many, how many failed."""

    at: datetime
    subject: str
    severity: str
    channels: tuple[str, ...]
    sent: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentInputs:
    """Everything, read in one view of the database. ``figures`` are how the fund stood when the
    incident was opened: labels with base units, None where unknown."""

    period: Period
    chain_id: int
    chain_name: str
    read_at: datetime
    incident_id: int
    cause: str
    summary: str
    phase: str
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str
    lessons: str
    gap_assets: int | None
    gap_words: str
    final_block_number: int | None
    final_block_time: datetime | None
    unapplied_logs: int
    figures: list[tuple[str, int | None]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    checklist: list[Tick] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    tickets: list[ActionTicket] = field(default_factory=list)
    transactions: list[Carried] = field(default_factory=list)
    plans: list[LiquidationPlan] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    levels: list[LevelPoint] = field(default_factory=list)
    history: list[History] = field(default_factory=list)
    events: list[RiskEvent] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    payouts: list[Payout] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    switches: list[Switch] = field(default_factory=list)
