"""Tickets of a period, for reports."""

from datetime import datetime

from django.db.models import Q

from apps.approvals.models import Ticket


def tickets_between(*, start: datetime, end: datetime) -> list[Ticket]:
    """Tickets opened or decided in [start, end), oldest first."""
    opened = Q(opened_at__gte=start, opened_at__lt=end)
    decided = Q(decided_at__gte=start, decided_at__lt=end)
    return list(Ticket.objects.filter(opened | decided).order_by("id"))
