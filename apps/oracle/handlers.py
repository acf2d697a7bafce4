"""What this app does when it hears a fact; thin, like every door."""

from apps.approvals.events import TicketDecided

from . import operations


def change_source(fact: TicketDecided) -> None:
    """People have decided about a change of configuration; price sources are ours."""
    operations.apply_source(fact)
