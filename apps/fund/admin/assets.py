"""What the fund holds: the register, each asset through time, and how either is changed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.safestring import SafeString

from apps.core import display
from apps.fund import queries
from apps.fund.models import Asset

from .asset_changes import door_urls, doors_of_asset, doors_of_register
from .base import FundAdmin, method_name, ratio
from .charts import asset_charts

_NOT_READ = "Not in the newest snapshot"


@admin.register(Asset)
class AssetAdmin(FundAdmin):
    """The register with each asset's figures in the newest snapshot."""

    list_display = (
        *("asset", "tier", "balance", "price", "value", "weight", "whole", "day", "issuer"),
        "state",
    )
    list_filter = ("tier", "listed")
    list_before_template = "admin/fund/assets_before.html"
    change_form_outer_before_template = "admin/fund/asset_before.html"
    search_fields = ("symbol", "name", "token")
    search_help_text = "Symbol, name or address"
    fieldsets: ClassVar = [
        (None, {"fields": ["asset", "name", "token_", "tier", "state"]}),
        ("Holding", {"fields": ["balance", "price", "day", "value", "weight", "target", "whole"]}),
        ("Behind it", {"fields": ["issuer", "contact", "matures", "notice"]}),
        ("Purchases", {"fields": ["method", "slippage", "minimum", "opens", "closes"]}),
        ("Register", {"fields": ["listed_", "removed"]}),
    ]
    readonly_fields = (
        *("asset", "name", "token_", "tier", "state", "balance", "price", "day", "value"),
        *("weight", "target", "whole", "method", "slippage", "minimum", "opens", "closes"),
        *("issuer", "contact", "matures", "notice", "listed_", "removed"),
    )

    def get_urls(self) -> list[URLPattern]:
        return [*door_urls(self.admin_site.admin_view), *super().get_urls()]

    def beside(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        as_of = row.seen.as_of or row.removed_at or row.listed_at
        return {
            **asset_charts(row.token, row.decimals, end=as_of + timedelta(microseconds=1)),
            **doors_of_asset(request, row),
        }

    def enrich(self, rows: Sequence[Any]) -> None:
        views = {view.token: view for view in queries.assets(listed_only=False)}
        for row in rows:
            row.seen = views[row.token]

    def panel(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        return {"overview": queries.latest_overview(), **doors_of_register(request)}

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

    @admin.display(description="Target")
    def whole(self, row: Any) -> SafeString:
        return display.bps(row.seen.target_whole_bps, reason="Not listed, or without a tier target")

    @admin.display(description="Issuer")
    def issuer(self, row: Any) -> SafeString | str:
        return row.seen.issuer or display.unknown("Nobody has named it yet")

    @admin.display(description="Contact")
    def contact(self, row: Any) -> SafeString | str:
        return row.seen.otc_contact or display.unknown("Nobody has named one")

    @admin.display(description="Matures")
    def matures(self, row: Any) -> SafeString:
        return display.when(row.seen.matures_at, reason="No end is known")

    @admin.display(description="Notice to sell")
    def notice(self, row: Any) -> SafeString | str:
        if row.seen.notice_days is None:
            return display.unknown("Nobody has said")
        days = row.seen.notice_days
        return "1 day" if days == 1 else f"{days:,} days"

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
