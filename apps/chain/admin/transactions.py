"""Our transactions and their attempts."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.chain import config as chain_config
from apps.chain import operations
from apps.chain.models import (
    Attempt,
    Transaction,
    TransactionStatus,
)
from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import Refused

_TRANSACTION_TONES = {
    TransactionStatus.FINAL: "good",
    TransactionStatus.REVERTED: "bad",
    TransactionStatus.MISMATCH: "bad",
    TransactionStatus.FAILED: "bad",
    TransactionStatus.CANCELLED: "neutral",
    TransactionStatus.EXPIRED: "neutral",
}


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
