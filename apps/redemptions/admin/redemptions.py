"""The redemption list and page, settling, retrying, export."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from apps.core import clock
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin
from apps.core.denials import tell_denied
from apps.core.errors import Refused
from apps.redemptions import operations, queries
from apps.redemptions.models import Redemption

from .columns import Columns, page_url
from .export import export
from .filters import (
    EMPTY,
    TABS,
    AmountFilter,
    DayRangeFilter,
    LateFilter,
    TabFilter,
    chain_time,
    tabs,
)
from .page import redemption_page
from .rows import RedemptionChangeList

_LIST = "admin:redemptions_redemption_changelist"


@admin.register(Redemption)
class RedemptionAdmin(Columns, ReadOnlyAdmin):
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
        if not request.user.has_perm("redemptions.export_redemption"):
            raise PermissionDenied
        if file_format not in ("csv", "xlsx"):
            raise Http404
        try:
            rows = self.get_changelist_instance(request).queryset
            return export(
                rows,
                file_format,
                query=request.GET.urlencode(),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
        except IncorrectLookupParameters:
            return HttpResponseBadRequest("The list cannot be narrowed like that.")
        except Refused as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(reverse(_LIST))

    # -- Page ----------------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = _row(object_id)
        context = redemption_page(row, request.user, at=clock.now())
        return self._page(request, "page", f"Redemption #{row.request_id}", context)

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
        return self._page(request, "settle", f"Settle redemption #{row.request_id}", context)

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
        return self._page(request, "settle_due", "Settle what is due", context)

    def retry_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """Send a decision again whose transaction failed."""
        if not request.user.has_perm("approvals.decide_ticket"):
            raise PermissionDenied
        row = _row(key)
        try:
            said = operations.retry_decision(
                key=row.key, actor=Actor.of_request(request), at=clock.now()
            )
        except Refused as refused:
            if refused.code == "FORBIDDEN":
                tell_denied(request, refused.message)
            messages.error(request, refused.message)
        else:
            messages.success(request, said)
        return HttpResponseRedirect(page_url(row))

    def _page(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any]
    ) -> TemplateResponse:
        common = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        template = f"admin/redemptions/redemption/{name}.html"
        return TemplateResponse(request, template, {**common, **context})


def _row(key: str) -> Redemption:
    try:
        return queries.by_key(key)
    except queries.RedemptionNotFound as missing:
        raise Http404(missing.message) from missing
