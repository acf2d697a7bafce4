"""Every trade, and every move of the L1 buffer."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter

from apps.core import display
from apps.fund.models import Asset, AssetTrade, BufferMove, TradeKind

from .base import LogRowAdmin, method_name


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
