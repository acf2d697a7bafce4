"""From a decided ticket about the fund to its call, and back to the ticket."""

from datetime import datetime

from django.db import transaction

from apps.accounts import queries as accounts
from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.approvals.events import TicketDecided
from apps.chain import operations as chain
from apps.chain import queries as chain_queries
from apps.chain.calls import AddAsset
from apps.chain.events import TransactionFinished
from apps.core.actor import Actor
from apps.core.errors import NotAllowed, Refused
from apps.core.locks import transaction_lock
from apps.fund.queries.calls import call_of
from apps.fund.queries.proposals import facts_now
from apps.fund.rules.tickets import is_ours

from .terms import keep_terms

_MINED = frozenset({"FINAL", "MISMATCH"})
"""A transaction that ended so had an effect; what it was not, people must look at first."""


class NothingToRetry(Refused):
    """The ticket's transaction did not fail, or what it decided no longer fits."""


class AlreadySent(Refused):
    """A transaction of this ticket is on its way, or was mined; another might pay twice."""


class NotTheirs(NotAllowed):
    """The person does not hold the role that decides this."""


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
        NotTheirs: the actor does not hold the deciding role.
        AlreadySent: somebody sent its transaction again from the chain's page.
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
    roles = [ticket.role, *([ticket.escalated_to] if ticket.escalated_to else [])]
    if actor.user_id is None or not accounts.user_has_role(actor.user_id, *roles):
        raise NotTheirs(f"Only {' or '.join(roles)} may send this decision again.")
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
    """Queue the ticket's call; each attempt after a failed one has a key of its own."""
    call = call_of(ticket)
    if call is None:
        raise NothingToRetry(f"Ticket {ticket.pk} sends nothing.")
    attempts = [
        one
        for one in chain_queries.transactions(ticket.chain_id, [call.kind], call.subject_id)
        if one.ticket_id == ticket.pk
    ]
    for one in attempts:
        if one.finished_at is None:
            raise AlreadySent(f"“{one.sentence}” is on its way ({one.status.lower()}).")
        if one.status in _MINED:
            raise AlreadySent(f"“{one.sentence}” was mined ({one.status.lower()}).")
    base = f"fund:{ticket.chain_id}:ticket:{ticket.pk}"
    chain.submit(
        call=call,
        key=f"{base}:{len(attempts) + 1}" if attempts else base,
        ticket_id=ticket.pk,
        actor=actor,
        at=at,
    )
    approvals.record_execution(ticket_id=ticket.pk, status="SENT", actor=actor, at=at)
