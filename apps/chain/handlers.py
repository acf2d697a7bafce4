"""What this app does when it hears a fact; thin, like every door."""

from apps.approvals.events import TicketDecided

from . import operations


def lift_stop(fact: TicketDecided) -> None:
    """People have decided about a stop."""
    operations.lift(fact)


def change_limits(fact: TicketDecided) -> None:
    """People have decided about a change of configuration; a signer's limits are ours."""
    operations.apply_limits(fact)
