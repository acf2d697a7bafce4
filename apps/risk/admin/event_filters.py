"""What the list of risk events can be narrowed to."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core import admin_filters
from apps.core.text import visible_line
from apps.risk.models import RiskEvent
from apps.risk.rules.life import EventStatus

TABS = {"open": "Open", "acknowledged": "Acknowledged", "resolved": "Resolved", "all": "All"}
EMPTY = {
    "open": "No event is open.",
    "acknowledged": "Nobody is working on an event.",
    "resolved": "No event has been resolved yet.",
    "all": "There has never been a risk event.",
}
_STATUS = {
    "open": EventStatus.OPEN,
    "acknowledged": EventStatus.ACKNOWLEDGED,
    "resolved": EventStatus.RESOLVED,
}


def of_tab(tab: str, rows: QuerySet[RiskEvent]) -> QuerySet[RiskEvent]:
    """The events of one tab."""
    return rows.filter(status=_STATUS[tab].value) if tab in _STATUS else rows


def tabs(active: str) -> list[dict[str, Any]]:
    """The tabs; what still needs somebody is counted."""
    rows = RiskEvent.objects.all()
    return admin_filters.tab_row(
        TABS,
        active,
        counted=("open", "acknowledged"),
        count=lambda tab: of_tab(tab, rows).count(),
    )


class TabFilter(admin_filters.TabFilter):
    """Where an event stands."""

    tabs = TABS

    def queryset(self, request: HttpRequest, queryset: QuerySet[RiskEvent]) -> QuerySet[RiskEvent]:
        return of_tab(self.tab, queryset)


class IndicatorFilter(admin.SimpleListFilter):
    """What events are about, of all that there have been."""

    title = "subject"
    parameter_name = "subject"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = RiskEvent.objects.order_by("indicator").values_list("indicator", flat=True)
        return [(name, visible_line(name.replace("_", " "))) for name in names.distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RiskEvent]) -> QuerySet[RiskEvent]:
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(indicator=chosen)
