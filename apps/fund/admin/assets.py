"""What the fund holds, and every trade."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter

from apps.core import display
from apps.fund import queries
from apps.fund.models import Asset, AssetTrade, BufferMove, TradeKind

from .base import FundAdmin, LogRowAdmin, ratio

_NOT_READ = "Not in the newest snapshot"
METHODS = ("OTC", "Swap", "Automatic")


@admin.register(Asset)
class AssetAdmin(FundAdmin):
    """The register with each asset's figures in the newest snapshot."""

    list_display = (
        *("asset", "tier", "balance", "price", "value", "weight", "target", "day", "state"),
    )
    list_filter = ("tier", "listed")
    list_before_template = "admin/fund/as_of.html"
    search_fields = ("symbol", "name", "token")
    search_help_text = "Symbol, name or address"
    fieldsets: ClassVar = [
        (None, {"fields": ["asset", "name", "token_", "tier", "state"]}),
        ("Holding", {"fields": ["balance", "price", "day", "value", "weight", "target"]}),
        ("Purchases", {"fields": ["method", "slippage", "minimum", "opens", "closes"]}),
        ("Register", {"fields": ["listed_", "removed"]}),
    ]
    readonly_fields = (
        *("asset", "name", "token_", "tier", "state", "balance", "price", "day", "value"),
        *("weight", "target", "method", "slippage", "minimum", "opens", "closes"),
        *("listed_", "removed"),
    )

    def enrich(self, rows: Sequence[Any]) -> None:
        views = {view.token: view for view in queries.assets(listed_only=False)}
        for row in rows:
            row.seen = views[row.token]

    def panel(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        return {"overview": queries.latest_overview()}

    @admin.display(description="Asset", ordering="symbol")
    def asset(self, row: Asset) -> str:
        return str(row)

    @admin.display(description="Token")
    def token_(self, row: Asset) -> SafeString:
        return display.address(row.token, chain_id=row.chain_id)

    @admin.display(description="Balance")
    def balance(self, row: Any) -> SafeString:
        return display.money(row.seen.balance, row.symbol, row.decimals, places=2, reason=_NOT_READ)

    @admin.display(description="Price")
    def price(self, row: Any) -> SafeString:
        return display.money(row.seen.price_assets, places=6, reason="The oracle did not answer")

    @admin.display(description="Value")
    def value(self, row: Any) -> SafeString:
        return display.money(row.seen.value_assets, reason=_NOT_READ)

    @admin.display(description="Weight in AUM")
    def weight(self, row: Any) -> SafeString:
        return display.bps(row.seen.weight_bps, reason=_NOT_READ)

    @admin.display(description="Target in tier", ordering="target_bps")
    def target(self, row: Asset) -> SafeString:
        return display.bps(row.target_bps)

    @admin.display(description="24 h")
    def day(self, row: Any) -> SafeString:
        return ratio(row.seen.change_24h, reason="No price of a day ago is known")

    @admin.display(description="Purchases", ordering="listed")
    def state(self, row: Any) -> SafeString:
        if not row.listed:
            return display.status_pill("Removed", "neutral")
        if row.seen.active is None:
            return display.status_pill("Listed", "neutral")
        if row.seen.active:
            return display.status_pill("Open", "good")
        return display.status_pill("Closed", "warn")

    @admin.display(description="Bought by")
    def method(self, row: Any) -> SafeString | str:
        if row.seen.purchase_method is None:
            return display.unknown(_NOT_READ)
        return method_name(row.seen.purchase_method)

    @admin.display(description="Slippage at most")
    def slippage(self, row: Any) -> SafeString:
        return display.bps(row.seen.max_slippage_bps, reason=_NOT_READ)

    @admin.display(description="Purchase at least")
    def minimum(self, row: Any) -> SafeString:
        return display.money(row.seen.min_purchase_assets, reason=_NOT_READ)

    @admin.display(description="Window opens")
    def opens(self, row: Any) -> SafeString:
        return display.when(row.seen.subscription_starts_at, reason="No lower bound")

    @admin.display(description="Window closes")
    def closes(self, row: Any) -> SafeString:
        return display.when(row.seen.subscription_ends_at, reason="No upper bound")

    @admin.display(description="Listed")
    def listed_(self, row: Asset) -> SafeString:
        return display.when(row.listed_at)

    @admin.display(description="Removed")
    def removed(self, row: Asset) -> SafeString:
        return display.when(row.removed_at, reason="Still listed")


@admin.register(AssetTrade)
class AssetTradeAdmin(LogRowAdmin):
    """Every purchase, allocation, redemption, liquidation and compounding."""

    list_display = ("when", "what", "asset", "amount", "quantity", "paid", "route", "transaction")
    list_filter = ("kind", "tier", ("at", RangeDateTimeFilter))
    search_fields = ("token", "tx_hash")
    search_help_text = "Token or transaction hash"
    fields = (
        *("when", "what", "asset", "token_", "tier", "amount", "quantity", "paid", "route"),
        *("block", "transaction"),
    )
    readonly_fields = fields

    def enrich(self, rows: Sequence[Any]) -> None:
        register = {row.token: row for row in Asset.objects.all()}
        for row in rows:
            row.seen = register.get(row.token)

    @admin.display(description="Trade", ordering="kind")
    def what(self, row: AssetTrade) -> SafeString:
        tones = {
            TradeKind.PURCHASE: "info",
            TradeKind.ALLOCATION: "info",
            TradeKind.LIQUIDATION: "warn",
            TradeKind.YIELD: "good",
        }
        return display.status_pill(
            row.get_kind_display(), tones.get(TradeKind(row.kind), "neutral")
        )

    @admin.display(description="Asset", ordering="token")
    def asset(self, row: Any) -> SafeString | str:
        if row.seen is None:
            return display.address(row.token, chain_id=row.chain_id)
        return str(row.seen)

    @admin.display(description="Token")
    def token_(self, row: AssetTrade) -> SafeString:
        return display.address(row.token, chain_id=row.chain_id)

    @admin.display(description="USDT", ordering="assets")
    def amount(self, row: AssetTrade) -> SafeString:
        return display.money(row.assets)

    @admin.display(description="Quantity")
    def quantity(self, row: Any) -> SafeString:
        if row.seen is None:
            return display.integer(row.tokens)
        return display.money(row.tokens, row.seen.symbol, row.seen.decimals, places=2)

    @admin.display(description="Price paid")
    def paid(self, row: Any) -> SafeString:
        price = row.price(row.seen.decimals) if row.seen else None
        return display.money(price, places=6, reason="Nothing was traded")

    @admin.display(description="Route", ordering="method")
    def route(self, row: AssetTrade) -> SafeString | str:
        if row.method is None:
            return display.unknown("The event does not say")
        return method_name(row.method)


@admin.register(BufferMove)
class BufferMoveAdmin(LogRowAdmin):
    """Every move of the L1 buffer towards its target."""

    list_display = ("when", "before", "after", "aim", "transaction")
    fields = ("when", "before", "after", "aim", "block", "transaction")
    readonly_fields = fields

    @admin.display(description="Before")
    def before(self, row: BufferMove) -> SafeString:
        return display.money(row.old_buffer_assets)

    @admin.display(description="After")
    def after(self, row: BufferMove) -> SafeString:
        return display.money(row.new_buffer_assets)

    @admin.display(description="Target")
    def aim(self, row: BufferMove) -> SafeString:
        return display.money(row.target_buffer_assets)


def method_name(method: int) -> str:
    """A purchase method in words; its number when the contracts have one we do not know."""
    return METHODS[method] if method < len(METHODS) else f"Method {method}"
