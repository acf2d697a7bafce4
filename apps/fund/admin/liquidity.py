"""What the contracts keep back for redemptions, and where cash was short."""

from django.contrib import admin
from django.utils.safestring import SafeString

from apps.core import display
from apps.fund.models import LiabilityEntry, QuotaChange, SettlementShortfall

from .base import LogRowAdmin


@admin.register(LiabilityEntry)
class LiabilityEntryAdmin(LogRowAdmin):
    """Liabilities by the day they fall due, as they came and went."""

    list_display = ("when", "due", "amount", "what", "transaction")
    list_filter = ("removed", "was_overdue")
    search_fields = ("day_index", "tx_hash")
    search_help_text = "Day index or transaction hash"
    fields = ("when", "due", "day_index", "amount", "what", "block", "transaction")
    readonly_fields = fields

    @admin.display(description="Falls due", ordering="day_index")
    def due(self, row: LiabilityEntry) -> SafeString | str:
        day = row.day
        return f"{day:%Y-%m-%d}" if day else display.unknown("A day beyond the calendar")

    @admin.display(description="Amount", ordering="assets")
    def amount(self, row: LiabilityEntry) -> SafeString:
        return display.money(row.assets)

    @admin.display(description="What happened", ordering="removed")
    def what(self, row: LiabilityEntry) -> SafeString:
        if not row.removed:
            return display.status_pill("Added", "info")
        if row.was_overdue:
            return display.status_pill("Paid after its day", "warn")
        return display.status_pill("Paid", "good")


@admin.register(QuotaChange)
class QuotaChangeAdmin(LogRowAdmin):
    """Quotas of the vault, as they were set and given back."""

    list_display = ("when", "name", "amount", "transaction")
    list_filter = ("name",)
    fields = ("when", "name", "amount", "block", "transaction")
    readonly_fields = fields

    @admin.display(description="Amount", ordering="assets")
    def amount(self, row: QuotaChange) -> SafeString:
        return display.money(row.assets)


@admin.register(SettlementShortfall)
class SettlementShortfallAdmin(LogRowAdmin):
    """Redemptions whose payment found too little cash."""

    list_display = ("when", "redemption", "outcome", "needed", "found", "transaction")
    list_filter = ("sold",)
    search_fields = ("request_id", "tx_hash")
    search_help_text = "Request number or transaction hash"
    fields = ("when", "redemption", "outcome", "needed", "found", "block", "transaction")
    readonly_fields = fields

    @admin.display(description="Redemption", ordering="request_id")
    def redemption(self, row: SettlementShortfall) -> str:
        return f"#{row.request_id}"

    @admin.display(description="Outcome", ordering="sold")
    def outcome(self, row: SettlementShortfall) -> SafeString:
        if row.sold:
            return display.status_pill("Sold L1 assets", "warn")
        return display.status_pill("Not paid", "bad")

    @admin.display(description="Needed", ordering="needed_assets")
    def needed(self, row: SettlementShortfall) -> SafeString:
        return display.money(row.needed_assets)

    @admin.display(description="Found", ordering="found_assets")
    def found(self, row: SettlementShortfall) -> SafeString:
        return display.money(row.found_assets)
