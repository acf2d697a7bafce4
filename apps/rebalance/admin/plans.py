"""The list of plans and the page of one, with what people may do to it."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import PageAdmin, carry_out, export_list, number_in_path, require
from apps.core.admin_filters import DayRangeFilter
from apps.core.errors import Refused
from apps.rebalance import operations, queries
from apps.rebalance.models import Plan

from .base import AIMS, TONES, show
from .export import export
from .page import plan_page

_LIST = "admin:rebalance_plan_changelist"
_PAGE = "admin:rebalance_plan_change"


@admin.register(Plan)
class PlanAdmin(PageAdmin):
    """Every plan, the newest first; each opens on its page."""

    list_display = (
        *("number", "why", "amount", "cost", "state", "decided", "made_by", "took", "off"),
    )
    list_display_links = None
    list_filter = (
        ("trigger", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("created_at", DayRangeFilter),
        "to_review",
    )
    search_fields = ("=id", "trigger_reason", "created_by_name", "outcome")
    search_help_text = "Plan number, words of its reason or outcome, who asked"
    ordering = ("-id",)
    list_filter_sheet = True
    list_before_template = "admin/rebalance/styles.html"
    list_after_template = "admin/rebalance/plans_after.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        actions: dict[str, Callable[..., HttpResponse]] = {
            "cancel": self.cancel_view,
            "stop": self.stop_view,
            "review": self.review_view,
            "reverse": self.reverse_view,
        }
        return [
            path(
                "export/<str:file_format>/",
                wrap(require_safe(self.export_view)),
                name="rebalance_plan_export",
            ),
            *(
                path(f"<int:pk>/{name}/", wrap(require_POST(view)), name=f"rebalance_plan_{name}")
                for name, view in actions.items()
            ),
            *super().get_urls(),
        ]

    # -- List ----------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "title": "Plans",
            "export_query": request.GET.urlencode(),
            "may_export": request.user.has_perm("rebalance.export_plan"),
            **(extra_context or {}),
        }
        response: HttpResponse = super().changelist_view(request, context)
        if isinstance(response, TemplateResponse) and response.context_data:
            changelist = response.context_data.get("cl")
            if changelist is not None:
                response.context_data["totals"] = queries.totals(changelist.queryset)
        return response

    @admin.display(description="Plan", ordering="id")
    def number(self, row: Plan) -> SafeString:
        return format_html(
            '<a class="wf-subject" href="{}"><strong>R-{}</strong></a>'
            '<span class="wf-sub">{}</span>',
            reverse(_PAGE, args=[row.pk]),
            row.pk,
            display.age(row.created_at),
        )

    @admin.display(description="Trigger, why", ordering="trigger")
    def why(self, row: Plan) -> SafeString:
        return format_html(
            '{} {}<bdi class="wf-sub rb-words">{}</bdi>',
            display.status_pill(row.trigger, "neutral"),
            AIMS[row.aim],
            row.trigger_reason,
        )

    @admin.display(description="Moves", ordering="amount_assets")
    def amount(self, row: Plan) -> SafeString:
        return display.money(row.amount_assets)

    @admin.display(description="Cost, expected")
    def cost(self, row: Plan) -> SafeString:
        return display.money(row.slippage_assets + row.gas_assets)

    @admin.display(description="Status", ordering="status")
    def state(self, row: Plan) -> SafeString:
        pill = display.status_pill(row.get_status_display(), TONES[row.status])
        note = "to be reviewed" if row.to_review and not row.is_open else row.waits_for
        return format_html('{}<bdi class="wf-sub">{}</bdi>', pill, note) if note else pill

    @admin.display(description="Approval")
    def decided(self, row: Plan) -> SafeString:
        return display.ticket(row.ticket_id, reason=row.approval or "Nobody is asked yet")

    @admin.display(description="Asked by", ordering="created_by_name")
    def made_by(self, row: Plan) -> SafeString:
        return format_html("<bdi>{}</bdi>", row.created_by_name)

    @admin.display(description="Took")
    def took(self, row: Plan) -> SafeString | str:
        if row.begun_at is None or row.finished_at is None:
            return display.unknown("It was not executed" if row.finished_at else "Not done yet")
        return display.duration_text(int((row.finished_at - row.begun_at).total_seconds()))

    @admin.display(description="Off projection", ordering="deviation_bps")
    def off(self, row: Plan) -> SafeString:
        return display.bps(row.deviation_bps, reason="The fund was not read afterwards")

    def export_view(self, request: HttpRequest, file_format: str) -> HttpResponse:
        """The filtered list as CSV or XLSX."""
        return export_list(
            self,
            request,
            permission="rebalance.export_plan",
            file_format=file_format,
            export=export,
            back_to=_LIST,
        )

    # -- Page ----------------------------------------------------------------------------------

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = _row(object_id)
        return show(request, "plan", f"Plan R-{row.pk}", plan_page(row, request.user))

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a plan back that has not begun."""

        def act() -> str:
            plan = operations.cancel(
                plan_id=pk,
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"R-{plan.pk} is cancelled."

        return self._carry_out(request, "rebalance.submit_plan", pk, act)

    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send no more legs of a plan that is being executed."""

        def act() -> str:
            operations.stop(
                plan_id=pk,
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return f"R-{pk} sends no more; what is on its way comes to its end."

        return self._carry_out(request, "rebalance.submit_plan", pk, act)

    def review_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say that one has looked at a plan that ran without approval."""

        def act() -> str:
            operations.review(plan_id=pk, actor=Actor.of_request(request), at=clock.now())
            return f"R-{pk} is reviewed."

        return self._carry_out(request, "rebalance.review_plan", pk, act)

    def reverse_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Preview the reverse of what a plan really did."""
        require(request, "rebalance.preview_plan")
        row = _row(str(pk))
        try:
            made = operations.preview_reverse(
                plan_id=row.pk, actor=Actor.of_request(request), at=clock.now()
            )
        except Refused as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(reverse(_PAGE, args=[row.pk]))
        return HttpResponseRedirect(reverse("admin:rebalance_preview", args=[made.pk]))

    def _carry_out(
        self, request: HttpRequest, permission: str, pk: int, act: Callable[[], str]
    ) -> HttpResponse:
        _row(str(pk))
        return carry_out(request, permission=permission, back_to=(_PAGE, pk), act=act)


def _row(object_id: str) -> Plan:
    try:
        return queries.plan(number_in_path(object_id))
    except queries.PlanNotFound as missing:
        raise Http404(missing.message) from missing
