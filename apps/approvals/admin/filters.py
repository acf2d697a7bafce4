"""The tabs above the ticket list."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.approvals import queries
from apps.approvals.models import Ticket
from apps.approvals.rules import OPEN
from apps.core import admin_filters, clock

TABS = {
    "mine": "Waiting for me",
    "others": "Waiting for others",
    "decided": "Decided",
    "failed": "Execution failed",
    "all": "All",
}
EMPTY = {
    "mine": "No ticket waits for you.",
    "others": "No ticket waits for others.",
    "decided": "Nothing has been decided yet.",
    "failed": "No decision failed on its way.",
    "all": "No ticket has been opened yet.",
}


class TabFilter(admin_filters.TabFilter):
    """What a ticket waits for."""

    tabs = TABS

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        return of_tab(self.tab, queryset, request.user.pk or 0, clock.now())


def of_tab(tab: str, rows: QuerySet[Ticket], user_id: int, at: datetime) -> QuerySet[Ticket]:
    """The tickets of one tab, for one person."""
    if tab == "decided":
        return rows.exclude(status__in=OPEN)
    if tab == "failed":
        return rows.filter(execution_status="FAILED")
    if tab in ("mine", "others"):
        mine = [ticket.pk for ticket in queries.waiting_for(user_id, at=at)]
        rows = rows.filter(status__in=OPEN).order_by("deadline_at", "id")
        return rows.filter(pk__in=mine) if tab == "mine" else rows.exclude(pk__in=mine)
    return rows


def tabs(active: str, user_id: int, at: datetime) -> list[dict[str, Any]]:
    """The tabs with their counts; what is finished is not counted."""
    rows = Ticket.objects.all()
    return admin_filters.tab_row(
        TABS,
        active,
        counted=("mine", "others", "failed"),
        count=lambda tab: of_tab(tab, rows, user_id, at).count(),
    )
