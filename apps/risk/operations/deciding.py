"""From a decided emergency ticket to its calls, and from their end back to the ticket."""

from datetime import datetime

from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.approvals.events import TicketDecided
from apps.chain import operations as chain
from apps.chain import queries as chain_queries
from apps.chain.calls import Call
from apps.chain.events import TransactionFinished
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.core.locks import transaction_lock
from apps.risk.queries.switches import is_settled
from apps.risk.rules.protocol import TicketCause
from apps.risk.rules.switches import (
    EMERGENCY_MODE,
    PROTOCOL_SUBJECT,
    calls_of,
    is_ours,
    thrown_by,
)

from . import incidents, timeline


class NothingToRetry(Refused):
    """The ticket's transactions did not fail, or what it decided no longer fits."""


class PeopleDecide(Refused):
    """A rule may stop something by itself; what lets it go again, and what somebody asks for by
    hand, people decide."""


@transaction.atomic
def act_on_decision(fact: TicketDecided) -> None:
    """Do what an approved emergency ticket says; other tickets are not ours.

    Raises:
        approvals.NotAuthorised: the votes no longer carry it.
        PeopleDecide: a rule approved to let something go, or what somebody asked for by hand.
    """
    if fact.decision != "APPROVED" or not is_ours(fact.subject_id):
        return
    ticket = tickets.ticket(fact.ticket_id)
    if ticket.auto_approved_by:
        _refuse_unless_ruled(ticket)
    if fact.subject_id == PROTOCOL_SUBJECT:
        incidents.open_incident(
            cause=TicketCause.BY_HAND,
            summary=str(ticket.facts["reason"]),
            actor=Actor(kind="user", name=ticket.requester_name, user_id=ticket.maker_user_id),
            at=fact.at,
            also=ticket.pk,
        )
    calls = _still_needed(ticket)
    if calls:
        _send(ticket, calls, at=fact.at)
    else:
        approvals.record_execution(ticket_id=ticket.pk, status="DONE", at=fact.at)


@transaction.atomic
def retry_decision(*, ticket_id: int, actor: Actor, at: datetime) -> None:
    """Send again what failed of an approved emergency ticket's calls.

    Raises:
        TicketNotFound.
        NothingToRetry: nothing failed, or the switches stand so meanwhile.
        approvals.NotTheirs: the actor does not hold the deciding role.
        chain.AlreadySent: somebody sent it again from the chain's page.
        approvals.NotAuthorised: the votes no longer carry it.
    """
    transaction_lock(f"risk:ticket:{ticket_id}")
    ticket = tickets.ticket(ticket_id)
    if (
        ticket.kind != EMERGENCY_MODE
        or not is_ours(ticket.subject_id)
        or ticket.status != "APPROVED"
        or ticket.execution_status != "FAILED"
    ):
        raise NothingToRetry(f"Nothing of ticket {ticket_id} failed on its way to the chain.")
    approvals.refuse_unless_decider(ticket, actor)
    _send(ticket, _failed(ticket), at=at)


@transaction.atomic
def record_outcome(fact: TransactionFinished) -> None:
    """Show on an emergency ticket what became of its calls: done once all are, failed when one is.

    The timeline of the open incident names the transaction, whoever asked for it.
    """
    ticket = _ours(fact.ticket_id)
    if ticket is None:
        return
    (sent,) = chain_queries.transactions_by_id([fact.transaction_id]).values()
    how = "final" if fact.outcome == "FINAL" else f"{fact.outcome.lower()}: {fact.error}"
    timeline.note_in_open(
        ticket.chain_id,
        "CHAIN",
        f"{sent.sentence}: transaction {how}",
        actor=Actor.system("sender"),
        at=fact.at,
        reference={"ticket": ticket.pk, "transaction": fact.transaction_id, "tx": fact.tx_hash},
    )
    calls = calls_of(ticket.facts, chain_id=ticket.chain_id)
    attempts = [chain_queries.transactions_of_ticket(ticket.pk, call) for call in calls]
    newest = [one[-1] for one in attempts if one]  # what was so already was not sent
    bad = next((one for one in newest if one.finished_at and one.status != "FINAL"), None)
    if bad is None and any(one.finished_at is None for one in newest):
        return  # the others are on their way
    approvals.record_transaction(
        ticket_id=ticket.pk,
        transaction_id=fact.transaction_id,
        outcome=bad.status if bad else fact.outcome,
        error=bad.error if bad else fact.error,
        tx_hash=bad.tx_hash if bad else fact.tx_hash,
        at=fact.at,
    )


def _refuse_unless_ruled(ticket: tickets.Ticket) -> None:
    """However wide the rule's conditions are: nobody acts alone through it."""
    if not all(on for _, on in thrown_by(ticket.facts)):
        raise PeopleDecide("No rule lets go by itself what an emergency stopped.")
    if ticket.maker_user_id is not None or ticket.facts["cause"] == TicketCause.BY_HAND:
        raise PeopleDecide("No rule approves by itself what somebody asks for by hand.")


def _send(ticket: tickets.Ticket, calls: list[Call], *, at: datetime) -> None:
    """Queue calls of the ticket."""
    actor = Actor.system(f"ticket {ticket.pk}")
    for call in calls:
        chain.submit_decided(
            call=call,
            base_key=f"risk:{ticket.chain_id}:ticket:{ticket.pk}:{call.kind}",
            ticket_id=ticket.pk,
            actor=actor,
            at=at,
        )
    approvals.record_execution(ticket_id=ticket.pk, status="SENT", actor=actor, at=at)


def _failed(ticket: tickets.Ticket) -> list[Call]:
    """Those of its calls that were sent in vain and would still do something."""
    needed = _still_needed(ticket)
    if not needed:
        raise NothingToRetry(f"What ticket {ticket.pk} decided is so already.")
    sent = [call for call in needed if chain_queries.transactions_of_ticket(ticket.pk, call)]
    if not sent:
        raise NothingToRetry(f"Nothing of ticket {ticket.pk} failed on its way to the chain.")
    return sent


def _still_needed(ticket: tickets.Ticket) -> list[Call]:
    """Its calls, without those whose switch stands so, or is about to."""
    chain_id = ticket.chain_id
    return [
        switch.call(chain_id=chain_id, on=on)
        for switch, on in thrown_by(ticket.facts)
        if not is_settled(switch, on=on, chain_id=chain_id)
    ]


def _ours(ticket_id: int | None) -> tickets.Ticket | None:
    if ticket_id is None:
        return None
    try:
        ticket = tickets.ticket(ticket_id)
    except tickets.TicketNotFound:
        return None
    return ticket if ticket.kind == EMERGENCY_MODE and is_ours(ticket.subject_id) else None
