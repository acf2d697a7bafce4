"""Events as people see them; only a retry changes anything."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.chain import contracts, operations
from apps.chain.admin.cells import shortened, whole
from apps.chain.models import (
    Log,
    LogStatus,
)
from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import Refused

_LOG_TONES = {
    LogStatus.SEEN: "info",
    LogStatus.FINAL: "info",
    LogStatus.APPLIED: "good",
    LogStatus.IGNORED: "neutral",
    LogStatus.ORPHANED: "neutral",
    LogStatus.UNKNOWN: "warn",
    LogStatus.UNDECODABLE: "bad",
    LogStatus.FAILED: "bad",
}


@admin.register(Log)
class LogAdmin(ReadOnlyAdmin):
    """Every stored event with its decoded arguments; a parked one can be retried."""

    list_display = ("place", "name", "arguments", "state", "transaction")
    list_filter = ("status", "contract_kind", "event")
    search_fields = ("tx_hash", "address", "key", "event")
    search_help_text = "Transaction hash, contract address or event name"
    ordering = ("-block_number", "-log_index")
    list_select_related = False
    change_form_outer_before_template = "admin/chain/log_before.html"
    fieldsets: ClassVar = [
        (None, {"fields": ["what", "state", "decoded", "problem"]}),
        (
            "Where",
            {"fields": ["contract", "block", "when", "transaction", "log_index", "position"]},
        ),
        ("Life", {"fields": ["seen", "final", "applied", "attempts", "retry"]}),
        ("As the node gave it", {"fields": ["raw_topics", "raw_data"], "classes": ["collapse"]}),
    ]
    readonly_fields = (
        *("what", "state", "decoded", "problem", "contract", "block", "when", "transaction"),
        *("seen", "final", "applied", "retry", "raw_topics", "raw_data"),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.retry_view))
        return [
            path("<int:pk>/retry/", view, name="chain_log_retry"),
            *super().get_urls(),
        ]

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let the dispatcher take a parked event again."""
        if not request.user.has_perm("chain.retry_log"):
            raise PermissionDenied
        try:
            operations.retry_log(log_id=pk, actor=Actor.of_request(request), at=clock.now())
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "The event will be applied again within a second.")
        return HttpResponseRedirect(reverse("admin:chain_log_change", args=[pk]))

    @admin.display(description="Block", ordering="block_number")
    def place(self, row: Log) -> SafeString:
        return format_html(
            '{}<span class="sub">{}</span>',
            display.integer(row.block_number),
            display.age(row.block_at),
        )

    @admin.display(description="Event", ordering="event")
    def name(self, row: Log) -> SafeString:
        kind = row.contract_kind.replace("_", " ")
        return format_html('{}<span class="sub">{}</span>', self.what(row), kind)

    @admin.display(description="Block", ordering="block_number")
    def block(self, row: Log) -> SafeString:
        return display.integer(row.block_number)

    @admin.display(description="Time", ordering="block_at")
    def when(self, row: Log) -> SafeString:
        return display.when(row.block_at)

    @admin.display(description="Event", ordering="event")
    def what(self, row: Log) -> SafeString:
        if row.event:
            return format_html("<strong>{}</strong>", row.event)
        topic = row.topics[0] if row.topics else ""
        return format_html('<span title="{}">unknown event</span>', topic)

    @admin.display(description="Arguments")
    def arguments(self, row: Log) -> SafeString:
        pairs = ((name, shortened(value)) for name, value in (_args(row) or {}).items())
        told = format_html_join("", '<span><span class="label">{}</span> {}</span>', pairs)
        return format_html('<div class="args">{}</div>', told)

    @admin.display(description="Status", ordering="status")
    def state(self, row: Log) -> SafeString:
        tone = _LOG_TONES.get(LogStatus(row.status), "neutral")
        return display.status_pill(row.get_status_display(), tone)

    @admin.display(description="Transaction")
    def transaction(self, row: Log) -> SafeString:
        return display.tx_link(row.chain_id, row.tx_hash)

    @admin.display(description="Contract")
    def contract(self, row: Log) -> SafeString:
        return display.address(row.address, row.contract_kind, chain_id=row.chain_id)

    @admin.display(description="Arguments")
    def decoded(self, row: Log) -> SafeString:
        args = _args(row)
        if args is None:
            return display.unknown("This event's ABI is not known; the raw data is kept below")
        pairs = ((name, whole(value)) for name, value in args.items())
        return format_html(
            '<dl class="decoded">{}</dl>',
            format_html_join("", "<dt>{}</dt><dd>{}</dd>", pairs),
        )

    @admin.display(description="Problem")
    def problem(self, row: Log) -> SafeString:
        if not row.error:
            return display.unknown("Nothing went wrong")
        return format_html('<pre class="trace">{}</pre>', row.error)

    @admin.display(description="Seen")
    def seen(self, row: Log) -> SafeString:
        return display.when(row.seen_at)

    @admin.display(description="Final")
    def final(self, row: Log) -> SafeString:
        return display.when(row.final_at, reason="Not final yet")

    @admin.display(description="Applied")
    def applied(self, row: Log) -> SafeString:
        return display.when(row.applied_at, reason="Not applied yet")

    @admin.display(description="Next retry")
    def retry(self, row: Log) -> SafeString:
        return display.when(row.retry_at, reason="No retry is due")

    @admin.display(description="Topics")
    def raw_topics(self, row: Log) -> SafeString:
        return format_html('<pre class="trace">{}</pre>', "\n".join(row.topics))

    @admin.display(description="Data")
    def raw_data(self, row: Log) -> SafeString:
        return format_html('<pre class="trace">{}</pre>', row.data)


def _args(row: Log) -> dict[str, Any] | None:
    return contracts.in_abi_order(row.chain_id, row.address, row.topics, row.args)
