"""The emergency protocol: its phases by time, what is asked again, the gap, what people see to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from apps.core.units import format_amount

from .figures import Unit
from .life import Phase
from .words import limit_text

ALARM_FOR = timedelta(minutes=5)
PEOPLE_AFTER = timedelta(minutes=30)
"""Both count from when the incident was opened."""

ASKED_MAX = 3
"""How often one thing is asked for in one emergency: once, and twice more."""


class TicketCause(StrEnum):
    """Why a switch is asked to be thrown; frozen in the ticket, where a rule may look at it."""

    ALERT = "CriticalLiquidityAlert"
    SWITCHED = "EmergencyModeChanged"
    LEVEL_CRITICAL = "LEVEL_CRITICAL"
    LEVEL_HIGH = "LEVEL_HIGH"
    BY_HAND = "BY_HAND"
    RECOVERY = "RECOVERY"


IN_WORDS = {
    TicketCause.ALERT: "the contracts raised a critical liquidity alert",
    TicketCause.SWITCHED: "the vault's emergency mode was switched on",
    TicketCause.LEVEL_CRITICAL: "the level of risk is CRITICAL",
    TicketCause.LEVEL_HIGH: "the level of risk is HIGH",
    TicketCause.BY_HAND: "somebody asked for it",
    TicketCause.RECOVERY: "the fund has been calm again for the set time",
}


def sentence_of(cause: TicketCause) -> str:
    """Why a ticket was opened, by itself as a sentence."""
    words = IN_WORDS[cause]
    return f"{words[0].upper()}{words[1:]}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something people see to, and what is meant by it."""

    title: str
    help: str


CHECKLIST: Sequence[Task] = (
    Task(
        title="Crisis meeting held",
        help="Who took part, what was decided, when you meet again: write it into the note.",
    ),
    Task(
        title="Pausing redemptions decided",
        help="Whether new standard redemptions stay paused, and until when. Emergency requests go "
        "on whatever is decided here.",
    ),
    Task(
        title="Announcement to holders decided",
        help="What holders are told and where, or why nothing is announced.",
    ),
    Task(
        title="Auditor notified",
        help="Who was told, by which way, and when.",
    ),
    Task(
        title="Regulator notified",
        help="Who was told, by which way, and when; or why no notice is due.",
    ),
    Task(
        title="OTC counterparties of L3 called",
        help="What they would buy, at which price, and by when they pay.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How much cash is missing (USDT base units), and how that was worked out, in words."""

    assets: int
    formula: str


def gap_of(
    *, gross: int, liquid: int, available: int, liability: int, coverage: Decimal, least: Decimal
) -> Gap:
    """What has to be raised: what covering all that is owed takes beyond what is available, or what
    L1 + L2 lack of their least share of gross assets, whichever is more; rounded up.

    Args:
        gross, liquid, available, liability: USDT base units; ``liquid`` is L1 + L2, ``available``
            what the contracts could pay from.
        coverage: how often what is owed should be covered, below which the level is HIGH.
        least: the share of gross assets below which L1 + L2 make the level CRITICAL.
    """
    beyond = max(0, _ceil(liability, coverage) - available)
    lacking = max(0, _ceil(gross, least) - liquid)
    owed = (
        f"{limit_text(coverage, Unit.SHARE)} of {format_amount(liability)} USDT owed less "
        f"{format_amount(available)} USDT available is {format_amount(beyond)} USDT"
    )
    share = (
        f"{limit_text(least, Unit.SHARE)} of {format_amount(gross)} USDT gross less "
        f"{format_amount(liquid)} USDT in L1 + L2 is {format_amount(lacking)} USDT"
    )
    return Gap(
        assets=max(beyond, lacking),
        formula=f"The larger of two, at least 0: {owed}; {share}.",
    )


def phase_due(*, phase: Phase, opened_at: datetime, stops_settled: bool, at: datetime) -> Phase:
    """The phase that follows by the clock or by fact, or the same.

    The alarm ends after five minutes, or as soon as everything it stops is stopped.
    """
    age = at - opened_at
    if phase is Phase.ALARM and (age >= ALARM_FOR or stops_settled):
        return Phase.LIQUIDITY
    if phase is Phase.LIQUIDITY and age >= PEOPLE_AFTER:
        return Phase.PEOPLE
    return phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An earlier ticket about the same: how it ended, and when; if it did not, since when it is
    open."""

    status: str
    at: datetime


def may_ask(earlier: Sequence[Asked], *, since: datetime) -> bool:
    """Whether to ask now, in an emergency that began at ``since``.

    Not while a ticket is open, not against what people decided, and not more than three times: what
    expired, or lost its subject, is asked again.
    """
    if any(one.status in ("PENDING", "PARTIALLY_APPROVED") for one in earlier):
        return False
    ours = [one for one in earlier if one.at >= since]
    decided = any(one.status in ("APPROVED", "REJECTED") for one in ours)
    return not decided and len(ours) < ASKED_MAX


def may_plan(statuses: Sequence[str], *, again_when_done: bool) -> bool:
    """Whether to ask rebalancing for a plan, after these ended (or not) in the same emergency.

    Not while one is open, not against people who rejected or cancelled one, and not more than three
    times in vain.

    Args:
        again_when_done: whether one that was executed leaves something to ask for.
    """
    if "CANCELLED" in statuses or any(one in _PLAN_OPEN for one in statuses):
        return False
    if not again_when_done and any(one in _PLAN_EXECUTED for one in statuses):
        return False
    return sum(one in _PLAN_IN_VAIN for one in statuses) < ASKED_MAX


_PLAN_OPEN = ("DRAFT", "PENDING_APPROVAL", "APPROVED", "EXECUTING")
_PLAN_EXECUTED = ("COMPLETED", "PARTIALLY_COMPLETED")
_PLAN_IN_VAIN = ("EXPIRED", "FAILED")


def _ceil(assets: int, times: Decimal) -> int:
    return int((assets * times).to_integral_value(rounding=ROUND_CEILING))
