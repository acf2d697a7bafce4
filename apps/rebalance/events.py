"""What became of plans. All are published in the transaction that made them true."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFact:
    """Something happened to a plan; amounts are USDT base units."""

    plan_id: int
    chain_id: int
    trigger: str
    amount_assets: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSubmitted(PlanFact):
    """A plan was made. Without ``ticket_id`` nobody has to approve it; ``approval`` says why."""

    ticket_id: int | None
    approval: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBegun(PlanFact):
    """All checks passed and its execution begins."""

    legs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFinished(PlanFact):
    """A leg came to its end: ``status`` is DONE, FAILED or SKIPPED."""

    position: int
    status: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFinished(PlanFact):
    """A plan came to its end: ``status`` is the plan's last, ``outcome`` says why in words."""

    status: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDeviated(PlanFact):
    """After a plan the fund is further from the projection than people accept (bps of total)."""

    deviation_bps: int
