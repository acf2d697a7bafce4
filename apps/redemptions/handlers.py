"""What this app does when it hears a fact; thin, like every door."""

from apps.approvals.events import TicketDecided
from apps.chain.events import (
    RedemptionApproved,
    RedemptionCancelled,
    RedemptionRejected,
    RedemptionRequested,
    TransactionFinished,
)
from apps.core import clock

from . import operations


def ask(fact: RedemptionRequested) -> None:
    """Open the ticket of a request that waits for approval."""
    if fact.requires_approval:
        operations.open_ticket_when_current(fact, at=clock.now())


def stop_asking(fact: RedemptionApproved | RedemptionRejected | RedemptionCancelled) -> None:
    """The chain has settled the question."""
    operations.close_ticket(fact, at=clock.now())


def act_on_decision(fact: TicketDecided) -> None:
    """An approved subject starts by itself; so does a rejected one."""
    operations.send_decision(fact)


def note_outcome(fact: TransactionFinished) -> None:
    """Our transaction ended: its ticket shows how."""
    operations.record_outcome(fact)
