"""How drift, legs and triggers look."""

from decimal import Decimal
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import display
from apps.core.units import format_bps
from apps.rebalance.models import TriggerEvent
from apps.rebalance.queries import AssetRow, method_name, tier_name

BAR_BPS_MAX = 1_000
"""A bar is full at a drift of ten points; beyond that the figure beside it tells."""

_TONES = {"PLANNED": "good", "RECORDED": "info", "NOTHING": "neutral"}

register = template.Library()
register.filter("tier_name", tier_name)
register.filter("method_name", method_name)
register.filter("plain_bps", format_bps)


@register.filter
def outcome(row: TriggerEvent) -> SafeString:
    """The plan that a trigger led to, or why there is none."""
    pill = display.status_pill(row.get_outcome_display(), _TONES[row.outcome])
    if row.plan_id is None:
        return format_html('{}<bdi class="wf-sub rb-words">{}</bdi>', pill, row.explanation)
    url = reverse("admin:rebalance_plan_change", args=[row.plan_id])
    return format_html('{} <a class="link" href="{}">R-{}</a>', pill, url, row.plan_id)


@register.filter
def signed_bps(value: int | None, reason: str = "Not known yet") -> SafeString:
    """Basis points with their sign, as points of a percentage."""
    if value is None:
        return display.unknown(reason)
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return format_html(
        '<span class="num" title="{} bp">{}{}</span>', value, sign, format_bps(abs(value))
    )


@register.filter
def signed_money(value: int | None, reason: str = "Not known yet") -> SafeString:
    """USDT with its sign; nothing is a dash that says so."""
    if value is None:
        return display.unknown(reason)
    if value == 0:
        return display.unknown("No change")
    return format_html("{}{}", "+" if value > 0 else "", display.money(value))


@register.filter
def up_to(start: int, end: int) -> int:
    """The width from one mark to another."""
    return end - start


@register.filter
def bar_start(value: int) -> int:
    """Where a drift's bar begins: left of the middle when below the target."""
    return max(value, -BAR_BPS_MAX) if value < 0 else 0


@register.filter
def bar_width(value: int) -> int:
    """How long a drift's bar is."""
    return min(abs(value), BAR_BPS_MAX)


@register.filter
def beyond(value: int, limit: int) -> bool:
    """Whether a drift, in either direction, is more than a limit."""
    return abs(value) > limit


@register.filter
def tokens(leg: Any, amount: int | None) -> SafeString:
    """So many tokens of a leg's asset."""
    return display.money(amount, leg.symbol, leg.decimals, places=4, reason="Nothing was traded")


@register.filter
def band(asset: AssetRow) -> str:
    """The band of an asset's tier in short: ``20–40 %``."""
    low, high = (
        f"{(Decimal(bps) / 100).normalize():f}" for bps in (asset.tier_min_bps, asset.tier_max_bps)
    )
    return f"{low}–{high} %"


@register.filter
def bps_or(value: int | None, reason: str) -> SafeString:
    """Basis points as a percentage, or a dash with the reason."""
    return display.bps(value, reason=reason)
