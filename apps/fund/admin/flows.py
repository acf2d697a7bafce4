"""Money in and out, with the sums of what the filter shows."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Sum
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter

from apps.core import display
from apps.core.fields import Uint256Field
from apps.fund.models import Payout, Subscription

from .base import LogRowAdmin, change_url

CHANNELS = ("Standard", "Emergency", "Scheduled")


@admin.register(Subscription)
class SubscriptionAdmin(LogRowAdmin):
    """Every subscription."""

    list_display = ("when", "investor", "amount", "minted", "nav", "transaction")
    list_filter = (("at", RangeDateTimeFilter),)
    list_after_template = "admin/fund/sums.html"
    search_fields = ("receiver", "sender", "tx_hash")
    search_help_text = "Address or transaction hash"
    fields = ("when", "investor", "payer", "amount", "minted", "nav", "block", "transaction")
    readonly_fields = fields

    def panel(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        sums = changelist.queryset.order_by().aggregate(
            count=Count("id"),
            assets=Sum("assets", output_field=Uint256Field()),
            shares=Sum("shares", output_field=Uint256Field()),
        )
        return {
            "count": sums["count"],
            "one": "subscription",
            "sums": [
                ("Subscribed", display.money(sums["assets"] or 0)),
                ("Shares minted", display.money(sums["shares"] or 0, "PPT")),
            ],
        }

    @admin.display(description="Investor", ordering="receiver")
    def investor(self, row: Subscription) -> SafeString:
        return display.address(row.receiver, chain_id=row.chain_id)

    @admin.display(description="Paid by")
    def payer(self, row: Subscription) -> SafeString:
        return display.address(row.sender, chain_id=row.chain_id)

    @admin.display(description="Amount", ordering="assets")
    def amount(self, row: Subscription) -> SafeString:
        return display.money(row.assets)

    @admin.display(description="Shares", ordering="shares")
    def minted(self, row: Subscription) -> SafeString:
        return display.money(row.shares, "PPT")

    @admin.display(description="Price per share")
    def nav(self, row: Subscription) -> SafeString:
        return display.money(row.nav_per_share, places=6, reason="No shares were minted")


@admin.register(Payout)
class PayoutAdmin(LogRowAdmin):
    """Every redemption paid."""

    list_display = (
        "when",
        "request_",
        "receiver_",
        "gross",
        "fee",
        "net",
        "channel_",
        "transaction",
    )
    list_filter = (("at", RangeDateTimeFilter),)
    list_after_template = "admin/fund/sums.html"
    search_fields = ("owner", "receiver", "tx_hash")
    search_help_text = "Address or transaction hash"
    fields = (
        *("when", "request_", "owner_", "receiver_", "gross", "fee", "net", "channel_"),
        *("block", "transaction"),
    )
    readonly_fields = fields

    def panel(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        field = Uint256Field()
        sums = changelist.queryset.order_by().aggregate(
            count=Count("id"),
            gross=Sum("gross_assets", output_field=field),
            fee=Sum("fee_assets", output_field=field),
            net=Sum("net_assets", output_field=field),
        )
        return {
            "count": sums["count"],
            "one": "payout",
            "sums": [
                ("Gross", display.money(sums["gross"] or 0)),
                ("Fees kept", display.money(sums["fee"] or 0)),
                ("Paid out", display.money(sums["net"] or 0)),
            ],
        }

    @admin.display(description="Request", ordering="request_id")
    def request_(self, row: Payout) -> SafeString:
        url = change_url("admin:redemptions_redemption_changelist", f"q={row.request_id}")
        if not url:
            return display.integer(row.request_id)
        return format_html('<a class="link" href="{}">{}</a>', url, row.request_id)

    @admin.display(description="Owner")
    def owner_(self, row: Payout) -> SafeString:
        return display.address(row.owner, chain_id=row.chain_id)

    @admin.display(description="Paid to", ordering="receiver")
    def receiver_(self, row: Payout) -> SafeString:
        return display.address(row.receiver, chain_id=row.chain_id)

    @admin.display(description="Gross", ordering="gross_assets")
    def gross(self, row: Payout) -> SafeString:
        return display.money(row.gross_assets)

    @admin.display(description="Fee", ordering="fee_assets")
    def fee(self, row: Payout) -> SafeString:
        return display.money(row.fee_assets)

    @admin.display(description="Net", ordering="net_assets")
    def net(self, row: Payout) -> SafeString:
        return display.money(row.net_assets)

    @admin.display(description="Channel", ordering="channel")
    def channel_(self, row: Payout) -> str:
        return CHANNELS[row.channel] if row.channel < len(CHANNELS) else str(row.channel)
