"""Deciding: one person, one signed vote; the row lock lets one after the other through."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import transaction

from apps.accounts import operations as accounts
from apps.approvals import queries, rules
from apps.approvals.events import TicketDecided, VoteCast
from apps.approvals.models import Ticket, Vote
from apps.approvals.queries.voting import role_sentence, voter
from apps.approvals.rules import Decision, Refusal
from apps.core import bus
from apps.core.actor import Actor
from apps.core.errors import NotAllowed, Refused

from ._common import locked, note


class VoteRefused(Refused):
    """This person may not vote on this ticket (now)."""

    code: ClassVar[str] = "FORBIDDEN"


class TicketClosed(VoteRefused):
    """The ticket has its outcome, or its deadline has passed."""

    code: ClassVar[str] = "CONFLICT"


class AlreadyVoted(VoteRefused):
    """The person has voted on this ticket."""

    code: ClassVar[str] = "CONFLICT"


class MakerCannotCheck(VoteRefused):
    """Nobody decides what they asked for."""


class PartyCannotCheck(VoteRefused):
    """Nobody decides what one of their wallets, now or ever, is a party to."""


class NotYourVote(NotAllowed):
    """Somebody acts with another person's vote."""


class FiguresChanged(Refused):
    """What was shown is not what the ticket is about now."""


