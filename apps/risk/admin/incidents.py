"""Incidents: the list, the page of one, and what people do while it lasts."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import PageAdmin, carry_out, number_in_path, why_not
from apps.core.admin_filters import DayRangeFilter
from apps.risk import operations, queries
from apps.risk.models import Incident

from .base import OPEN_INCIDENT, PHASE_TONES, WORK_INCIDENT, show
from .incident_page import incident_page

_PAGE = "admin:risk_incident_change"
_DECIDE = "approvals.decide_ticket"


@admin.register(Incident)
class IncidentAdmin(PageAdmin):
    """Every emergency there was, the newest first; each opens on its page."""

    list_display = ("number", "what", "state", "began", "lasted", "ended_by")
    list_display_links = None
    list_filter = (
        ("phase", ChoicesDropdownFilter),
        ("cause", ChoicesDropdownFilter),
        ("opened_at", DayRangeFilter),
    )
    search_fields = ("=id", "summary", "opened_by", "closed_by", "lessons")
    search_help_text = "Number, words of its summary or lessons, who opened or closed it"
    ordering = ("-opened_at", "-id")
    list_filter_sheet = True
    list_before_template = "admin/risk/incidents_before.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        doors: dict[str, Callable[..., HttpResponse]] = {
            "tick": self.tick_view,
            "note": self.note_view,
            "close": self.close_view,
            "retry": self.retry_view,
        }
        return [
            *(
                path(f"<int:pk>/{name}/", wrap(require_POST(door)), name=f"risk_incident_{name}")
                for name, door in doors.items()
            ),
            *super().get_urls(),
        ]

    # -- List ----------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "title": "Incidents",
            "is_open": Incident.objects.filter(closed_at=None).exists(),
            "why_not_open": why_not(request, OPEN_INCIDENT, "Your role does not open emergencies."),
            **(extra_context or {}),
        }
        response: HttpResponse = super().changelist_view(request, context)
        return response

    @admin.display(description="Incident", ordering="id")
    def number(self, row: Incident) -> SafeString:
        return format_html(
            '<a class="wf-subject" href="{}"><strong>I-{}</strong></a>'
            '<span class="wf-sub">{}</span>',
            reverse(_PAGE, args=[row.pk]),
            row.pk,
            row.get_cause_display(),
        )

    @admin.display(description="What")
    def what(self, row: Incident) -> SafeString:
        return format_html('<bdi class="rk-words">{}</bdi>', row.summary)

    @admin.display(description="Phase", ordering="phase")
    def state(self, row: Incident) -> SafeString:
        return display.status_pill(row.phase, PHASE_TONES[row.phase])

    @admin.display(description="Opened", ordering="opened_at")
    def began(self, row: Incident) -> SafeString:
        return display.when(row.opened_at)

    @admin.display(description="Lasted")
    def lasted(self, row: Incident) -> SafeString:
        seconds = int(((row.closed_at or clock.now()) - row.opened_at).total_seconds())
        return format_html('<span class="num">{}</span>', display.duration_text(max(seconds, 0)))

    @admin.display(description="Closed by")
    def ended_by(self, row: Incident) -> SafeString:
        if row.closed_at is None:
            return display.unknown("It is open")
        return format_html("<bdi>{}</bdi>", row.closed_by)

    # -- Page ----------------------------------------------------------------------------------

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        try:
            view = queries.incident(number_in_path(object_id))
        except queries.IncidentNotFound as missing:
            raise Http404(missing.message) from missing
        context = incident_page(view, request, at=clock.now())
        return show(request, "incident", f"Incident I-{view.row.pk}", context)

    def tick_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say that something on the checklist is seen to."""

        def act() -> str:
            item = operations.tick(
                item_id=number_in_path(request.POST.get("item", "")),
                note=request.POST.get("note", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"Done: {item.title}."

        return carry_out(request, permission=WORK_INCIDENT, back_to=(_PAGE, pk), act=act)

    def note_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write into the timeline what one did or saw."""

        def act() -> str:
            operations.note(
                incident_id=pk,
                text=request.POST.get("text", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return "Your note is in the timeline."

        return carry_out(request, permission=WORK_INCIDENT, back_to=(_PAGE, pk), act=act)

    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End it, with what was learnt."""

        def act() -> str:
            operations.close(
                incident_id=pk,
                lessons=request.POST.get("lessons", ""),
                why_still_on=request.POST.get("why_still_on", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"I-{pk} is closed; its report is being made."

        return carry_out(request, permission=WORK_INCIDENT, back_to=(_PAGE, pk), act=act)

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send a decided call again whose transaction failed."""

        def act() -> str:
            operations.retry_decision(
                ticket_id=number_in_path(request.POST.get("ticket", "")),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return "It is sent again."

        return carry_out(request, permission=_DECIDE, back_to=(_PAGE, pk), act=act)
