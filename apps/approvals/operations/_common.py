"""What every change of a ticket does: lock the row, write the audit row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.approvals.models import Ticket
from apps.approvals.queries import TicketNotFound
from apps.audit import operations as audit
from apps.core.actor import Actor


def locked(ticket_id: int) -> Ticket:
    """The ticket with its row lock, so that one change happens after the other.

    Raises:
        TicketNotFound: there is none with this number.
    """
    try:
        return Ticket.objects.select_for_update().get(pk=ticket_id)
    except Ticket.DoesNotExist as error:
        raise TicketNotFound(f"There is no ticket {ticket_id}.") from error


def note(
    ticket: Ticket,
    action: str,
    *,
    actor: Actor,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """One row of the ticket's audit trail."""
    audit.record(
        actor=actor,
        action=f"ticket.{action}",
        object_type="ticket",
        object_id=str(ticket.pk),
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
        level="HIGH",
        at=at,
    )
