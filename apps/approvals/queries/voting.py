"""Who may vote on a ticket, who may not and why, and what a vote signs."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model

from apps.accounts import queries as accounts
from apps.approvals.models import Ticket
from apps.approvals.rules import Decision, Refusal, Standing, Voter, refusal, vote_typed_data
from apps.core import errors

from .tickets import open_tickets


class NoSuchPerson(errors.NotFound):
    """There is no such user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoterState:
    """One person's place in a ticket's progress."""

    user_id: int
    name: str
    wallet: str | None


def standing_of(ticket: Ticket, *, at: datetime) -> Standing:
    """What matters about the ticket for the question who may vote."""
    parties = accounts.user_ids_ever_owning(ticket.party_wallets)
    return _standing(ticket, parties, set(ticket.votes.values_list("user_id", flat=True)), at=at)


def _standing(
    ticket: Ticket, party_user_ids: AbstractSet[int], voter_ids: AbstractSet[int], *, at: datetime
) -> Standing:
    return Standing(
        is_open=ticket.is_open,
        is_late=ticket.auto_reject and at >= ticket.deadline_at,
        role=ticket.role,
        escalated_to=ticket.escalated_to,
        maker_user_id=ticket.maker_user_id,
        party_user_ids=frozenset(party_user_ids),
        voter_ids=frozenset(voter_ids),
    )


def why_cannot_vote(ticket: Ticket, user: Any, *, at: datetime) -> str | None:
    """The end of "You cannot vote because …"; None when this person may vote."""
    refused = refusal(standing_of(ticket, at=at), _voter(user))
    if refused is Refusal.ROLE:
        return role_sentence(ticket)
    return refused.value if refused else None


def role_sentence(ticket: Ticket) -> str:
    """Which role decides, and from when the next one may."""
    needs = f"this ticket is decided by the role {ticket.role}"
    if ticket.escalated_to:
        return f"{needs} or, since it was escalated, {ticket.escalated_to}"
    return f"{needs}; {ticket.escalation_role} may vote once it has been escalated"


def voter(user_id: int) -> tuple[Any, Voter]:
    """A person, read now, and what matters about them as a voter.

    Raises:
        NoSuchPerson: there is none with this number.
    """
    user = get_user_model().objects.filter(pk=user_id).first()
    if user is None:
        raise NoSuchPerson("There is no such user.")
    return user, _voter(user)


def may_still_vote(ticket: Ticket, *, at: datetime) -> list[VoterState]:
    """Everyone whose vote would be accepted now."""
    standing = standing_of(ticket, at=at)
    roles = [ticket.role, *([ticket.escalated_to] if ticket.escalated_to else [])]
    people = accounts.users_with_role(*roles)
    return [
        VoterState(user_id=user.pk, name=user.display_name, wallet=user.wallet_address)
        for user in people
        if refusal(standing, _voter(user)) is None
    ]


def waiting_for(user_id: int, *, at: datetime | None = None) -> list[Ticket]:
    """The open tickets on which this person may vote, the most urgent first.

    ``at`` leaves out those whose deadline has passed for good.
    """
    user, person = voter(user_id)
    if not person.is_active:
        return []
    tickets = [
        ticket
        for ticket in open_tickets().exclude(votes__user_id=user.pk)
        if {ticket.role, ticket.escalated_to} & person.roles
    ]
    owners = accounts.owners_ever(wallet for ticket in tickets for wallet in ticket.party_wallets)
    mine: list[Ticket] = []
    for ticket in tickets:
        parties = set[int]().union(*(owners.get(wallet, ()) for wallet in ticket.party_wallets))
        # Who has voted is not among them, so nobody else's vote matters here.
        standing = _standing(ticket, parties, set(), at=at or ticket.opened_at)
        if refusal(standing, person) is None:
            mine.append(ticket)
    return mine


def vote_payload(
    ticket: Ticket, *, decision: Decision, reason: str, nonce: str, expires_at: datetime
) -> dict[str, Any]:
    """The EIP-712 Vote for this decision of this ticket."""
    return vote_typed_data(
        chain_id=ticket.chain_id,
        ticket_id=ticket.pk,
        decision=decision,
        subject=ticket.title,
        facts_hash=ticket.facts_hash,
        calls_hash=ticket.calls_hash,
        rule_version=ticket.rule_version,
        reason=reason,
        nonce=nonce,
        expires_at=expires_at,
    )


def _voter(user: Any) -> Voter:
    return Voter(
        user_id=user.pk,
        is_active=user.is_active,
        roles=user.role_names,
        has_wallet=bool(user.wallet_address),
    )
