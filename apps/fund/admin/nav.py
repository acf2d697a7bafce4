"""NAV per share: what the contract published, with the line of published and read values above."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core import clock, display
from apps.core.units import to_decimal
from apps.fund import queries
from apps.fund.models import NavUpdate
from apps.fund.rules.performance import change

from .base import LogRowAdmin, ratio

CHART_DAYS = 90


@admin.register(NavUpdate)
class NavUpdateAdmin(LogRowAdmin):
    """Every NavUpdated of the vault."""

    list_display = ("when", "nav", "moved", "block", "transaction")
    list_before_template = "admin/fund/nav_before.html"
    search_fields = ("tx_hash",)
    search_help_text = "Transaction hash"
    fields = ("when", "named", "nav", "before", "moved", "block", "transaction")
    readonly_fields = fields

    class Media:
        js: ClassVar = ["js/charts.js"]

    def panel(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        since = clock.now() - timedelta(days=CHART_DAYS)
        points = queries.nav_series(since)
        performance = queries.performance()
        return {
            "performance": performance,
            "figures": [
                ("24 h", ratio(performance.change_24h)),
                ("7 d", ratio(performance.change_7d)),
                ("30 d", ratio(performance.change_30d)),
                ("Since inception", ratio(performance.change_since_inception)),
                ("Maximum drawdown", ratio(performance.max_drawdown)),
                ("Return a year", ratio(performance.annualised_return, reason=_TOO_SHORT)),
                ("Volatility a year", ratio(performance.annualised_volatility, reason=_TOO_FEW)),
            ],
            "chart_days": CHART_DAYS,
            "nav_points": points,
            "nav_chart": {
                "unit": "USDT",
                "points": [
                    {"at": p.at.isoformat(), "value": f"{to_decimal(p.nav_per_share):f}"}
                    for p in points
                ],
                "marks": [],
            },
        }

    @admin.display(description="NAV per share", ordering="new_nav_per_share")
    def nav(self, row: NavUpdate) -> SafeString:
        return display.money(row.new_nav_per_share, places=6)

    @admin.display(description="Before")
    def before(self, row: NavUpdate) -> SafeString:
        return display.money(row.old_nav_per_share, places=6)

    @admin.display(description="Change")
    def moved(self, row: NavUpdate) -> SafeString:
        return ratio(
            change(row.old_nav_per_share, row.new_nav_per_share), reason="There was no NAV before"
        )

    @admin.display(description="Time the contract names")
    def named(self, row: NavUpdate) -> SafeString:
        return display.when(row.updated_at)


_TOO_SHORT = "Less than seven days are known"
_TOO_FEW = "Fewer than eight daily snapshots are known"
