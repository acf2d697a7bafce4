"""The redemption list and page, settling, retrying, export."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from apps.core import clock
from apps.core.actor import Actor
from apps.core.admin import PageAdmin, carry_out, export_list
from apps.core.admin_filters import DayRangeFilter
from apps.core.errors import Refused
from apps.redemptions import operations, queries
from apps.redemptions.models import Redemption

from .columns import Columns, page_url
from .export import export
from .filters import (
    EMPTY,
    TABS,
    AmountFilter,
    LateFilter,
    TabFilter,
    chain_time,
    tabs,
)
from .page import redemption_page
from .rows import RedemptionChangeList

_LIST = "admin:redemptions_redemption_changelist"
_PAGE = "admin:redemptions_redemption_change"
_TEMPLATES = "admin/redemptions/redemption"


@admin.register(Redemption)
class RedemptionAdmin(Columns, PageAdmin):
    """Redemptions by what they wait for."""

    list_display = (
        *("number", "investor", "value", "net", "by_channel", "place"),
        *("state", "approvals", "time_left", "transaction"),
    )
    list_display_links = None
    list_filter = (
        TabFilter,
        ("status", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("requested_at", DayRangeFilter),
        ("settles_at", DayRangeFilter),
        AmountFilter,
        LateFilter,
    )
    search_fields = ("request_id",)  # shows the box; get_search_results does the work
    search_help_text = "Request number, address of owner or receiver, or transaction hash"
    ordering = ("-requested_at", "-request_id")
    list_filter_sheet = True
    list_before_template = "admin/redemptions/redemption/tabs.html"
    list_after_template = "admin/redemptions/redemption/footer.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        safe = require_http_methods(["GET", "HEAD", "POST"])
        name = "redemptions_redemption"
        return [
            path(
                "export/<str:file_format>/",
                wrap(require_safe(self.export_view)),
                name=f"{name}_export",
            ),
            path("settle-due/", wrap(safe(self.settle_due_view)), name=f"{name}_settle_due"),
            path("<str:key>/settle/", wrap(safe(self.settle_view)), name=f"{name}_settle"),
            path("<str:key>/retry/", wrap(require_POST(self.retry_view)), name=f"{name}_retry"),
            *super().get_urls(),
        ]

    # -- List ----------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RedemptionChangeList]:
        return RedemptionChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Redemption], search_term: str
    ) -> tuple[QuerySet[Redemption], bool]:
        if not search_term.strip():
            return queryset, False
        found = queries.find(search_term).order_by().values("pk")
        return queryset.filter(pk__in=found), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tab = request.GET.get("tab", "all")
        tab = tab if tab in TABS else "all"
        context = {
            "title": "Redemptions",
            "tabs": tabs(tab, request.user.pk or 0, clock.now()),
            "tab": tab,
            "empty": EMPTY[tab],
            "export_query": request.GET.urlencode(),
            "may_export": request.user.has_perm("redemptions.export_redemption"),
            "may_settle": request.user.has_perm("redemptions.settle_redemption"),
            **(extra_context or {}),
        }
        response: HttpResponse = super().changelist_view(request, context)
        if isinstance(response, TemplateResponse) and response.context_data:
            changelist = response.context_data.get("cl")
            if changelist is not None:
                response.context_data["totals"] = queries.totals(changelist.queryset)
        return response

    def export_view(self, request: HttpRequest, file_format: str) -> HttpResponse:
        """The filtered list as CSV or XLSX."""
        return export_list(
            self,
            request,
            permission="redemptions.export_redemption",
            file_format=file_format,
            export=export,
            back_to=_LIST,
        )

    # -- Page ----------------------------------------------------------------------------------

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = _row(object_id)
        context = redemption_page(row, request.user, at=clock.now())
        return self.show(
            request, f"{_TEMPLATES}/page.html", f"Redemption #{row.request_id}", context
        )

    def settle_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show what a settlement will do (GET), do it (POST)."""
        if not request.user.has_perm("redemptions.settle_redemption"):
            raise PermissionDenied
        row, at = _row(key), clock.now()
        if request.method == "POST":
            try:
                operations.settle(key=row.key, actor=Actor.of_request(request), at=at)
            except Refused as refused:
                messages.error(request, refused.message)
            else:
                messages.success(request, f"The payment of #{row.request_id} is on its way.")
            return HttpResponseRedirect(page_url(row))
        context = redemption_page(row, request.user, at=at)
        return self.show(
            request, f"{_TEMPLATES}/settle.html", f"Settle redemption #{row.request_id}", context
        )

    def settle_due_view(self, request: HttpRequest) -> HttpResponse:
        """Per due request what will happen (GET), then what did (POST)."""
        if not request.user.has_perm("redemptions.settle_redemption"):
            raise PermissionDenied
        at, time = clock.now(), chain_time()
        context: dict[str, Any] = {"chain_time": time}
        if request.method == "POST":
            context["results"] = operations.settle_due(
                at, actor=Actor.of_request(request), retry_failed=True
            )
        else:
            rows = list(queries.due(time)) if time else []
            context["rows"] = [
                {"row": row, "verdict": queries.settleability(row, at=at)} for row in rows
            ]
            context["liquidity"] = queries.liquidity_now(at=at)
        return self.show(request, f"{_TEMPLATES}/settle_due.html", "Settle what is due", context)

    def retry_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """Send a decision again whose transaction failed."""
        row = _row(key)

        def act() -> str:
            return operations.retry_decision(
                key=row.key, actor=Actor.of_request(request), at=clock.now()
            )

        return carry_out(
            request, permission="approvals.decide_ticket", back_to=(_PAGE, row.key), act=act
        )


def _row(key: str) -> Redemption:
    try:
        return queries.by_key(key)
    except queries.RedemptionNotFound as missing:
        raise Http404(missing.message) from missing
