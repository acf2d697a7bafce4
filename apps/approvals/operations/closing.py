"""Withdrawing a question, and writing down what became of a decision."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from apps.approvals.events import TicketCancelled
from apps.approvals.models import Ticket
from apps.approvals.queries import TicketNotFound
from apps.approvals.rules import OPEN, Decision, Execution, Status, clean_reason
from apps.audit import operations as audit
from apps.core import bus
from apps.core.actor import Actor
from apps.core.errors import NotAllowed, Refused

from ._common import locked, note
from .voting import TicketClosed


class CannotCancel(NotAllowed):
    """Only who asked may withdraw a question, and not where the subject must be withdrawn."""


class AlreadyBound(Refused):
    """The rejection is bound to other calls."""


@transaction.atomic
def cancel(*, ticket_id: int, reason: str, actor: Actor, at: datetime) -> Ticket:
    """Withdraw a ticket, by the person who asked.

    Raises:
        TicketClosed: it has its outcome.
        CannotCancel: the actor is not the requester, or the rule does not let them.
        BadReason: no reason, or not text.
    """
    reason = clean_reason(Decision.REJECT, reason)
    ticket = locked(ticket_id)
    if not ticket.is_open:
        raise TicketClosed(f"Ticket {ticket_id} is {ticket.status.lower()} already.")
    if ticket.maker_user_id is None or ticket.maker_user_id != actor.user_id:
        raise CannotCancel("Only the person who asked can cancel a ticket.")
    if not ticket.maker_may_cancel:
        raise CannotCancel(
            "This ticket ends when its subject is withdrawn on chain, or is decided."
        )
    _cancel(ticket, reason=reason, actor=actor, at=at)
    return ticket


@transaction.atomic
def cancel_for_subject(
    *,
    kinds: Collection[str],
    subject_id: str,
    reason: str,
    actor: Actor,
    at: datetime,
    chain_id: int | None = None,
) -> int:
    """Close the open tickets of a subject that is gone or decided elsewhere; return how many."""
    tickets = Ticket.objects.select_for_update().filter(
        kind__in=kinds, subject_id=subject_id, status__in=OPEN
    )
    if chain_id is not None:
        tickets = tickets.filter(chain_id=chain_id)
    count = 0
    for ticket in tickets.order_by("id"):
        _cancel(ticket, reason=reason, actor=actor, at=at)
        count += 1
    return count


def _cancel(ticket: Ticket, *, reason: str, actor: Actor, at: datetime) -> None:
    before = ticket.status
    ticket.cancel(reason=reason, at=at)
    ticket.save(update_fields=["status", "decided_at", "outcome_reason"])
    note(
        ticket,
        "cancelled",
        actor=actor,
        at=at,
        before={"status": before},
        after={"status": ticket.status, "reason": reason},
    )
    bus.publish(
        TicketCancelled(
            ticket_id=ticket.pk,
            kind=ticket.kind,
            subject_id=ticket.subject_id,
            reason=reason,
            at=at,
        )
    )


@transaction.atomic
def bind_rejection(*, ticket_id: int, calls_hash: str, at: datetime, actor: Actor) -> None:
    """Name the calls that a rejection (or an expiry that rejects) executes; once.

    Raises:
        TicketClosed: the ticket was not rejected.
        AlreadyBound: it is bound to other calls.
    """
    ticket = locked(ticket_id)
    if ticket.status not in (Status.REJECTED, Status.EXPIRED):
        raise TicketClosed(f"Ticket {ticket_id} is {ticket.status.lower()}, not rejected.")
    if ticket.rejection_calls_hash == calls_hash.lower():
        return
    if ticket.rejection_calls_hash:
        raise AlreadyBound(f"The rejection of ticket {ticket_id} is bound to other calls.")
    ticket.rejection_calls_hash = calls_hash.lower()
    ticket.save(update_fields=["rejection_calls_hash"])
    note(ticket, "bound", actor=actor, at=at, after={"rejection_calls_hash": calls_hash.lower()})


@transaction.atomic
def record_execution(
    *,
    ticket_id: int,
    status: str,
    at: datetime,
    error: str = "",
    tx_hash: str = "",
    actor: Actor | None = None,
) -> Ticket:
    """Write down what became of the decided action: SENT, DONE or FAILED with its reason.

    Raises:
        TicketClosed: the ticket was not decided, so nothing can have been executed.
        ValueError: the status is not an execution's.
    """
    outcome = Execution(status)
    ticket = locked(ticket_id)
    if ticket.status not in (Status.APPROVED, Status.REJECTED, Status.EXPIRED):
        raise TicketClosed(f"Ticket {ticket_id} is {ticket.status.lower()}: nothing is executed.")
    before = ticket.execution_status
    if (before, ticket.execution_error, ticket.execution_tx_hash) == (outcome, error, tx_hash):
        return ticket
    ticket.execution_status = outcome.value
    ticket.execution_error = error
    ticket.execution_tx_hash = tx_hash
    ticket.executed_at = at if outcome in (Execution.DONE, Execution.FAILED) else None
    ticket.save(
        update_fields=[
            "execution_status",
            "execution_error",
            "execution_tx_hash",
            "executed_at",
        ]
    )
    note(
        ticket,
        "executed",
        actor=actor or Actor.system("sender"),
        at=at,
        before={"execution": before},
        after={"execution": outcome.value, "error": error, "tx_hash": tx_hash},
    )
    return ticket


@transaction.atomic
def record_transaction(
    *, ticket_id: int, transaction_id: int, outcome: str, error: str, tx_hash: str, at: datetime
) -> bool:
    """Show on a ticket what became of its transaction: done where ``outcome`` is FINAL, else failed
    with the reason.

    False where the ticket is unknown or undecided. Then the log says so: the transaction ended all
    the same, and nothing may hold up its end.
    """
    done = outcome == "FINAL"
    try:
        record_execution(
            ticket_id=ticket_id,
            status="DONE" if done else "FAILED",
            error="" if done else error or outcome.lower(),
            tx_hash=tx_hash,
            at=at,
        )
    except (TicketNotFound, TicketClosed) as refused:
        audit.record(
            actor=Actor.system("sender"),
            action="OUTCOME",
            object_type="transaction",
            object_id=str(transaction_id),
            after={"ticket": ticket_id, "outcome": outcome},
            result=f"Not shown on its ticket: {refused.message}",
            level="HIGH",
            at=at,
        )
        return False
    return True
