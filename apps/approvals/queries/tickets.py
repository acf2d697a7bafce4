"""Tickets and rules by what people know of them."""

from collections.abc import Collection

from django.db.models import QuerySet

from apps.approvals.models import Rule, Ticket
from apps.approvals.rules import OPEN, thresholds_met
from apps.core.errors import NotFound, Unavailable


class TicketNotFound(NotFound):
    """There is no such ticket."""


class NoRule(Unavailable):
    """No active rule says who decides this kind of ticket."""


def ticket(ticket_id: int) -> Ticket:
    """One ticket.

    Raises:
        TicketNotFound: there is none with this number.
    """
    try:
        return Ticket.objects.get(pk=ticket_id)
    except Ticket.DoesNotExist as error:
        raise TicketNotFound(f"There is no ticket {ticket_id}.") from error


def tickets_for(kinds: Collection[str], subject_id: str, *, chain_id: int) -> QuerySet[Ticket]:
    """Every ticket about one subject, newest first."""
    return Ticket.objects.filter(kind__in=kinds, subject_id=subject_id, chain_id=chain_id)


def open_ticket_for(
    kinds: Collection[str], subject_id: str, *, chain_id: int | None = None
) -> Ticket | None:
    """The ticket that still waits for an outcome about one subject."""
    tickets = Ticket.objects.filter(kind__in=kinds, subject_id=subject_id, status__in=OPEN)
    if chain_id is not None:
        tickets = tickets.filter(chain_id=chain_id)
    return tickets.first()


def every() -> QuerySet[Ticket]:
    """All tickets with their votes, newest first."""
    return Ticket.objects.order_by("-id").prefetch_related("votes")


def open_tickets() -> QuerySet[Ticket]:
    """Everything that waits for an outcome, the most urgent first."""
    return Ticket.objects.filter(status__in=OPEN).order_by("deadline_at", "id")


def rule_for(kind: str) -> Rule:
    """The active rule of a kind.

    Raises:
        NoRule: there is none.
    """
    try:
        return Rule.objects.get(kind=kind, active=True)
    except Rule.DoesNotExist as error:
        raise NoRule(f"No active rule says who decides {kind}.") from error


def ticket_threshold(kind: str) -> int | None:
    """From which amount (base units) a kind's active rule asks for a ticket; None where it names no
    amount, or there is no rule: then every amount needs one."""
    rule = Rule.objects.filter(kind=kind, active=True).first()
    limits = [
        int(threshold["value"])
        for threshold in (rule.thresholds if rule else ())
        if threshold["figure"] == "amount"
    ]
    return min(limits, default=None)


def kind_by_amount(kinds: Collection[str], amount: int) -> str | None:
    """Which of these kinds decides an amount: of those whose limits it meets, the one with the
    highest; None when it meets no rule's."""
    met = {
        rule.kind: limit
        for rule in active_rules().filter(kind__in=kinds)
        if (limit := thresholds_met(rule.thresholds, amount)) is not None
    }
    return max(met, key=lambda kind: met[kind], default=None)


def active_rules() -> QuerySet[Rule]:
    """The rules in force, by kind."""
    return Rule.objects.filter(active=True).order_by("kind")
