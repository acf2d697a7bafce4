"""Sending a decision again that failed on its way: whose that is."""

from apps.accounts import queries as accounts
from apps.approvals.models import Ticket
from apps.core.actor import Actor
from apps.core.errors import NotAllowed


class NotTheirs(NotAllowed):
    """The person does not hold the role that decides this."""


def refuse_unless_decider(ticket: Ticket, actor: Actor) -> None:
    """Let a decision be sent again only by those who might have made it.

    Raises:
        NotTheirs: the actor holds neither the ticket's role nor the one it was passed on to.
    """
    roles = [ticket.role, *([ticket.escalated_to] if ticket.escalated_to else [])]
    if actor.user_id is None or not accounts.user_has_role(actor.user_id, *roles):
        raise NotTheirs(f"Only {' or '.join(roles)} may send this decision again.")
