"""How sources do: the health page, a source's page, and the doors to changes by two people."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from apps.chain import queries as chain
from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import EnrichedAdmin, carry_out
from apps.oracle import operations
from apps.oracle.admin import cells
from apps.oracle.admin.forms import terms_from
from apps.oracle.admin.page import asset_lines, asset_page
from apps.oracle.models import Source, SourceKind
from apps.oracle.queries.names import names_of, short
from apps.oracle.queries.sources import SourceHealth, health_of

PROPOSE = "oracle.propose_source"
_PAGE, _ASSET = "admin:oracle_source_change", "admin:oracle_asset"
_ASKED = "Ticket #{} asks another person for it. Until then nothing changes."


@admin.register(Source)
class SourceAdmin(EnrichedAdmin):
    """Assets with their prices on top, each source below."""

    list_display = ("source", "asset", "figure", "age", "apart", "state", "failures", "latency")
    list_filter = ("kind", "active")
    search_fields = ("token", "name")
    search_help_text = "Address of the asset, or name of the source"
    ordering = ("token", "kind", "name")
    list_before_template = "admin/oracle/health.html"
    change_form_outer_before_template = "admin/oracle/source_before.html"
    fieldsets: ClassVar = [
        (None, {"fields": ["source", "asset", "where", "counts", "approved"]}),
        ("Now", {"fields": ["state", "figure", "age", "apart", "failures", "latency", "answered"]}),
    ]
    readonly_fields = (
        *("source", "asset", "where", "counts", "approved", "state", "figure", "age", "apart"),
        *("failures", "latency", "answered"),
    )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        doors = {"switch": self.switch_view, "terms": self.terms_view}
        return [
            path("asset/<str:token>/", wrap(require_safe(self.asset_view)), name="oracle_asset"),
            path(
                "asset/<str:token>/propose/",
                wrap(require_POST(self.propose_view)),
                name="oracle_asset_propose",
            ),
            *(
                path(f"<int:pk>/{name}/", wrap(require_POST(door)), name=f"oracle_source_{name}")
                for name, door in doors.items()
            ),
            *super().get_urls(),
        ]

    # -- Pages ---------------------------------------------------------------------------------

    def enrich(self, rows: Sequence[Source]) -> None:
        names = names_of(rows[0].chain_id) if rows else {}
        for row, health in zip(rows, health_of(list(rows)), strict=True):
            row.__dict__["health"] = health
            row.__dict__["asset_name"] = names.get(row.token) or short(row.token)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        lines = asset_lines(clock.now())
        context = {"title": "Oracle", "assets": lines, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def asset_view(self, request: HttpRequest, token: str) -> HttpResponse:
        """One asset: its price, its line, what each source says, what was observed last."""
        return asset_page(self, request, token)

    # -- Doors ---------------------------------------------------------------------------------

    def propose_view(self, request: HttpRequest, token: str) -> HttpResponse:
        """Ask another person for a new source."""

        def act() -> str:
            kind = request.POST.get("kind", "")
            ticket = operations.propose_source(
                chain_id=chain.fund_chain().chain_id,
                token=token,
                name=request.POST.get("name", ""),
                terms=terms_from(request, kind=kind, active=True),
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return _ASKED.format(ticket)

        return carry_out(request, permission=PROPOSE, back_to=(_ASSET, token), act=act)

    def terms_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask another person for other terms of a source."""

        def act() -> str:
            row = get_object_or_404(Source, pk=pk)
            ticket = operations.propose_source(
                chain_id=row.chain_id,
                token=row.token,
                name=row.name,
                terms=terms_from(request, kind=row.kind, active=row.active),
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return _ASKED.format(ticket)

        return carry_out(request, permission=PROPOSE, back_to=(_PAGE, pk), act=act)

    def switch_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask another person to switch a source off, or on again."""

        def act() -> str:
            ticket = operations.propose_switch(
                source_id=pk,
                active=request.POST.get("active") == "true",
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            return _ASKED.format(ticket)

        return carry_out(request, permission=PROPOSE, back_to=(_PAGE, pk), act=act)

    # -- Cells ---------------------------------------------------------------------------------

    @admin.display(description="Source", ordering="name")
    def source(self, row: Source) -> SafeString:
        kind = SourceKind(row.kind).label
        return format_html('<strong>{}</strong><span class="sub">{}</span>', row.name, kind)

    @admin.display(description="Asset", ordering="token")
    def asset(self, row: Source) -> SafeString:
        url = reverse(_ASSET, args=[row.token])
        name = row.__dict__["asset_name"]
        return format_html('<a class="link" href="{}"><bdi>{}</bdi></a>', url, name)

    @admin.display(description="Last figure")
    def figure(self, row: Source) -> SafeString:
        health = _health(row)
        return cells.price(health.price, reason=health.error or "It was not asked")

    @admin.display(description="Made")
    def age(self, row: Source) -> SafeString:
        return display.age(_health(row).as_of, reason="No figure")

    @admin.display(description="Off the median")
    def apart(self, row: Source) -> SafeString:
        return cells.distance(_health(row).deviation_bps)

    @admin.display(description="Status", ordering="active")
    def state(self, row: Source) -> SafeString:
        health = _health(row)
        return format_html(
            '{}<span class="sub"><bdi>{}</bdi></span>', cells.verdict(health.status), health.error
        )

    @admin.display(description="Failures in a row", ordering="failures_in_a_row")
    def failures(self, row: Source) -> SafeString:
        return display.integer(row.failures_in_a_row)

    @admin.display(description="Takes", ordering="latency_ms")
    def latency(self, row: Source) -> SafeString:
        if row.latency_ms is None:
            return display.unknown("Read with the chain, or no answer")
        return format_html('<span class="num">{} ms</span>', f"{row.latency_ms:,}")

    @admin.display(description="Where")
    def where(self, row: Source) -> SafeString:
        if row.kind == SourceKind.HTTP:
            time_path = row.time_path or "the answer's own time"
            return format_html(
                '<code class="wf-break">{}</code><span class="sub">price: <code>{}</code> · time:'
                " <code>{}</code></span>",
                *(row.url, row.price_path, time_path),
            )
        if row.kind == SourceKind.AGGREGATOR:
            return display.address(row.address, chain_id=row.chain_id)
        return format_html("{}", "The contract that the fund's own trades are priced by")

    @admin.display(description="A figure counts for")
    def counts(self, row: Source) -> str:
        return display.duration_text(row.stale_after_seconds)

    @admin.display(description="Approved by")
    def approved(self, row: Source) -> SafeString:
        return display.ticket(row.ticket_id, reason="As the installation or the asset had it")

    @admin.display(description="Last gave a figure")
    def answered(self, row: Source) -> SafeString:
        return display.when(row.last_answer_at, reason="Never")


def _health(row: Source) -> SourceHealth:
    health: SourceHealth = row.__dict__["health"]
    return health
