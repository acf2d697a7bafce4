"""Messages about tickets: to those who may decide, to the next role up, to the one who asked."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from apps.approvals import queries as approvals
from apps.approvals.events import (
    TicketDecided,
    TicketEscalated,
    TicketOpened,
    TicketOverdue,
    TicketWarned,
)
from apps.core.units import format_amount
from apps.notifications.operations import notify
from apps.notifications.rules import Severity

from .links import admin_link

if TYPE_CHECKING:
    from apps.approvals.models import Ticket

_EMERGENCY = "EMERGENCY_MODE"
_DECIDED = {"APPROVED": "approved", "REJECTED": "rejected", "EXPIRED": "expired"}


def tell_approvers(fact: TicketOpened) -> None:
    """A decision is asked for: to everyone of the rule's role but the maker."""
    ticket = approvals.ticket(fact.ticket_id)
    _tell(
        ticket,
        event="opened",
        roles=[ticket.role],
        except_user_ids=_maker(ticket),
        lead="Decision needed",
        body=f"{ticket.requester_name} asks for a decision. "
        f"It needs {_approvals(ticket)} by {_time(ticket.deadline_at)}.",
        # In an emergency nobody's choice of channels may keep this from them.
        severity=Severity.CRITICAL if ticket.kind == _EMERGENCY else Severity.INFO,
        at=fact.at,
    )


def warn_approvers(fact: TicketWarned) -> None:
    """The first limit passed: to the approvers again."""
    ticket = approvals.ticket(fact.ticket_id)
    _tell(
        ticket,
        event="warned",
        roles=[ticket.role],
        except_user_ids=_maker(ticket),
        lead="Still waiting",
        body=f"This ticket waits since {_time(ticket.opened_at)}. Without a decision it goes to "
        f"{ticket.escalation_role} at {_time(ticket.escalate_at)}.",
        severity=Severity.WARNING,
        at=fact.at,
    )


def escalate(fact: TicketEscalated) -> None:
    """The second limit passed: to the next role up, and to the one who asked."""
    ticket = approvals.ticket(fact.ticket_id)
    _tell(
        ticket,
        event="escalated",
        roles=[fact.escalated_to],
        user_ids=_maker(ticket),
        lead="Escalated",
        body=f"Nobody has decided since {_time(ticket.opened_at)}. Holders of {fact.escalated_to} "
        f"may decide now. The deadline is {_time(ticket.deadline_at)}.",
        severity=Severity.CRITICAL,
        at=fact.at,
    )


def raise_overdue(fact: TicketOverdue) -> None:
    """The deadline passed and the ticket stays open: to both roles."""
    ticket = approvals.ticket(fact.ticket_id)
    _tell(
        ticket,
        event="overdue",
        roles=[ticket.role, ticket.escalation_role],
        except_user_ids=_maker(ticket),
        lead="Overdue",
        body=f"The deadline, {_time(ticket.deadline_at)}, has passed without a decision. "
        "The ticket stays open.",
        severity=Severity.CRITICAL,
        at=fact.at,
    )


def tell_decision(fact: TicketDecided) -> None:
    """The outcome: to the one who asked and to the approvers."""
    ticket = approvals.ticket(fact.ticket_id)
    word = _DECIDED[fact.decision]
    rule = f" by {ticket.auto_approved_by}, without a vote" if ticket.auto_approved_by else ""
    _tell(
        ticket,
        event="decided",
        roles=[ticket.role],
        user_ids=_maker(ticket),
        lead=word.capitalize(),
        body=f"The ticket was {word} at {_time(fact.at)}{rule}.",
        details=[("Reason", fact.reason)] if fact.reason else [],
        at=fact.at,
    )


def _tell(
    ticket: "Ticket",
    *,
    event: str,
    roles: list[str],
    user_ids: Sequence[int] = (),
    except_user_ids: Sequence[int] = (),
    lead: str,
    body: str,
    details: Sequence[tuple[str, str]] = (),
    severity: Severity = Severity.INFO,
    at: datetime,
) -> None:
    """One message about one thing that happened to a ticket."""
    notify(
        kind=f"TICKET_{event.upper()}",
        dedupe_key=f"ticket:{ticket.pk}:{event}",
        roles=roles,
        user_ids=user_ids,
        except_user_ids=except_user_ids,
        subject=f"{lead}: {ticket.title}",
        body=body,
        details=[*details, *_details(ticket)],
        link=admin_link("approvals_ticket_change", ticket.pk),
        link_text="Look at the ticket",
        severity=severity,
        at=at,
    )


def _details(ticket: "Ticket") -> list[tuple[str, str]]:
    rows = [
        ("Ticket", f"#{ticket.pk}"),
        ("Kind", ticket.kind.replace("_", " ").capitalize()),
        ("Asked by", ticket.requester_name),
    ]
    if ticket.amount is not None:
        rows.append(("Amount", f"{format_amount(ticket.amount)} {ticket.currency}"))
    assessment = ticket.assessment
    if assessment.get("level"):
        rows.append(("Risk", f"{assessment['level']} ({assessment.get('score')} of 100)"))
    return [*rows, ("Opened", _time(ticket.opened_at)), ("Deadline", _time(ticket.deadline_at))]


def _approvals(ticket: "Ticket") -> str:
    count = ticket.required_approvals
    return "one approval" if count == 1 else f"{count} approvals"


def _maker(ticket: "Ticket") -> list[int]:
    return [] if ticket.maker_user_id is None else [ticket.maker_user_id]


def _time(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
