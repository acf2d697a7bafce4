"""Events, transactions and how far each chain is read; only retry and cancel change anything."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.chain import config as chain_config
from apps.chain import contracts, operations
from apps.chain.models import (
    Attempt,
    Cursor,
    Log,
    LogStatus,
    ReorgEvent,
    Transaction,
    TransactionStatus,
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
_TRANSACTION_TONES = {
    TransactionStatus.FINAL: "good",
    TransactionStatus.REVERTED: "bad",
    TransactionStatus.MISMATCH: "bad",
    TransactionStatus.FAILED: "bad",
    TransactionStatus.CANCELLED: "neutral",
    TransactionStatus.EXPIRED: "neutral",
}
_SHORT = 42


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
        pairs = ((name, _shortened(value)) for name, value in (_args(row) or {}).items())
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
        pairs = ((name, _whole(value)) for name, value in args.items())
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


class AttemptInline(admin.TabularInline):
    """The signed bytes of a transaction, by their hashes."""

    model = Attempt
    fields = ("tx_hash", "nonce", "max_fee_per_gas", "sends", "sent_at", "last_error")
    readonly_fields = fields
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Transaction)
class TransactionAdmin(ReadOnlyAdmin):
    """What we asked of the contracts, and how far each came."""

    list_display = ("id", "created", "what", "state", "ticket", "requested_by", "hash", "trouble")
    list_filter = ("status", "kind")
    search_fields = ("key", "subject_id", "mined_hash", "attempts__tx_hash", "sentence")
    search_help_text = "What it is about, its key, or a transaction hash"
    ordering = ("-id",)
    inlines: ClassVar = [AttemptInline]
    change_form_outer_before_template = "admin/chain/transaction_before.html"
    fieldsets: ClassVar = [
        (None, {"fields": ["what", "state", "trouble", "ticket", "requested_by", "created"]}),
        ("Call", {"fields": ["target", "raw_calldata", "call_hash", "expected"]}),
        (
            "On chain",
            {"fields": ["hash", "signer", "nonce", "gas_limit", "gas_used", "mined_block"]},
        ),
        ("Life", {"fields": ["key", "signed", "sent", "mined", "finished"]}),
    ]
    readonly_fields = (
        *("what", "state", "trouble", "ticket", "created", "target", "raw_calldata", "expected"),
        *("hash", "signed", "sent", "mined", "finished"),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.cancel_view))
        return [
            path("<int:pk>/cancel/", view, name="chain_transaction_cancel"),
            *super().get_urls(),
        ]

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a transaction back before it is signed."""
        if not request.user.has_perm("chain.manage_transaction"):
            raise PermissionDenied
        try:
            operations.cancel_transaction(
                transaction_id=pk,
                reason=request.POST.get("reason", "").strip()[:500],
                actor=Actor.of_request(request),
                at=clock.now(),
            )
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "Cancelled; nothing was sent.")
        return HttpResponseRedirect(reverse("admin:chain_transaction_change", args=[pk]))

    @admin.display(description="Asked", ordering="created_at")
    def created(self, row: Transaction) -> SafeString:
        return display.when(row.created_at)

    @admin.display(description="What")
    def what(self, row: Transaction) -> str:
        return row.sentence

    @admin.display(description="Status", ordering="status")
    def state(self, row: Transaction) -> SafeString:
        tone = _TRANSACTION_TONES.get(TransactionStatus(row.status), "info")
        return display.status_pill(row.get_status_display(), tone)

    @admin.display(description="Ticket")
    def ticket(self, row: Transaction) -> SafeString:
        if row.ticket_id is None:
            return display.unknown("Needs no ticket")
        url = reverse("admin:approvals_ticket_change", args=[row.ticket_id])
        return format_html('<a href="{}">Ticket {}</a>', url, row.ticket_id)

    @admin.display(description="Hash")
    def hash(self, row: Transaction) -> SafeString:
        last = row.attempts.order_by("-id").first()
        return display.tx_link(row.chain_id, row.mined_hash or (last.tx_hash if last else None))

    @admin.display(description="Problem")
    def trouble(self, row: Transaction) -> Any:
        return row.error or display.unknown("Nothing went wrong")

    @admin.display(description="Contract")
    def target(self, row: Transaction) -> SafeString:
        contract = chain_config.chain(row.chain_id).contract_at(row.to)
        return display.address(row.to, contract.kind if contract else "", chain_id=row.chain_id)

    @admin.display(description="Calldata")
    def raw_calldata(self, row: Transaction) -> SafeString:
        return format_html('<pre class="trace">{}</pre>', row.calldata)

    @admin.display(description="Must emit")
    def expected(self, row: Transaction) -> str:
        args = ", ".join(f"{name} = {value}" for name, value in row.expects["args"].items())
        return f"{row.expects['event']}({args})"

    @admin.display(description="Signed")
    def signed(self, row: Transaction) -> SafeString:
        return display.when(row.signed_at)

    @admin.display(description="Sent")
    def sent(self, row: Transaction) -> SafeString:
        return display.when(row.broadcast_at)

    @admin.display(description="Mined")
    def mined(self, row: Transaction) -> SafeString:
        return display.when(row.mined_at)

    @admin.display(description="Finished")
    def finished(self, row: Transaction) -> SafeString:
        return display.when(row.finished_at)


