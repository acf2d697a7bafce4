"""What this app does when it hears a decision, or the end of what it sent; thin, like a door."""

from apps.approvals.events import TicketDecided
from apps.chain.events import TransactionFinished

from . import operations


def act_on_decision(fact: TicketDecided) -> None:
    """An approved withdrawal, listing or change starts by itself."""
    operations.act_on_decision(fact)


def note_outcome(fact: TransactionFinished) -> None:
    """Our transaction ended: its ticket shows how."""
    operations.record_outcome(fact)
