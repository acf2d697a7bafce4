"""The clock's part: each time limit of a ticket is acted on once, however late the clock comes."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from apps.approvals.events import TicketDecided, TicketEscalated, TicketOverdue, TicketWarned
from apps.approvals.models import Ticket
from apps.approvals.queries import open_tickets
from apps.approvals.rules import OPEN
from apps.core import bus
from apps.core.actor import Actor

from ._common import note

CLOCK = Actor.system("clock")


def tick(at: datetime) -> Mapping[str, int]:
    """Warn, escalate, and at the deadline expire or call for help; return how many of each.

    Computed from the tickets' own times, so a restart forgets nothing. A ticket that somebody is
    deciding at this moment is left to the next tick.
    """
    due = open_tickets().filter(
        Q(warn_at__lte=at, warned_at=None)
        | Q(escalate_at__lte=at, escalated_at=None)
        | Q(deadline_at__lte=at, overdue_at=None)
    )
    counts: Counter[str] = Counter()
    for ticket_id in list(due.values_list("id", flat=True)):
        counts.update(_tick_one(ticket_id, at))
    return counts


@transaction.atomic
def _tick_one(ticket_id: int, at: datetime) -> list[str]:
    ticket = (
        Ticket.objects.select_for_update(skip_locked=True)
        .filter(pk=ticket_id, status__in=OPEN)
        .first()
    )
    if ticket is None:
        return []
    done: list[str] = []
    if ticket.warn_at <= at and ticket.warned_at is None:
        _warn(ticket, at)
        done.append("warned")
    if ticket.escalate_at <= at and ticket.escalated_at is None:
        _escalate(ticket, at)
        done.append("escalated")
    if ticket.deadline_at <= at and ticket.overdue_at is None:
        done.append(_deadline(ticket, at))
    return done


def _warn(ticket: Ticket, at: datetime) -> None:
    ticket.warned_at = at
    ticket.save(update_fields=["warned_at"])
    note(ticket, "warned", actor=CLOCK, at=at, after={"warned_at": at.isoformat()})
    bus.publish(
        TicketWarned(ticket_id=ticket.pk, kind=ticket.kind, subject_id=ticket.subject_id, at=at)
    )


def _escalate(ticket: Ticket, at: datetime) -> None:
    ticket.escalated_at, ticket.escalated_to = at, ticket.escalation_role
    ticket.save(update_fields=["escalated_at", "escalated_to"])
    note(ticket, "escalated", actor=CLOCK, at=at, after={"escalated_to": ticket.escalated_to})
    bus.publish(
        TicketEscalated(
            ticket_id=ticket.pk,
            kind=ticket.kind,
            subject_id=ticket.subject_id,
            escalated_to=ticket.escalated_to,
            at=at,
        )
    )


def _deadline(ticket: Ticket, at: datetime) -> str:
    """Expire where the rule rejects by itself; else the ticket stays open and everyone is told."""
    ticket.overdue_at = at
    if not ticket.auto_reject:
        ticket.save(update_fields=["overdue_at"])
        note(ticket, "overdue", actor=CLOCK, at=at, after={"overdue_at": at.isoformat()})
        bus.publish(
            TicketOverdue(
                ticket_id=ticket.pk, kind=ticket.kind, subject_id=ticket.subject_id, at=at
            )
        )
        return "overdue"
    before, reason = ticket.status, "The deadline passed without a decision."
    ticket.expire(reason=reason, at=at)
    ticket.save(update_fields=["status", "decided_at", "outcome_reason", "overdue_at"])
    note(
        ticket,
        "expired",
        actor=CLOCK,
        at=at,
        before={"status": before},
        after={"status": ticket.status, "reason": reason},
    )
    bus.publish(
        TicketDecided(
            ticket_id=ticket.pk,
            kind=ticket.kind,
            subject_id=ticket.subject_id,
            decision=ticket.status,
            reason=reason,
            at=at,
        )
    )
    return "expired"
