"""Our transactions: the call, its dry run, its attempts, and what people may do about it."""

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.admin import TabularInline

from apps.chain import config as chain_config
from apps.chain import contracts, operations
from apps.chain.admin.cells import whole
from apps.chain.config import ContractConfig, UnknownChain
from apps.chain.models import (
    BEFORE_NONCE,
    UNFINISHED,
    Attempt,
    AttemptStatus,
    ProposalStatus,
    Transaction,
    TransactionStatus,
)
from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin, carry_out

MANAGE = "chain.manage_transaction"
_PAGE = "admin:chain_transaction_change"
_TONES = {
    TransactionStatus.FINAL: "good",
    TransactionStatus.REVERTED: "bad",
    TransactionStatus.MISMATCH: "bad",
    TransactionStatus.FAILED: "bad",
    TransactionStatus.CANCELLED: "neutral",
    TransactionStatus.EXPIRED: "neutral",
}
_ATTEMPT_TONES = {AttemptStatus.MINED: "good", AttemptStatus.SENT: "info"}
_ENDED_WITHOUT_EFFECT = (
    TransactionStatus.FAILED,
    TransactionStatus.REVERTED,
    TransactionStatus.CANCELLED,
    TransactionStatus.EXPIRED,
)
_GWEI = 10**9


