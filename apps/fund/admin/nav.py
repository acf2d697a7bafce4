"""NAV per share: what the contract published, with the line of published and read values above."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core import display
from apps.core.units import to_decimal
from apps.fund import queries
from apps.fund.models import NavUpdate
from apps.fund.rules.performance import change

from .base import LogRowAdmin, ratio, share

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

    def panel(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        performance = queries.performance()
        points, gaps = [], []
        if performance.as_of is not None:
            start = performance.as_of - timedelta(days=CHART_DAYS)
            points = queries.nav_series(start)
            gaps = queries.gaps(start=start, end=performance.as_of, kind="HOURLY")
        return {
            "performance": performance,
            "changes": {
                "day": ratio(performance.change_24h, reason=_NO_POINT),
                "week": ratio(performance.change_7d, reason=_NO_POINT),
                "month": ratio(performance.change_30d, reason=_NO_POINT),
            },
            "figures": [
                (
                    "Since inception",
                    ratio(performance.change_since_inception),
                    display.when(performance.inception_at, reason="Not read yet"),
                ),
                ("Return a year", ratio(performance.annualised_return, reason=_TOO_SHORT), ""),
                (
                    "Volatility a year",
                    share(performance.annualised_volatility, reason=_TOO_FEW),
                    "from daily snapshots",
                ),
                ("Maximum drawdown", share(performance.max_drawdown), "from an earlier peak"),
            ],
            "chart_days": CHART_DAYS,
            "chart_gaps": len(gaps),
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


_NO_POINT = "No NAV of that time is known"
_TOO_SHORT = "Less than seven days are known"
_TOO_FEW = "Fewer than eight daily snapshots are known"
