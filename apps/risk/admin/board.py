"""The board: the level and what set it, the score, every indicator, what is open."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.core.admin import require, why_not
from apps.core.cached import cached
from apps.risk import queries
from apps.risk.rules.figures import Group, Status

from .base import OPEN_INCIDENT, VIEW, show, site

EVENTS_SHOWN = 8
TREND_SECONDS = 60
_GROUPS = {
    Group.LIQUIDITY: "Liquidity",
    Group.PRICE: "Prices",
    Group.CONCENTRATION: "Concentration",
    Group.REDEMPTION: "Redemptions",
    Group.OPERATIONAL: "Operations",
}


@require_safe
def board_page(request: HttpRequest) -> HttpResponse:
    """How the fund stands, from rows alone."""
    require(request, VIEW)
    at = clock.now()
    try:
        queries.policy(at=at)
    except queries.NoPolicy as missing:
        return show(request, "board", "Risk board", {"missing": missing.message})
    now = queries.board_now(at=at)
    unresolved = queries.gravest_first(queries.events(resolved=False))
    context: dict[str, Any] = {
        "at": at,
        "now": now,
        "groups": _groups(now) if now else [],
        "total_weight": sum(one.weight for one in now.run.readings) if now else 0,
        "shares": sorted(now.run.readings, key=lambda one: -one.share) if now else [],
        "unknown": sum(one.status == Status.UNKNOWN for one in now.run.readings) if now else 0,
        "trends": cached("risk:trends", TREND_SECONDS, lambda: queries.trends(at=at)),
        "events": unresolved[:EVENTS_SHOWN],
        "events_hidden": max(0, unresolved.count() - EVENTS_SHOWN),
        "incident": queries.open_incident_view(),
        "why_not_open": why_not(request, OPEN_INCIDENT, "Your role does not open emergencies."),
    }
    return show(request, "board", "Risk board", context)


def _groups(now: queries.Board) -> list[dict[str, Any]]:
    return [
        {
            "title": title,
            "readings": [one for one in now.run.readings if one.group == group],
        }
        for group, title in _GROUPS.items()
    ]


site.add_page("risk/", board_page, "risk_board")
