"""The fee ledger, with what is accrued, withdrawn and pending above it."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter

from apps.core import display
from apps.fund import queries
from apps.fund.models import FeeDirection, FeeEntry

from .base import LogRowAdmin


@admin.register(FeeEntry)
class FeeEntryAdmin(LogRowAdmin):
    """Every accrual and withdrawal."""

    list_display = ("when", "kind", "way", "amount", "basis", "recipient_", "transaction")
    list_filter = ("kind", "direction", ("at", RangeDateTimeFilter))
    list_before_template = "admin/fund/fees_before.html"
    search_fields = ("recipient", "tx_hash")
    search_help_text = "Recipient or transaction hash"
    fields = (
        *("when", "kind", "way", "amount", "basis", "period", "mark", "recipient_"),
        *("block", "transaction"),
    )
    readonly_fields = fields

    def panel(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        return {"fees": queries.fees(), "overview": queries.latest_overview()}

    @admin.display(description="Direction", ordering="direction")
    def way(self, row: FeeEntry) -> SafeString:
        tone = "info" if row.direction == FeeDirection.ACCRUED else "good"
        return display.status_pill(row.get_direction_display(), tone)

    @admin.display(description="Amount", ordering="assets")
    def amount(self, row: FeeEntry) -> SafeString:
        return display.money(row.assets)

    @admin.display(description="Taken on")
    def basis(self, row: FeeEntry) -> SafeString:
        return display.money(row.basis_assets, reason="The event does not say")

    @admin.display(description="Period")
    def period(self, row: FeeEntry) -> SafeString | str:
        if row.period_seconds is None:
            return display.unknown("The event does not say")
        return display.duration_text(row.period_seconds)

    @admin.display(description="High-water mark")
    def mark(self, row: FeeEntry) -> SafeString:
        return display.money(row.high_water_mark_assets, reason="Only performance fees have one")

    @admin.display(description="Recipient")
    def recipient_(self, row: FeeEntry) -> SafeString:
        if not row.recipient:
            return display.unknown("The event does not say")
        return display.address(row.recipient, chain_id=row.chain_id)
