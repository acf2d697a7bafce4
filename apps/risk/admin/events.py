"""The list of risk events and the page of one, with what people do about it."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from apps.core import clock
from apps.core.actor import Actor
from apps.core.admin import PageAdmin, carry_out, export_list, number_in_path
from apps.core.admin_filters import DayRangeFilter
from apps.risk import operations, queries
from apps.risk.models import RiskEvent

from .base import ANSWER, EXPORT, show
from .event_cells import Cells
from .event_export import export
from .event_filters import EMPTY, TABS, IndicatorFilter, TabFilter, tabs
from .event_page import event_page, snooze_until

_LIST = "admin:risk_riskevent_changelist"
_PAGE = "admin:risk_riskevent_change"


@admin.register(RiskEvent)
class RiskEventAdmin(Cells, PageAdmin):
    """Everything that was or is wrong, the newest first; each opens on its page."""

    list_display = ("number", "grave", "what", "figure", "limit", "state", "last_seen", "lasted")
    list_display_links = None
    list_filter = (
        TabFilter,
        ("severity", ChoicesDropdownFilter),
        ("type", ChoicesDropdownFilter),
        IndicatorFilter,
        ("opened_at", DayRangeFilter),
    )
    search_fields = (
        *("=id", "message", "indicator", "acknowledged_by", "resolved_by"),
        *("acknowledge_note", "resolution"),
    )
    search_help_text = "Number, words of its message, who answered, what they wrote"
    ordering = ("-opened_at", "-id")
    list_filter_sheet = True
    list_before_template = "admin/risk/events_before.html"
    list_after_template = "admin/risk/events_after.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        doors = {
            "acknowledge": self.acknowledge_view,
            "snooze": self.snooze_view,
            "resolve": self.resolve_view,
        }
        return [
            path(
                "export/<str:file_format>/",
                wrap(require_safe(self.export_view)),
                name="risk_riskevent_export",
            ),
            *(
                path(f"<int:pk>/{name}/", wrap(require_POST(door)), name=f"risk_riskevent_{name}")
                for name, door in doors.items()
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tab = request.GET.get("tab", "all")
        tab = tab if tab in TABS else "all"
        context = {
            "title": "Risk events",
            "tabs": tabs(tab),
            "empty": EMPTY[tab],
            "export_query": request.GET.urlencode(),
            "may_export": request.user.has_perm(EXPORT),
            **(extra_context or {}),
        }
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def export_view(self, request: HttpRequest, file_format: str) -> HttpResponse:
        """The filtered list as CSV or XLSX."""
        return export_list(
            self,
            request,
            permission=EXPORT,
            file_format=file_format,
            export=export,
            back_to=_LIST,
        )

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        try:
            row = queries.event(number_in_path(object_id))
        except queries.EventNotFound as missing:
            raise Http404(missing.message) from missing
        context = event_page(row, request, at=clock.now())
        return show(request, "event", f"Risk event E-{row.pk}", context)

    # -- Doors ---------------------------------------------------------------------------------

    def acknowledge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say that one takes care of it."""

        def act() -> str:
            operations.acknowledge(
                event_id=pk,
                note=request.POST.get("note", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"E-{pk} is yours: nobody else is told again."

        return carry_out(request, permission=ANSWER, back_to=(_PAGE, pk), act=act)

    def snooze_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Be told nothing more about it for a while."""

        def act() -> str:
            at = clock.now()
            until = snooze_until(request.POST.get("minutes", ""), at=at)
            operations.snooze(
                event_id=pk,
                until=until,
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=at,
            )
            return f"E-{pk} is quiet until {until:%d %b %H:%M} UTC, unless it gets graver."

        return carry_out(request, permission=ANSWER, back_to=(_PAGE, pk), act=act)

    def resolve_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say that it is over, and how."""

        def act() -> str:
            operations.resolve(
                event_id=pk,
                resolution=request.POST.get("resolution", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"E-{pk} is resolved."

        return carry_out(request, permission=ANSWER, back_to=(_PAGE, pk), act=act)
