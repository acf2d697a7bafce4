"""What facts make risk do."""

from apps.approvals.events import (
    TicketCancelled,
    TicketDecided,
    TicketEscalated,
    TicketOpened,
    TicketOverdue,
    VoteCast,
)
from apps.chain.events import (
    ContractPaused,
    ContractUnpaused,
    CriticalLiquidityAlert,
    EmergencyModeChanged,
    LowLiquidityAlert,
    TransactionFinished,
)
from apps.core import clock
from apps.rebalance.events import LegFinished, PlanBegun, PlanFinished

from . import operations
from .events import RiskEventOpened, RiskEventResolved, RiskEventWorsened


def judge_soon(_fact: LowLiquidityAlert | CriticalLiquidityAlert | EmergencyModeChanged) -> None:
    """The contracts raised an alarm, or ended one: the level may be another one."""
    operations.ring_for_a_run()


def raise_liquidity_alert(fact: LowLiquidityAlert | CriticalLiquidityAlert) -> None:
    """The contracts' own alert is a risk event."""
    operations.raise_liquidity_alert(fact, at=clock.now())


def raise_mode(fact: EmergencyModeChanged) -> None:
    """So is emergency mode, for as long as it is on."""
    operations.follow_mode(fact, at=clock.now())


def change_policy(fact: TicketDecided) -> None:
    """People decided about a change of configuration; the parameters of risk are ours."""
    operations.apply_policy(fact)


def open_on_critical_alert(fact: CriticalLiquidityAlert) -> None:
    """The contracts say liquidity is critical."""
    operations.hear_critical_alert(fact, at=clock.now())


def follow_emergency_mode(fact: EmergencyModeChanged) -> None:
    """Emergency mode was switched on or off."""
    operations.hear_emergency_mode(fact, at=clock.now())


def follow_switch(fact: ContractPaused | ContractUnpaused) -> None:
    """A contract was paused or unpaused."""
    operations.hear_switch(fact, at=clock.now())


def follow_low_alert(fact: LowLiquidityAlert) -> None:
    """The contracts say liquidity is low."""
    operations.hear_low_alert(fact, at=clock.now())


def act_on_decision(fact: TicketDecided) -> None:
    """An approved emergency ticket starts by itself."""
    operations.act_on_decision(fact)


def note_ticket(
    fact: TicketOpened
    | VoteCast
    | TicketDecided
    | TicketCancelled
    | TicketEscalated
    | TicketOverdue,
) -> None:
    """An emergency ticket got further; the incident's timeline says so."""
    operations.note_ticket(fact)


def note_ticket_of_plan(fact: TicketDecided | TicketCancelled) -> None:
    """A plan that raises liquidity was decided about."""
    operations.note_ticket_of_plan(fact)


def note_outcome(fact: TransactionFinished) -> None:
    """A switch's transaction ended: its ticket and the timeline show how."""
    operations.record_outcome(fact)


def note_plan(fact: PlanBegun | LegFinished | PlanFinished) -> None:
    """A plan that raises liquidity got further."""
    operations.note_plan(fact)


def note_risk_event(fact: RiskEventOpened | RiskEventWorsened | RiskEventResolved) -> None:
    """Something else got worse, or well again, during an incident."""
    operations.note_risk_event(fact)
