"""The overview: tiers and assets against their targets, what asks for a plan, what is under way."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.chain import queries as chain
from apps.core import clock
from apps.core.admin import require
from apps.core.display import duration_text
from apps.core.units import format_bps, to_decimal
from apps.rebalance import queries

from .base import LEVEL_TONES, TONES, show, site

TRIGGERS_SHOWN = 8


@require_safe
def overview_page(request: HttpRequest) -> HttpResponse:
    """How the fund stands, from rows alone."""
    require(request, "rebalance.view_plan")
    at = clock.now()
    try:
        now = queries.status(chain_id=chain.fund_chain().chain_id, at=at)
    except queries.NoPolicy as missing:
        return show(request, "overview", "Rebalancing", {"missing": missing.message})
    context = {
        "now": now,
        "at": at,
        "metrics": [
            {
                "row": one,
                "tone": LEVEL_TONES[one.level],
                "text": figure(one.unit, one.value),
                "limits": limits(one),
            }
            for one in queries.metrics(now, at=at)
        ],
        "triggers": queries.triggers()[:TRIGGERS_SHOWN],
        "open_tone": TONES[now.open_plan.status] if now.open_plan else "",
        "to_review": queries.to_review_count(),
        "why_not_preview": why_not_preview(request),
    }
    return show(request, "overview", "Rebalancing", context)


def figure(unit: queries.Unit, value: int | None) -> str:
    """A metric's value with its unit; empty when unknown."""
    if value is None:
        return ""
    if unit is queries.Unit.BPS:
        return format_bps(value)
    if unit is queries.Unit.SECONDS:
        return duration_text(value)
    if unit is queries.Unit.WEI:
        return f"{to_decimal(value):.6f} BNB"
    return f"{value:,}"


def limits(metric: queries.Metric) -> str:
    """From where on it is a warning, and critical."""
    side = "below" if metric.below else "above"
    words = f"warns {side} {figure(metric.unit, metric.warning)}"
    if metric.critical is not None:
        words += f", critical {side} {figure(metric.unit, metric.critical)}"
    return words


def why_not_preview(request: HttpRequest) -> str:
    """Why this person cannot make a preview; empty when they can."""
    if request.user.has_perm("rebalance.preview_plan"):
        return ""
    return "Your role does not plan rebalancing."


site.add_page("rebalancing/", overview_page, "rebalance_overview")
