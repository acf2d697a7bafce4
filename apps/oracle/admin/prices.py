"""Every observation: what sources agreed on at an instant, and what each of them said."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import display
from apps.core.admin import EnrichedAdmin
from apps.oracle.admin import cells
from apps.oracle.models import Price
from apps.oracle.queries.names import names_of, short


class KnownFilter(admin.SimpleListFilter):
    """Prices that were known, or not."""

    title = "price"
    parameter_name = "known"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Known"), ("no", "Unknown")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Price]) -> QuerySet[Price]:
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(price__isnull=chosen == "no")


@admin.register(Price)
class PriceAdmin(EnrichedAdmin):
    """Prices by instant; quotes of the last fortnight below each."""

    list_display = ("when", "asset", "agreed", "traded", "apart", "spread", "used")
    list_filter = (KnownFilter,)
    search_fields = ("token",)
    search_help_text = "Address of the asset"
    ordering = ("-at", "token")
    change_form_after_template = "admin/oracle/quotes.html"
    fieldsets: ClassVar = [
        (None, {"fields": ["when", "asset", "agreed", "used", "oldest"]}),
        ("Against what the contracts trade at", {"fields": ["traded", "apart", "spread", "block"]}),
    ]
    readonly_fields = (
        *("when", "asset", "agreed", "used", "oldest", "traded", "apart", "spread", "block"),
    )

    def enrich(self, rows: Sequence[Price]) -> None:
        names = names_of(rows[0].chain_id) if rows else {}
        for row in rows:
            row.__dict__["name"] = names.get(row.token) or short(row.token)

    def beside(self, request: HttpRequest, row: Price) -> dict[str, Any]:
        quotes = row.quotes.select_related("source").order_by("source__kind", "source__name")
        return {
            "quotes": [
                {
                    "source": quote.source,
                    "verdict": cells.verdict(quote.status),
                    "price": cells.price(quote.price, reason=quote.error or "No figure"),
                    "as_of": quote.as_of,
                    "apart": cells.distance(quote.deviation_bps),
                    "error": quote.error,
                }
                for quote in quotes
            ],
        }

    @admin.display(description="Observed", ordering="at")
    def when(self, row: Price) -> SafeString:
        return display.when(row.at)

    @admin.display(description="Asset", ordering="token")
    def asset(self, row: Price) -> SafeString:
        url = reverse("admin:oracle_asset", args=[row.token])
        name = row.__dict__["name"]
        return format_html('<a class="link" href="{}"><bdi>{}</bdi></a>', url, name)

    @admin.display(description="Agreed price", ordering="price")
    def agreed(self, row: Price) -> SafeString:
        shown = cells.price(row.price, reason=row.reason)
        if row.price is not None:
            return shown
        return format_html('{}<span class="sub">{}</span>', shown, row.reason)

    @admin.display(description="Contracts trade at")
    def traded(self, row: Price) -> SafeString:
        return cells.price(row.traded_price, reason="The oracle adapter gave no price")

    @admin.display(description="Contracts off by")
    def apart(self, row: Price) -> SafeString:
        return cells.distance(row.deviation_bps)

    @admin.display(description="Sources apart")
    def spread(self, row: Price) -> SafeString:
        return display.bps(row.spread_bps, reason="No agreement")

    @admin.display(description="Sources used")
    def used(self, row: Price) -> SafeString:
        return display.integer(row.sources_used)

    @admin.display(description="Oldest figure used")
    def oldest(self, row: Price) -> SafeString:
        return display.when(row.oldest_at, reason="None was used")

    @admin.display(description="Chain read at block")
    def block(self, row: Price) -> SafeString:
        return display.integer(row.block_number)
