"""From a decided ticket about the fund to its call, and back to the ticket."""

from datetime import datetime

from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.approvals.events import TicketDecided
from apps.chain import operations as chain
from apps.chain.calls import AddAsset
from apps.chain.events import TransactionFinished
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.core.locks import transaction_lock
from apps.fund.queries.calls import call_of
from apps.fund.queries.proposals import facts_now
from apps.fund.rules.tickets import is_ours

from .terms import keep_terms


class NothingToRetry(Refused):
    """The ticket's transaction did not fail, or what it decided no longer fits."""


@transaction.atomic
def act_on_decision(fact: TicketDecided) -> None:
    """Do what an approved ticket about the fund says; tickets about anything else are not ours.

    Raises:
        approvals.NotAuthorised: the votes no longer carry it.
    """
    if fact.decision != "APPROVED" or not is_ours(fact.kind, fact.subject_id):
        return
    ticket = tickets.ticket(fact.ticket_id)
    actor = Actor.system(f"ticket {ticket.pk}")
    if call_of(ticket) is not None:
        _send(ticket, actor=actor, at=fact.at)
        return
    keep_terms(tickets.authorised_change(fact), at=fact.at)
    approvals.record_execution(ticket_id=ticket.pk, status="DONE", actor=actor, at=fact.at)


@transaction.atomic
def retry_decision(*, ticket_id: int, actor: Actor, at: datetime) -> None:
    """Send what a ticket decided again, when its transaction failed.

    Raises:
        TicketNotFound.
        NothingToRetry: it did not fail, or its figures no longer hold: it must be asked anew.
        approvals.NotTheirs: the actor does not hold the deciding role.
        chain.AlreadySent: somebody sent its transaction again from the chain's page.
        approvals.NotAuthorised: the votes no longer carry it.
    """
    transaction_lock(f"fund:ticket:{ticket_id}")
    ticket = tickets.ticket(ticket_id)
    if (
        not is_ours(ticket.kind, ticket.subject_id)
        or ticket.status != "APPROVED"
        or ticket.execution_status != "FAILED"
    ):
        raise NothingToRetry(f"Nothing of ticket {ticket_id} failed on its way to the chain.")
    approvals.refuse_unless_decider(ticket, actor)
    if facts_now(ticket) is None:
        raise NothingToRetry(
            f"What ticket {ticket_id} decided no longer fits the fund. Ask for it anew."
        )
    _send(ticket, actor=actor, at=at)


@transaction.atomic
def record_outcome(fact: TransactionFinished) -> None:
    """Show on the ticket what became of its transaction; a listed asset gets its terms.

    One whose ticket is unknown or undecided ends as well: the log says so, and no terms are kept.
    """
    if fact.ticket_id is None:
        return
    shown = approvals.record_transaction(
        ticket_id=fact.ticket_id,
        transaction_id=fact.transaction_id,
        outcome=fact.outcome,
        error=fact.error,
        tx_hash=fact.tx_hash,
        at=fact.at,
    )
    if shown and fact.outcome == "FINAL" and fact.kind == AddAsset.kind:
        ticket = tickets.ticket(fact.ticket_id)
        if is_ours(ticket.kind, ticket.subject_id):
            keep_terms(ticket, at=fact.at)


def _send(ticket: tickets.Ticket, *, actor: Actor, at: datetime) -> None:
    """Queue the ticket's call."""
    call = call_of(ticket)
    if call is None:
        raise NothingToRetry(f"Ticket {ticket.pk} sends nothing.")
    chain.submit_decided(
        call=call,
        base_key=f"fund:{ticket.chain_id}:ticket:{ticket.pk}",
        ticket_id=ticket.pk,
        actor=actor,
        at=at,
    )
    approvals.record_execution(ticket_id=ticket.pk, status="SENT", actor=actor, at=at)
