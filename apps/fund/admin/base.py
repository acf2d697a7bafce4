"""What the fund's pages share."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import display
from apps.core.admin import EnrichedAdmin
from apps.fund.models import LogRow

METHODS = ("OTC", "Swap", "Automatic")
_DIGITS = 120  # a NAV may be any uint256


class FundAdmin(EnrichedAdmin):
    """Rows to look at; what others say of a row is its ``seen``."""

    list_select_related = False

    def panel(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        """What ``list_before_template`` and ``list_after_template`` get to show."""
        return {}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            changelist = response.context_data.get("cl")
            if changelist is not None:
                response.context_data |= self.panel(request, changelist)
        return response


class LogRowAdmin(FundAdmin):
    """Rows that one log each made."""

    ordering = ("-block_number", "-log_index")

    @admin.display(description="Time", ordering="block_number")
    def when(self, row: LogRow) -> SafeString:
        return display.when(row.at)

    @admin.display(description="Block", ordering="block_number")
    def block(self, row: LogRow) -> SafeString:
        return display.integer(row.block_number)

    @admin.display(description="Transaction")
    def transaction(self, row: LogRow) -> SafeString:
        return display.tx_link(row.chain_id, row.tx_hash)


def ratio(value: Decimal | None, *, reason: str = "Not known yet") -> SafeString:
    """A relative change as a signed, coloured percentage; the ratio itself is in the title."""
    if value is None:
        return display.unknown(reason)
    percent = _percent(value)
    tone = "up" if percent > 0 else "down" if percent < 0 else "flat"
    sign = {"up": "+", "down": "−", "flat": ""}[tone]
    return format_html(
        '<span class="num {}" title="{}">{}{} %</span>',
        tone,
        _short(value),
        sign,
        _grouped(percent),
    )


def share(value: Decimal | None, *, reason: str = "Not known yet") -> SafeString:
    """A ratio that has no direction, as a percentage."""
    if value is None:
        return display.unknown(reason)
    text = _grouped(_percent(value))
    return format_html('<span class="num" title="{}">{} %</span>', _short(value), text)


def _percent(value: Decimal) -> Decimal:
    with localcontext(prec=_DIGITS):
        return (value * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)


def _grouped(percent: Decimal) -> str:
    with localcontext(prec=_DIGITS):
        return f"{abs(percent):,.2f}"


def _short(value: Decimal) -> str:
    return f"{value:f}"[:40]


def change_url(url_name: str, query: str) -> str:
    """A list page's address with its search filled in, empty when nobody serves that page."""
    try:
        return f"{reverse(url_name)}?{query}"
    except NoReverseMatch:
        return ""


def method_name(method: int) -> str:
    """A purchase method in words; its number when the contracts have one we do not know."""
    return METHODS[method] if method < len(METHODS) else f"Method {method}"
