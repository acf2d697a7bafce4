"""What a decision authorises, checked again at the moment of acting."""

from datetime import datetime

from django.contrib.auth import get_user_model

from apps.accounts import queries as accounts
from apps.approvals.events import TicketDecided
from apps.approvals.models import Rule, Ticket, Vote
from apps.approvals.rules import (
    NO_CALLS_HASH,
    ZERO_HASH,
    Decision,
    Status,
    auto_approves,
    covered_calls,
    facts_hash,
)
from apps.core.errors import NotAllowed

from .by_rule import why_people_decide
from .tickets import ticket as get_ticket


class NotAuthorised(NotAllowed):
    """The ticket does not allow these calls, or no longer does."""


def authorises(*, ticket_id: int, calls_hash: str, at: datetime) -> None:  # noqa: ARG001
    """Confirm that the ticket's outcome still stands behind exactly these calls.

    An approval needs its quorum of different people who are active, hold the role they voted in and
    are neither maker nor party, each having signed this hash, or facts that list the call as one of
    several. Where the rule approved by itself, its conditions, and those of the rule in force now,
    are compared with the facts again, and the day's sum with the limit now. A rejection, or an
    expiry that the rule rejects, may execute the one call that was bound to it.

    Raises:
        NotAuthorised: it does not.
    """
    ticket = get_ticket(ticket_id)
    if facts_hash(ticket.facts) != ticket.facts_hash:
        raise NotAuthorised(f"The figures of ticket {ticket_id} are not the ones voted on.")
    if ticket.status == Status.APPROVED:
        _approval(ticket, calls_hash)
    elif ticket.status in (Status.REJECTED, Status.EXPIRED):
        _rejection(ticket, calls_hash)
    else:
        raise NotAuthorised(
            f"Ticket {ticket_id} is {ticket.status}, so nothing may be done for it."
        )


def authorised_change(fact: TicketDecided) -> Ticket:
    """The ticket of an approved change that executes no call.

    Raises:
        NotAuthorised: its votes no longer carry it.
    """
    authorises(ticket_id=fact.ticket_id, calls_hash=NO_CALLS_HASH, at=fact.at)
    return get_ticket(fact.ticket_id)


def times_listed(*, ticket_id: int, calls_hash: str) -> int:
    """How often a ticket lists a call; one that lists none stands for its one call, once.

    Raises:
        TicketNotFound.
    """
    listed = get_ticket(ticket_id).facts.get("calls")
    entries = listed if isinstance(listed, list) else []
    return max(sum(str(one["hash"]).lower() == calls_hash.lower() for one in entries), 1)


def counted_votes(ticket: Ticket, decision: Decision) -> list[Vote]:
    """The votes that count now: by active people who still hold the role and are not involved."""
    votes = [vote for vote in ticket.votes.all() if vote.decision == decision]
    people = get_user_model().objects.in_bulk([vote.user_id for vote in votes])
    involved = accounts.user_ids_ever_owning(ticket.party_wallets)
    counted = []
    for vote in votes:
        person = people.get(vote.user_id)
        if person is None or not person.is_active or vote.role not in person.role_names:
            continue
        if vote.user_id == ticket.maker_user_id or vote.user_id in involved:
            continue
        counted.append(vote)
    return counted


def _approval(ticket: Ticket, calls_hash: str) -> None:
    asked = calls_hash.lower()
    if asked != ticket.calls_hash and asked not in covered_calls(ticket.facts):
        raise NotAuthorised(f"Ticket {ticket.pk} approved other calls than these.")
    if ticket.auto_approved_by:
        _approval_by_rule(ticket)
        return
    counted = [
        vote
        for vote in counted_votes(ticket, Decision.APPROVE)
        if _signed(vote, ticket, ticket.calls_hash)
    ]
    if len(counted) < ticket.required_approvals:
        raise NotAuthorised(
            f"Ticket {ticket.pk} needs {ticket.required_approvals} approvals by people who hold the"
            f" role; {len(counted)} of its votes still count.",
            counted=len(counted),
            required=ticket.required_approvals,
        )


def _approval_by_rule(ticket: Ticket) -> None:
    """By the rule of its opening, and by the one in force: people who took that back count."""
    for rule in (
        Rule.objects.filter(kind=ticket.kind, version=ticket.rule_version).first(),
        Rule.objects.filter(kind=ticket.kind, active=True).first(),
    ):
        if rule is None or auto_approves(rule.auto_approve, ticket.facts) is None:
            raise NotAuthorised(f"No rule approves ticket {ticket.pk} without people.")
    if ticket.decided_at is None:
        raise AssertionError("an approved ticket without the time of its approval")
    # The same tickets as were counted at its opening: numbers are given in the order of the lock.
    why = why_people_decide(
        kind=ticket.kind,
        chain_id=ticket.chain_id,
        amount=ticket.amount,
        at=ticket.decided_at,
        before_id=ticket.pk,
    )
    if why:
        raise NotAuthorised(f"No rule approves ticket {ticket.pk} without people. {why}")


def _rejection(ticket: Ticket, calls_hash: str) -> None:
    if not ticket.rejection_calls_hash or calls_hash.lower() != ticket.rejection_calls_hash:
        raise NotAuthorised(f"The rejection of ticket {ticket.pk} is not bound to these calls.")
    if ticket.status == Status.EXPIRED:
        return  # the rule decided
    rejections = counted_votes(ticket, Decision.REJECT)
    if not any(_signed(vote, ticket, ZERO_HASH) for vote in rejections):
        raise NotAuthorised(f"Who rejected ticket {ticket.pk} no longer holds the role.")


def _signed(vote: Vote, ticket: Ticket, calls_hash: str) -> bool:
    message = vote.typed_data["message"]
    return bool(message["callsHash"] == calls_hash and message["factsHash"] == ticket.facts_hash)
