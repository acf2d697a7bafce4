"""People who ask and decide about the fund, and how they vote."""

from apps.approvals.models import Ticket
from apps.core import clock
from tests.accounts.people import Person, person
from tests.approvals import helpers


def team() -> list[Person]:
    """Four administrators, one of whom may ask, and the rules by which they decide."""
    helpers.seed_rules()
    return [person("ADMIN") for _ in range(4)]


def decide(
    who: Person,
    ticket_id: int,
    decision: str = "APPROVE",
    reason: str = "",
) -> Ticket:
    """Sign and vote as the ticket's page does."""
    ticket = Ticket.objects.get(pk=ticket_id)
    return helpers.decide(who, ticket, decision, reason, at=clock.now())
