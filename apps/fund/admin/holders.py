"""Who holds the fund, and how their shares moved."""

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.accounts.queries import labels_of
from apps.core import display
from apps.fund import queries
from apps.fund.models import Holder, MovementKind, ShareMovement

from .base import FundAdmin, LogRowAdmin, change_url

HISTORY_MAX = 20
_NO_SNAPSHOT = "The fund has not been read yet"


@admin.register(Holder)
class HolderAdmin(FundAdmin):
    """Balances exactly as the share token has them."""

    list_display = ("account", "balance", "locked", "value", "share", "last")
    list_before_template = "admin/fund/as_of.html"
    change_form_after_template = "admin/fund/holder_after.html"
    search_fields = ("address",)
    search_help_text = "Address"
    ordering = ("-balance_shares", "address")
    fieldsets: ClassVar = [
        (None, {"fields": ["account", "balance", "locked", "pending", "free", "value", "share"]}),
        ("Activity", {"fields": ["first", "last", "histories"]}),
    ]
    readonly_fields = (
        *("account", "balance", "locked", "pending", "free", "value", "share"),
        *("first", "last", "histories"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Holder]:
        # The vault's own account only keeps shares of others.
        rows: QuerySet[Holder] = super().get_queryset(request).exclude(address=F("vault"))
        return rows

    def enrich(self, rows: Sequence[Any]) -> None:
        overview = queries.latest_overview()
        labels = labels_of(row.address for row in rows)
        for row in rows:
            row.seen = queries.holder_view(row, overview)
            row.label = labels[row.address]

    def panel(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        return {"overview": queries.latest_overview()}

    def beside(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return _history(row)

    @admin.display(description="Account", ordering="address")
    def account(self, row: Any) -> SafeString:
        return display.address(row.address, row.label, chain_id=row.chain_id)

    @admin.display(description="Balance", ordering="balance_shares")
    def balance(self, row: Holder) -> SafeString:
        return display.money(row.balance_shares, "PPT")

    @admin.display(description="Locked", ordering="locked_shares")
    def locked(self, row: Holder) -> SafeString:
        return display.money(row.locked_shares, "PPT")

    @admin.display(description="Waiting for approval", ordering="pending_shares")
    def pending(self, row: Holder) -> SafeString:
        return display.money(row.pending_shares, "PPT")

    @admin.display(description="Free")
    def free(self, row: Holder) -> SafeString:
        return display.money(row.free_shares, "PPT")

    @admin.display(description="Value")
    def value(self, row: Any) -> SafeString:
        return display.money(row.seen.value_assets, reason=_NO_SNAPSHOT)

    @admin.display(description="Share of supply")
    def share(self, row: Any) -> SafeString:
        return display.bps(row.seen.supply_bps, reason=_NO_SNAPSHOT)

    @admin.display(description="First activity", ordering="first_activity_at")
    def first(self, row: Holder) -> SafeString:
        return display.when(row.first_activity_at)

    @admin.display(description="Last activity", ordering="last_activity_at")
    def last(self, row: Holder) -> SafeString:
        return display.when(row.last_activity_at)

    @admin.display(description="History")
    def histories(self, row: Holder) -> SafeString:
        search = urlencode({"q": row.address})
        links = [
            ("Subscriptions", change_url("admin:fund_subscription_changelist", search)),
            ("Redemptions", change_url("admin:redemptions_redemption_changelist", search)),
            ("Payouts", change_url("admin:fund_payout_changelist", search)),
            ("Share movements", change_url("admin:fund_sharemovement_changelist", search)),
        ]
        return format_html_join(
            " · ", '<a class="link" href="{1}">{0}</a>', [link for link in links if link[1]]
        )


def _history(row: Any) -> dict[str, Any]:
    """What came in from an account and went out to it, newest first; requests that were not paid
    are the redemption list's to show."""
    search = urlencode({"q": row.address})
    return {
        "lines": queries.holder_flows(row.address, count_max=HISTORY_MAX),
        "lines_max": HISTORY_MAX,
        "requests_url": change_url("admin:redemptions_redemption_changelist", search),
        "subscriptions_url": change_url("admin:fund_subscription_changelist", search),
        "payouts_url": change_url("admin:fund_payout_changelist", search),
    }


@admin.register(ShareMovement)
class ShareMovementAdmin(LogRowAdmin):
    """Every mint, transfer, burn, lock and unlock."""

    list_display = ("when", "what", "moved", "source", "target", "transaction")
    list_filter = ("kind",)
    search_fields = ("sender", "recipient", "tx_hash")
    search_help_text = "Address or transaction hash"
    fields = ("when", "what", "moved", "source", "target", "block", "transaction")
    readonly_fields = fields

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False  # reached from a holder's page

    @admin.display(description="Movement", ordering="kind")
    def what(self, row: ShareMovement) -> SafeString:
        tones = {MovementKind.MINT: "good", MovementKind.BURN: "warn", MovementKind.LOCK: "info"}
        return display.status_pill(
            row.get_kind_display(), tones.get(MovementKind(row.kind), "neutral")
        )

    @admin.display(description="Shares", ordering="shares")
    def moved(self, row: ShareMovement) -> SafeString:
        return display.money(row.shares, "PPT")

    @admin.display(description="From")
    def source(self, row: ShareMovement) -> SafeString:
        if row.kind == MovementKind.MINT:
            return format_html('<span class="soft">{}</span>', "minted")
        return display.address(row.sender, chain_id=row.chain_id)

    @admin.display(description="To")
    def target(self, row: ShareMovement) -> SafeString:
        if row.kind == MovementKind.BURN:
            return format_html('<span class="soft">{}</span>', "burned")
        return display.address(row.recipient, chain_id=row.chain_id)
