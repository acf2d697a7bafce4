"""Every reading of the fund, and the instants for which there is none."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import clock, display
from apps.core.units import format_bps
from apps.fund import queries
from apps.fund.models import Snapshot, SnapshotStatus
from apps.fund.queries.overview import tiers_of

from .base import FundAdmin

GAP_DAYS = 30
_GAP = "Nobody can say any more"
_SILENT = "The contract did not answer"


@admin.register(Snapshot)
class SnapshotAdmin(FundAdmin):
    """Readings by the minute, hour and day."""

    list_display = ("instant", "kind", "state", "nav", "aum", "net", "supply", "tiers_", "block")
    list_filter = ("kind", "status", "backfilled")
    list_before_template = "admin/fund/snapshots_before.html"
    change_form_after_template = "admin/fund/snapshot_after.html"
    ordering = ("-slot", "kind")
    fieldsets: ClassVar = [
        (None, {"fields": ["instant", "kind", "state", "taken", "block", "hash"]}),
        ("Figures", {"fields": ["nav", "aum", "net", "supply", "effective", "holders_"]}),
        ("Liquidity", {"fields": ["tiers_", "cash", "yields", "available", "liability", "locked"]}),
        ("Fees", {"fields": ["management", "performance", "unpaid", "mark", "redemption"]}),
        ("Switches", {"fields": ["emergency", "is_paused"]}),
    ]
    readonly_fields = (
        *("instant", "kind", "state", "taken", "block", "hash", "nav", "aum", "net", "supply"),
        *("effective", "holders_", "tiers_", "cash", "yields", "available", "liability"),
        *("locked", "management", "performance", "unpaid", "mark", "redemption", "emergency"),
        "is_paused",
    )

    def panel(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        now = clock.now()
        return {
            "gaps": queries.gaps(start=now - timedelta(days=GAP_DAYS), end=now),
            "gap_days": GAP_DAYS,
            "overview": queries.latest_overview(),
        }

    @admin.display(description="As of", ordering="slot")
    def instant(self, row: Snapshot) -> SafeString:
        return display.when(row.slot)

    @admin.display(description="Status", ordering="status")
    def state(self, row: Snapshot) -> SafeString:
        if row.status == SnapshotStatus.GAP:
            pill = display.status_pill("Gap", "bad")
            return format_html('<span title="{}">{}</span>', row.gap_reason, pill)
        if row.backfilled:
            return display.status_pill("Back-filled", "info")
        return display.status_pill("Taken", "good")

    @admin.display(description="Read")
    def taken(self, row: Snapshot) -> SafeString:
        return display.when(row.taken_at)

    @admin.display(description="Block", ordering="block_number")
    def block(self, row: Snapshot) -> SafeString:
        return display.integer(row.block_number, reason=_GAP)

    @admin.display(description="Block hash")
    def hash(self, row: Snapshot) -> SafeString:
        if not row.block_hash:
            return display.unknown(_GAP)
        return format_html(
            '<code class="hash" style="overflow-wrap: anywhere">{}</code>', row.block_hash
        )

    @admin.display(description="NAV per share", ordering="nav_per_share")
    def nav(self, row: Snapshot) -> SafeString:
        return display.money(row.nav_per_share, places=6, reason=_GAP)

    @admin.display(description="AUM", ordering="aum_assets")
    def aum(self, row: Snapshot) -> SafeString:
        return display.money(row.aum_assets, places=0, reason=_GAP)

    @admin.display(description="Net assets", ordering="total_assets")
    def net(self, row: Snapshot) -> SafeString:
        return display.money(row.total_assets, places=0, reason=_GAP)

    @admin.display(description="Shares", ordering="total_supply")
    def supply(self, row: Snapshot) -> SafeString:
        return display.money(row.total_supply, "PPT", places=0, reason=_GAP)

    @admin.display(description="Effective supply")
    def effective(self, row: Snapshot) -> SafeString:
        return display.money(row.effective_supply, "PPT", reason=_SILENT)

    @admin.display(description="Holders")
    def holders_(self, row: Snapshot) -> SafeString:
        return display.integer(row.holders, reason=_GAP)

    @admin.display(description="L1 / L2 / L3")
    def tiers_(self, row: Snapshot) -> SafeString:
        if row.status == SnapshotStatus.GAP:
            return display.unknown(_GAP)
        tiers = tiers_of(row)
        if any(tier.ratio_bps is None for tier in tiers):
            return display.unknown("There are no assets")
        text = " / ".join(format_bps(tier.ratio_bps).removesuffix(" %") for tier in tiers)
        return format_html('<span class="num">{} %</span>', text)

    @admin.display(description="L1 cash")
    def cash(self, row: Snapshot) -> SafeString:
        return display.money(row.l1_cash_assets, reason=_SILENT)

    @admin.display(description="L1 yield assets")
    def yields(self, row: Snapshot) -> SafeString:
        return display.money(row.l1_yield_assets, reason=_SILENT)

    @admin.display(description="Available liquidity")
    def available(self, row: Snapshot) -> SafeString:
        return display.money(row.available_assets, reason=_SILENT)

    @admin.display(description="Redemption liability")
    def liability(self, row: Snapshot) -> SafeString:
        return display.money(row.liability_assets, reason=_GAP)

    @admin.display(description="Locked shares")
    def locked(self, row: Snapshot) -> SafeString:
        return display.money(row.locked_shares, "PPT", reason=_GAP)

    @admin.display(description="Management fee pending")
    def management(self, row: Snapshot) -> SafeString:
        return display.money(row.pending_management_fee_assets, reason=_SILENT)

    @admin.display(description="Performance fee pending")
    def performance(self, row: Snapshot) -> SafeString:
        return display.money(row.pending_performance_fee_assets, reason=_SILENT)

    @admin.display(description="Fees taken and not paid")
    def unpaid(self, row: Snapshot) -> SafeString:
        return display.money(row.unpaid_fees_assets, reason=_SILENT)

    @admin.display(description="High-water mark of L3")
    def mark(self, row: Snapshot) -> SafeString:
        return display.money(row.high_water_mark_assets, reason=_SILENT)

    @admin.display(description="Redemption fees to withdraw")
    def redemption(self, row: Snapshot) -> SafeString:
        return display.money(row.redemption_fees_withdrawable_assets, reason=_SILENT)

    @admin.display(description="Emergency mode")
    def emergency(self, row: Snapshot) -> SafeString:
        return _switch(row.emergency_mode)

    @admin.display(description="Vault paused")
    def is_paused(self, row: Snapshot) -> SafeString:
        return _switch(row.paused)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        row: Snapshot | None = kwargs.get("obj")
        context["assets"] = list(row.assets.all()) if row else []
        return super().render_change_form(request, context, *args, **kwargs)


def _switch(value: bool | None) -> SafeString:
    if value is None:
        return display.unknown(_SILENT)
    return display.status_pill("On", "bad") if value else display.status_pill("Off", "good")