class AttemptInline(TabularInline):
    """The signed bytes of a transaction, by their hashes."""

    model = Attempt
    verbose_name_plural = "attempts"
    fields = ("what", "state", "nonce", "fee", "to", "sends", "sent", "trouble")
    readonly_fields = fields
    can_delete = False
    hide_title = True
    extra = 0
    ordering = ("id",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Bytes")
    def what(self, row: Attempt) -> SafeString:
        return format_html(
            '{}<span class="sub">{}</span>',
            display.tx_link(row.transaction.chain_id, row.tx_hash),
            row.get_kind_display(),
        )

    @admin.display(description="State")
    def state(self, row: Attempt) -> SafeString:
        tone = _ATTEMPT_TONES.get(AttemptStatus(row.status), "neutral")
        return display.status_pill(AttemptStatus(row.status).name.capitalize(), tone)

    @admin.display(description="Fee, gwei")
    def fee(self, row: Attempt) -> SafeString:
        return format_html(
            '<span class="num" title="at most, of which the tip">{} + {}</span>',
            _gwei(row.max_fee_per_gas - row.max_priority_fee_per_gas),
            _gwei(row.max_priority_fee_per_gas),
        )

    @admin.display(description="Sent to")
    def to(self, row: Attempt) -> Any:
        return row.sent_to or display.unknown("Not sent yet")

    @admin.display(description="First sent")
    def sent(self, row: Attempt) -> SafeString:
        return display.when(row.sent_at)

    @admin.display(description="The node said")
    def trouble(self, row: Attempt) -> Any:
        return row.last_error or display.unknown("Nothing against it")


@admin.register(Transaction)
class TransactionAdmin(ReadOnlyAdmin):
    """What we asked of the contracts, and how far each came."""

    list_display = ("what", "value", "state", "ticket", "requested_by", "created", "hash")
    list_filter = ("status", "kind", "tier")
    search_fields = ("key", "subject_id", "mined_hash", "attempts__tx_hash", "sentence")
    search_help_text = "What it is about, its key, or a transaction hash"
    ordering = ("-id",)
    inlines: ClassVar = [AttemptInline]
    change_form_outer_before_template = "admin/chain/transaction_before.html"
    fieldsets: ClassVar = [
        (
            None,
            {"fields": ["what", "value", "state", "trouble", "ticket", "requested_by", "created"]},
        ),
        ("Call", {"fields": ["target", "decoded", "expected", "dry_run"]}),
        (
            "On chain",
            {"fields": ["hash", "by", "nonce", "gas", "mined_in"]},
        ),
        ("Life", {"fields": ["signed", "sent", "mined", "finished", "deadline"]}),
        (
            "As it is kept",
            {"fields": ["key", "raw_calldata", "call_hash"], "classes": ["collapse"]},
        ),
    ]
    readonly_fields = (
        *("what", "value", "state", "trouble", "ticket", "created", "target", "decoded"),
        *("raw_calldata", "expected", "dry_run", "hash", "by", "gas", "mined_in"),
        *("signed", "sent", "mined", "finished", "deadline"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transaction]:
        rows: QuerySet[Transaction] = super().get_queryset(request)
        newest = Attempt.objects.filter(transaction=OuterRef("pk")).order_by("-id")
        return rows.annotate(newest_hash=Subquery(newest.values("tx_hash")[:1]))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        doors = {"cancel": self.cancel_view, "bump": self.bump_view, "retry": self.retry_view}
        return [
            *(
                path(
                    f"<int:pk>/{name}/", wrap(require_POST(door)), name=f"chain_transaction_{name}"
                )
                for name, door in doors.items()
            ),
            *super().get_urls(),
        ]

    def beside(self, request: HttpRequest, row: Transaction) -> dict[str, Any]:
        return {
            "can_cancel": row.status in UNFINISHED
            and row.status != TransactionStatus.MINED
            and not row.cancel_reason,
            "unsigned": row.status in BEFORE_NONCE,
            "can_bump": row.status == TransactionStatus.BROADCAST and not row.bump_asked,
            "can_retry": row.status in _ENDED_WITHOUT_EFFECT
            and not row.proposals.exclude(status=ProposalStatus.WITHDRAWN).exists(),
            "proposal": row.proposals.order_by("-id").first(),
        }

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a transaction back, or have its nonce spent on nothing."""

        def act() -> str:
            ended = operations.cancel_transaction(
                transaction_id=pk,
                reason=request.POST.get("reason", ""),
                actor=Actor.of_request(request),
                at=clock.now(),
            )
            if ended:
                return "Cancelled; nothing was sent."
            return "The sender spends its nonce on nothing. The call may still be mined first."

        return carry_out(request, permission=MANAGE, back_to=(_PAGE, pk), act=act)

    def bump_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Raise the fee now."""

        def act() -> str:
            operations.bump_now(transaction_id=pk, actor=Actor.of_request(request), at=clock.now())
            return "The sender offers a higher fee for the same nonce."

        return carry_out(request, permission=MANAGE, back_to=(_PAGE, pk), act=act)

    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Queue the same call again."""

        def act() -> str:
            again = operations.retry(
                transaction_id=pk, actor=Actor.of_request(request), at=clock.now()
            )
            return f"Transaction {again} tries the same call again."

        return carry_out(request, permission=MANAGE, back_to=(_PAGE, pk), act=act)

    @admin.display(description="Asked", ordering="created_at")
    def created(self, row: Transaction) -> SafeString:
        return display.when(row.created_at)

    @admin.display(description="What", ordering="id")
    def what(self, row: Transaction) -> SafeString:
        return format_html("<strong>#{}</strong> <bdi>{}</bdi>", row.pk, row.sentence)

    @admin.display(description="Value", ordering="moved_assets")
    def value(self, row: Transaction) -> SafeString:
        return display.money(row.moved_assets or None, reason="It moves no assets")

    @admin.display(description="Status", ordering="status")
    def state(self, row: Transaction) -> SafeString:
        pill = display.status_pill(
            row.get_status_display(), _TONES.get(TransactionStatus(row.status), "info")
        )
        if not row.error:
            return pill
        return format_html(
            '{}<span class="sub" title="{}"><bdi>{}</bdi></span>', pill, row.error, row.error[:90]
        )

    @admin.display(description="Ticket")
    def ticket(self, row: Transaction) -> SafeString:
        return display.ticket(row.ticket_id)

    @admin.display(description="Hash")
    def hash(self, row: Transaction) -> SafeString:
        return display.tx_link(row.chain_id, row.mined_hash or row.__dict__["newest_hash"])

    @admin.display(description="Problem")
    def trouble(self, row: Transaction) -> Any:
        return row.error or display.unknown("Nothing went wrong")

    @admin.display(description="Contract")
    def target(self, row: Transaction) -> SafeString:
        contract = _contract(row)
        return display.address(row.to, contract.kind if contract else "", chain_id=row.chain_id)

    @admin.display(description="Call")
    def decoded(self, row: Transaction) -> SafeString:
        contract = _contract(row)
        call = contracts.decode_call(contract, row.calldata) if contract else None
        if call is None:
            return display.unknown("The contract is no longer configured")
        name, args = call
        pairs = format_html_join(
            "", "<dt>{}</dt><dd><bdi>{}</bdi></dd>", ((key, whole(v)) for key, v in args.items())
        )
        return format_html('<code>{}</code><dl class="decoded">{}</dl>', name, pairs)

    @admin.display(description="Dry run")
    def dry_run(self, row: Transaction) -> SafeString:
        run = row.simulation
        if not run:
            return display.unknown("Not tried yet")
        events = ", ".join(effect["event"] for effect in run["logs"]) or "no event of ours"
        compared = (
            format_html("would emit {}", events)
            if run["compared"]
            else "does not revert; this node cannot tell its events"
        )
        return format_html(
            "{} at block {}, {} gas",
            compared,
            display.integer(run["block"]),
            display.integer(run["gas"]),
        )

    @admin.display(description="Calldata")
    def raw_calldata(self, row: Transaction) -> SafeString:
        return format_html('<pre class="trace">{}</pre>', row.calldata)

    @admin.display(description="Must emit")
    def expected(self, row: Transaction) -> str:
        return str(contracts.ExpectedEvent.from_json(row.expects))

    @admin.display(description="Signed by")
    def by(self, row: Transaction) -> SafeString:
        if not row.signer:
            return display.unknown("Not signed yet")
        words = "for the warm wallet" if row.tier == "WARM" else ""
        return display.address(row.signer, words, chain_id=row.chain_id)

    @admin.display(description="Gas")
    def gas(self, row: Transaction) -> SafeString:
        return format_html(
            "{} used of {}",
            display.integer(row.gas_used, reason="Not mined yet"),
            display.integer(row.gas_limit, reason="Not tried yet"),
        )

    @admin.display(description="Mined in block")
    def mined_in(self, row: Transaction) -> SafeString:
        return display.integer(row.mined_block, reason="Not mined yet")

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

    @admin.display(description="To be signed before")
    def deadline(self, row: Transaction) -> SafeString:
        return display.when(row.deadline_at, reason="It has no deadline")


def _contract(row: Transaction) -> ContractConfig | None:
    try:
        return chain_config.chain(row.chain_id).contract_at(row.to)
    except UnknownChain:
        return None


def _gwei(wei: int) -> str:
    """Three decimals, as many as anybody compares fees by."""
    return f"{Decimal(wei) / _GWEI:,.3f}"