_ERRORS: dict[Refusal, type[VoteRefused]] = {
    Refusal.CLOSED: TicketClosed,
    Refusal.LATE: TicketClosed,
    Refusal.MAKER: MakerCannotCheck,
    Refusal.PARTY: PartyCannotCheck,
    Refusal.VOTED: AlreadyVoted,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteToSign:
    """What a wallet is asked to sign, and by when."""

    typed_data: dict[str, Any]
    nonce: str
    expires_at: datetime
    address: str


@transaction.atomic
def prepare_vote(
    *, ticket_id: int, user_id: int, decision: str, reason: str, at: datetime
) -> VoteToSign:
    """The typed vote with a fresh nonce for this person's wallet, if they may vote.

    Raises:
        UnknownDecision, BadReason, TicketNotFound, VoteRefused and its kin.
    """
    said = rules.decision_of(decision)
    reason = rules.clean_reason(said, reason)
    ticket = queries.ticket(ticket_id)
    _role_or_refuse(ticket, user_id, at)
    user, _ = voter(user_id)
    nonce = accounts.issue_nonce(user_id=user_id, purpose=vote_purpose(ticket_id), at=at)
    # Whole seconds, because that is what is signed; never later than the nonce's own end.
    expires_at = (at + timedelta(seconds=settings.SIGNATURE_TTL_SECONDS)).replace(microsecond=0)
    typed_data = queries.vote_payload(
        ticket, decision=said, reason=reason, nonce=nonce, expires_at=expires_at
    )
    return VoteToSign(
        typed_data=typed_data, nonce=nonce, expires_at=expires_at, address=user.wallet_address
    )


def cast_vote(
    *,
    ticket_id: int,
    user_id: int,
    decision: str,
    reason: str,
    facts_hash_shown: str,
    signature: str,
    nonce: str,
    expires_at: datetime,
    actor: Actor,
    at: datetime,
) -> Ticket:
    """:func:`vote` for doors: a contract wallet is asked first, outside the vote's transaction.

    Raises:
        Refused: as :func:`vote`.
    """
    said = rules.decision_of(decision)
    typed_data = queries.vote_payload(
        queries.ticket(ticket_id),
        decision=said,
        reason=rules.clean_reason(said, reason),
        nonce=nonce,
        expires_at=expires_at,
    )
    verdict = accounts.contract_verdict(user_id=user_id, typed_data=typed_data, signature=signature)
    return vote(
        ticket_id=ticket_id,
        user_id=user_id,
        decision=decision,
        reason=reason,
        facts_hash_shown=facts_hash_shown,
        signature=signature,
        nonce=nonce,
        expires_at=expires_at,
        contract_verdict=verdict,
        actor=actor,
        at=at,
    )


@transaction.atomic
def vote(
    *,
    ticket_id: int,
    user_id: int,
    decision: str,
    reason: str,
    facts_hash_shown: str,
    signature: str,
    nonce: str,
    expires_at: datetime,
    contract_verdict: accounts.ContractVerdict | None = None,
    actor: Actor,
    at: datetime,
) -> Ticket:
    """Count one person's signed decision and move the ticket if it now has an outcome.

    Raises:
        UnknownDecision, BadReason: the input makes no sense.
        TicketClosed, AlreadyVoted, MakerCannotCheck, PartyCannotCheck, VoteRefused: this person may
            not vote on this ticket.
        FiguresChanged: the figures shown are not the ticket's, or the subject's are no longer.
        NotYourVote: the actor is not the voter.
        Refused: what ``accounts`` has against the signature (expired, nonce used, wrong signer).
    """
    said = rules.decision_of(decision)
    reason = rules.clean_reason(said, reason)
    if actor.user_id != user_id:
        raise NotYourVote("A vote is cast by the person whose vote it is.")
    ticket = locked(ticket_id)
    role = _role_or_refuse(ticket, user_id, at)
    _refuse_if_changed(ticket, facts_hash_shown)
    user, _ = voter(user_id)
    typed_data = queries.vote_payload(
        ticket, decision=said, reason=reason, nonce=nonce, expires_at=expires_at
    )
    wallet = accounts.consume_signature(
        user_id=user_id,
        purpose=vote_purpose(ticket_id),
        typed_data=typed_data,
        nonce=nonce,
        signature=signature,
        expires_at=expires_at,
        contract_verdict=contract_verdict,
        at=at,
    )
    if wallet.lower() in ticket.party_wallets:
        raise PartyCannotCheck(f"You cannot vote because {Refusal.PARTY}.")
    cast = Vote.objects.create(
        ticket=ticket,
        user_id=user_id,
        username=user.get_username(),
        role=role,
        wallet=wallet,
        decision=said.value,
        reason=reason,
        signature=signature,
        typed_data=typed_data,
        voted_at=at,
    )
    _count(ticket, cast, actor=actor, at=at)
    return ticket


def vote_purpose(ticket_id: int) -> str:
    """What the nonce of a vote on this ticket was issued for."""
    return f"vote:{ticket_id}"


def _role_or_refuse(ticket: Ticket, user_id: int, at: datetime) -> str:
    _, person = voter(user_id)
    refused = rules.refusal(queries.standing_of(ticket, at=at), person)
    if refused is not None:
        why = role_sentence(ticket) if refused is Refusal.ROLE else refused.value
        raise _ERRORS.get(refused, VoteRefused)(f"You cannot vote because {why}.")
    role = rules.voting_role(ticket.role, ticket.escalated_to, person.roles)
    if role is None:
        raise AssertionError("somebody without a role passed")
    return role


def _refuse_if_changed(ticket: Ticket, facts_hash_shown: str) -> None:
    now = queries.current_facts(ticket)
    if now is None or rules.facts_hash(now) != ticket.facts_hash:
        raise FiguresChanged(
            "The subject has changed since the ticket was opened; nobody can vote."
        )
    if facts_hash_shown.lower() != ticket.facts_hash:
        raise FiguresChanged("The figures you were shown are not the ticket's. Reload the page.")


def _count(ticket: Ticket, cast: Vote, *, actor: Actor, at: datetime) -> None:
    """Move the ticket by a vote that has just been written, and tell everybody."""
    before = ticket.status
    if cast.decision == Decision.REJECT:
        ticket.reject(reason=cast.reason, at=at)
    else:
        counted = len(queries.counted_votes(ticket, Decision.APPROVE))
        outcome = rules.after_approval(counted=counted, required=ticket.required_approvals)
        if outcome is rules.Status.APPROVED:
            ticket.approve(at=at)
        elif before == rules.Status.PENDING:
            ticket.approve_partially()
    ticket.save(update_fields=["status", "decided_at", "outcome_reason"])
    note(
        ticket,
        "approved" if cast.decision == Decision.APPROVE else "rejected",
        actor=actor,
        at=at,
        before={"status": before},
        after={
            "status": ticket.status,
            "reason": cast.reason,
            "role": cast.role,
            "wallet": cast.wallet,
        },
    )
    about: dict[str, Any] = {
        "ticket_id": ticket.pk,
        "kind": ticket.kind,
        "subject_id": ticket.subject_id,
        "at": at,
    }
    bus.publish(VoteCast(decision=cast.decision, user_id=cast.user_id, **about))
    if not ticket.is_open:
        bus.publish(TicketDecided(decision=ticket.status, reason=cast.reason, **about))
