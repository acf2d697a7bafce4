"""From a ticket's outcome to a transaction, and back to the ticket."""

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
from apps.redemptions import queries
from apps.redemptions.models import Redemption, redemption_key
from apps.redemptions.queries.detail import DECISION_KINDS
from apps.redemptions.rules import TICKET_KINDS, Status

from ._common import locked, next_key
from .asking import open_ticket


class NothingToRetry(Refused):
    """There is no decided ticket whose transaction failed."""


@transaction.atomic
def send_decision(fact: TicketDecided) -> None:
    """Start what the ticket decided: the approval, or the rejection with its reason.

    An expiry counts as a rejection: the rule said so. The calls hash to what the votes signed, or
    ``chain`` refuses them.
    """
    ticket = tickets.ticket(fact.ticket_id)
    # No lock: the vote holds the ticket's, and elsewhere a redemption is locked before its ticket.
    row = queries.by_key(redemption_key(ticket.chain_id, int(ticket.subject_id)))
    _send(ticket, row, actor=Actor.system(f"ticket {ticket.pk}"), at=fact.at)


@transaction.atomic
def retry_decision(*, key: str, actor: Actor, at: datetime) -> str:
    """Send a decision again whose transaction failed; return what was done, in words.

    Where the votes no longer carry it (a voter lost the role meanwhile), a new ticket asks again.

    Raises:
        NothingToRetry: no failed decision, or the request does not wait any more.
        approvals.NotTheirs: the actor does not hold the deciding role.
        AlreadySent: a transaction is on its way.
    """
    row = locked(key)
    history = tickets.tickets_for(TICKET_KINDS, row.subject_id, chain_id=row.chain_id)
    ticket = history.first()
    if (
        ticket is None
        or row.status != Status.PENDING_APPROVAL
        or ticket.is_open
        or ticket.execution_status != "FAILED"
    ):
        raise NothingToRetry("No decision about this redemption failed on its way to the chain.")
    approvals.refuse_unless_decider(ticket, actor)
    try:
        _send(ticket, row, actor=actor, at=at)
    except tickets.NotAuthorised:
        number = open_ticket(row, at=at, round_number=history.count() + 1)
        return f"The votes no longer count, so ticket #{number} asks again."
    return "Sent again."


@transaction.atomic
def record_outcome(fact: TransactionFinished) -> None:
    """Show on the ticket what became of its transaction.

    One whose ticket is unknown or undecided ends as well: the log says so.
    """
    if fact.ticket_id is not None:
        approvals.record_transaction(
            ticket_id=fact.ticket_id,
            transaction_id=fact.transaction_id,
            outcome=fact.outcome,
            error=fact.error,
            tx_hash=fact.tx_hash,
            at=fact.at,
        )


def _send(ticket: tickets.Ticket, row: Redemption, *, actor: Actor, at: datetime) -> None:
    approve = ticket.status == "APPROVED"
    call = queries.decision_call(row, approve=approve, reason=ticket.outcome_reason)
    if not approve:
        _bind(ticket.pk, call, actor=actor, at=at)
    chain.submit(
        call=call,
        key=next_key(row, "approve" if approve else "reject", DECISION_KINDS),
        ticket_id=ticket.pk,
        actor=actor,
        at=at,
    )
    approvals.record_execution(
        ticket_id=ticket.pk, status="SENT", error="", tx_hash="", actor=actor, at=at
    )


def _bind(ticket_id: int, call: Call, *, actor: Actor, at: datetime) -> None:
    approvals.bind_rejection(
        ticket_id=ticket_id, calls_hash=chain_queries.calls_hash([call]), actor=actor, at=at
    )
