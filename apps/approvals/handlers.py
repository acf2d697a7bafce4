"""What this app does when it hears a fact; thin, like every door."""

from . import operations
from .events import TicketDecided


def change_rule(fact: TicketDecided) -> None:
    """People have decided about a change of configuration; a rule of approvals is ours."""
    operations.apply_rule(fact)
