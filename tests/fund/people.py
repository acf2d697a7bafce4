"""People who ask and decide about the fund, and how they vote."""

from apps.approvals import operations as approvals
from apps.approvals.models import Ticket
from apps.core import clock
from tests.accounts.people import Person, person, sign_typed_data
from tests.approvals.helpers import seed_rules


def team() -> list[Person]:
    """Four administrators, one of whom may ask, and the rules by which they decide."""
    seed_rules()
    return [person("ADMIN") for _ in range(4)]


def decide(
    who: Person,
    ticket_id: int,
    decision: str = "APPROVE",
    reason: str = "",
) -> Ticket:
    """Sign and vote as the ticket's page does."""
    at = clock.now()
    ticket = Ticket.objects.get(pk=ticket_id)
    wanted = approvals.prepare_vote(
        ticket_id=ticket.pk, user_id=who.id, decision=decision, reason=reason, at=at
    )
    return approvals.cast_vote(
        ticket_id=ticket.pk,
        user_id=who.id,
        decision=decision,
        reason=reason,
        facts_hash_shown=ticket.facts_hash,
        signature=sign_typed_data(who, wanted.typed_data),
        nonce=wanted.nonce,
        expires_at=wanted.expires_at,
        actor=who.actor,
        at=at,
    )