@admin.register(Cursor)
class CursorAdmin(ReadOnlyAdmin):
    """How far each chain is read: head, read, final, and what stopped it."""

    list_display = ("chain", "head", "read", "final", "polled", "node", "condition")
    fieldsets: ClassVar = [
        (None, {"fields": ["chain", "condition", "head", "read", "final", "polled", "node"]}),
        ("Hashes", {"fields": ["tip_hash", "final_hash", "epoch"]}),
    ]
    readonly_fields = ("chain", "condition", "head", "read", "final", "polled", "node")

    @admin.display(description="Chain")
    def chain(self, row: Cursor) -> str:
        try:
            return f"{chain_config.chain(row.chain_id).name} ({row.chain_id})"
        except chain_config.UnknownChain:
            return f"{row.chain_id}, no longer configured"

    @admin.display(description="Node's head")
    def head(self, row: Cursor) -> SafeString:
        return _block_and_age(row.head_number, row.head_seen_at)

    @admin.display(description="Read up to")
    def read(self, row: Cursor) -> SafeString:
        return _block_and_age(row.next_block - 1, row.tip_seen_at)

    @admin.display(description="Final up to")
    def final(self, row: Cursor) -> SafeString:
        return _block_and_age(row.final_number, row.final_at)

    @admin.display(description="Last asked")
    def polled(self, row: Cursor) -> SafeString:
        return display.age(row.polled_at)

    @admin.display(description="Node")
    def node(self, row: Cursor) -> str:
        return row.provider

    @admin.display(description="Condition")
    def condition(self, row: Cursor) -> SafeString:
        if row.halted_reason:
            return format_html("{} {}", display.status_pill("Halted", "bad"), row.halted_reason)
        return display.status_pill("Reading", "good")


@admin.register(ReorgEvent)
class ReorgEventAdmin(ReadOnlyAdmin):
    """Every switch to another branch."""

    list_display = ("at", "chain_id", "ancestor_number", "depth", "orphaned_logs", "adopted_logs")
    ordering = ("-id",)


def _args(row: Log) -> dict[str, Any] | None:
    return contracts.in_abi_order(row.chain_id, row.address, row.topics, row.args)


def _shortened(value: Any) -> Any:
    text = str(value)
    if len(text) == _SHORT and text.startswith("0x"):
        return display.address(text)
    return (
        text if len(text) <= _SHORT else format_html('<span title="{}">{}…</span>', text, text[:40])
    )


def _whole(value: Any) -> Any:
    text = str(value)
    return display.address(text) if len(text) == _SHORT and text.startswith("0x") else text


def _block_and_age(number: int | None, instant: Any) -> SafeString:
    if number is None:
        return display.unknown("Nothing read yet")
    return format_html("{} · {}", display.integer(number), display.age(instant))
