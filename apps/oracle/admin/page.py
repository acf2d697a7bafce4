"""What the health page and an asset's page show."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.chain import queries as chain
from apps.core import clock
from apps.core.admin import ReadOnlyAdmin
from apps.core.units import to_decimal
from apps.oracle import queries
from apps.oracle.admin import cells
from apps.oracle.models import Price, Source, SourceKind
from apps.oracle.queries import PricePoint, PriceView
from apps.oracle.queries.names import names_of, short
from apps.oracle.queries.sources import SourceHealth, health_of
from apps.oracle.rules.sources import NAME_MAX, STALE_AFTER_SECONDS

CHART_DAYS = 7
OBSERVATIONS = 20
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")


def asset_lines(at: datetime) -> list[dict[str, Any]]:
    """A line for each asset of the newest observation; none where there is no fund yet."""
    try:
        chain_id = chain.fund_chain().chain_id
    except ImproperlyConfigured:
        return []
    return [
        {
            "token": asset.token,
            "name": asset.name,
            **_price_cells(asset.price),
            "used": asset.price.sources_used,
            "active": sum(source.active for source in asset.sources),
        }
        for asset in queries.health(chain_id=chain_id, at=at)
    ]


def asset_page(page: ReadOnlyAdmin, request: HttpRequest, token: str) -> HttpResponse:
    """The page of one asset.

    Raises:
        PermissionDenied: the person may not see prices.
        Http404: the address is none.
    """
    if not page.has_view_permission(request):
        raise PermissionDenied
    if not _ADDRESS.fullmatch(token):
        raise Http404(f"{token} is not an address in lower case.")
    at, chain_id = clock.now(), chain.fund_chain().chain_id
    view = queries.price_now(chain_id=chain_id, token=token, at=at)
    rows = list(Source.objects.filter(chain_id=chain_id, token=token).order_by("kind", "name"))
    prices = Price.objects.filter(chain_id=chain_id, token=token)
    points = _points(prices, chain_id, token, at)
    observed = prices.order_by("-at")[:OBSERVATIONS]
    name = names_of(chain_id).get(token) or short(token)
    context = {
        **page.admin_site.each_context(request),
        "opts": Source._meta,  # noqa: SLF001 - public in all but name
        "title": f"{name}: price",
        "name": name,
        "token": token,
        "chain_id": chain_id,
        "view": view,
        **_price_cells(view),
        "sources": [_source_line(row, one) for row, one in zip(rows, health_of(rows), strict=True)],
        "observed": [_observation(row) for row in observed],
        "chart_days": CHART_DAYS,
        "points": points,
        "chart": _chart(points),
        "kinds": [kind for kind in SourceKind.choices if kind[0] != SourceKind.ADAPTER],
        "name_max": NAME_MAX,
        "stale_after_seconds": STALE_AFTER_SECONDS,
        "may_propose": request.user.has_perm("oracle.propose_source"),
    }
    return TemplateResponse(request, "admin/oracle/asset.html", context)


def _points(prices: QuerySet[Price], chain_id: int, token: str, at: datetime) -> list[PricePoint]:
    """The last days, or as much of them as there is, in as many points either way."""
    start = at - timedelta(days=CHART_DAYS)
    first = prices.filter(at__gte=start).order_by("at").values_list("at", flat=True).first()
    if first is None:
        return []
    return queries.history(chain_id=chain_id, token=token, start=first, end=at)


def _price_cells(view: PriceView) -> dict[str, Any]:
    return {
        "price": cells.price(view.price, reason=view.reason),
        "traded": cells.price(view.traded_price, reason="The oracle adapter gave no price"),
        "apart": cells.distance(view.deviation_bps),
        "oldest": cells.span(view.age),
        "observed_at": view.at,
        "standing": cells.standing(view),
        "reason": view.reason,
    }


def _source_line(row: Source, health: SourceHealth) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "name": row.name,
        "kind": SourceKind(row.kind).label,
        "figure": cells.price(health.price, reason=health.error or "It was not asked"),
        "as_of": health.as_of,
        "apart": cells.distance(health.deviation_bps),
        "verdict": cells.verdict(health.status),
        "error": health.error,
        "failures": health.failures_in_a_row,
        "latency_ms": health.latency_ms,
    }


def _observation(row: Price) -> dict[str, Any]:
    return {
        "pk": row.pk,
        "at": row.at,
        "price": cells.price(row.price, reason=row.reason),
        "traded": cells.price(row.traded_price, reason="The oracle adapter gave no price"),
        "apart": cells.distance(row.deviation_bps),
        "used": row.sources_used,
        "reason": row.reason,
    }


def _chart(points: list[PricePoint]) -> dict[str, Any]:
    """What the chart draws: agreed prices with gaps where unknown, and what contracts trade at."""
    return {
        "unit": "USDT",
        "name": "agreed",
        "points": [{"at": p.at.isoformat(), "value": _text(p.price)} for p in points],
        "others": [
            {
                "name": "contracts trade at",
                "points": [
                    {"at": p.at.isoformat(), "value": _text(p.traded_price)} for p in points
                ],
            }
        ],
    }


def _text(price: int | None) -> str | None:
    return None if price is None else f"{to_decimal(price):f}"
