"""What the redemption list can be narrowed to."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeNumericListFilter

from apps.approvals import queries as approvals
from apps.chain import queries as chain
from apps.core import admin_filters, clock
from apps.core.units import AmountOutOfRange, from_decimal
from apps.redemptions import queries
from apps.redemptions.models import Redemption
from apps.redemptions.rules import PAYABLE, TICKET_KINDS, Status

TABS = {
    "mine": "Waiting for me",
    "others": "Waiting for others",
    "ready": "Ready to settle",
    "scheduled": "Scheduled",
    "done": "Done",
    "all": "All",
}
EMPTY = {
    "mine": "No redemptions wait for you.",
    "others": "No redemptions wait for others.",
    "ready": "Nothing is due now.",
    "scheduled": "No redemption has a date ahead.",
    "done": "No redemption has ended yet.",
    "all": "Nobody has asked for a redemption yet.",
}
_ENDED = (Status.SETTLED, Status.REJECTED, Status.CANCELLED)


def of_tab(
    tab: str, rows: QuerySet[Redemption], user_id: int, at: datetime
) -> QuerySet[Redemption]:
    """The redemptions of one tab, for one person."""
    if tab in ("mine", "others"):
        mine = queries.waiting_tickets(user_id=user_id, at=at)
        rows = rows.filter(status=Status.PENDING_APPROVAL)
        return rows.filter(pk__in=mine) if tab == "mine" else rows.exclude(pk__in=mine)
    if tab in ("ready", "scheduled"):
        now = chain_time()
        due = Q(settles_at__lte=now) if now else Q(pk__in=[])
        rows = rows.filter(status__in=PAYABLE)
        return rows.filter(due) if tab == "ready" else rows.exclude(due)
    return rows.filter(status__in=_ENDED) if tab == "done" else rows


def tabs(active: str, user_id: int, at: datetime) -> list[dict[str, Any]]:
    """The tabs with their counts; what has ended is not counted."""
    rows = Redemption.objects.all()
    return admin_filters.tab_row(
        TABS,
        active,
        counted=("mine", "others", "ready", "scheduled"),
        count=lambda tab: of_tab(tab, rows, user_id, at).count(),
    )


def chain_time() -> datetime | None:
    """The time of the fund chain's final block."""
    final = chain.final_block(chain.fund_chain().chain_id)
    return final.time if final else None


class TabFilter(admin_filters.TabFilter):
    """What a redemption waits for."""

    tabs = TABS

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Redemption]
    ) -> QuerySet[Redemption]:
        return of_tab(self.tab, queryset, request.user.pk or 0, clock.now())


class AmountFilter(RangeNumericListFilter):
    """From one whole-USDT value to another, both included."""

    title = "value in USDT"
    parameter_name = "amount"

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Redemption]
    ) -> QuerySet[Redemption]:
        for end, lookup in (("_from", "gte"), ("_to", "lte")):
            text = self.used_parameters.get(f"amount{end}")
            if text:
                queryset = queryset.filter(**{f"gross_assets__{lookup}": _base_units(str(text))})
        return queryset


class LateFilter(admin.SimpleListFilter):
    """What is behind its time."""

    title = "lateness"
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("overdue", "Settlement overdue"), ("sla", "Decision past its deadline")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Redemption]
    ) -> QuerySet[Redemption]:
        if self.value() == "overdue":
            return of_tab("ready", queryset, 0, clock.now())
        if self.value() == "sla":
            late = approvals.open_tickets().filter(
                kind__in=TICKET_KINDS,
                deadline_at__lte=clock.now(),
            )
            return queryset.filter(
                pk__in=[f"{ticket.chain_id}-{ticket.subject_id}" for ticket in late]
            )
        return queryset


def _base_units(text: str) -> int:
    try:
        return from_decimal(text)
    except AmountOutOfRange as error:
        raise IncorrectLookupParameters(f"{text!r} is not an amount") from error
