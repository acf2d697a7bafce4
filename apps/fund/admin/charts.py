"""Lines of an asset through time, in the shape that the page's script draws."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from apps.core.units import to_decimal
from apps.fund import queries
from apps.fund.queries import AssetPoint

CHART_DAYS = 90


def asset_charts(token: str, decimals: int, *, end: datetime) -> dict[str, Any]:
    """Value, price, weight and balance of the last 90 days before ``end``, and how many instants
    are gaps: a line goes straight over them, so the page says that there are any."""
    start = end - timedelta(days=CHART_DAYS)
    points = queries.asset_history(token=token, start=start, end=end)
    lines: list[tuple[str, str, Callable[[AssetPoint], int | None], int]] = [
        ("Value", "USDT", lambda point: point.value_assets, 18),
        ("Price", "USDT", lambda point: point.price_assets, 18),
        ("Weight", "%", lambda point: point.weight_bps, 2),
        ("Balance", "tokens", lambda point: point.balance, decimals),
    ]
    charts = [
        {"name": name, "id": f"asset-{name.lower()}", "data": _line(points, unit, figure, places)}
        for name, unit, figure, places in lines
    ]
    return {
        "chart_days": CHART_DAYS,
        "chart_gaps": len(queries.asset_gaps(start=start, end=end)),
        "charts": charts if points else [],
    }


def _line(
    points: Sequence[AssetPoint],
    unit: str,
    figure: Callable[[AssetPoint], int | None],
    decimals: int,
) -> dict[str, Any]:
    known = [(point.at, value) for point in points if (value := figure(point)) is not None]
    return {
        "unit": unit,
        "points": [
            {"at": at.isoformat(), "value": f"{to_decimal(value, decimals):f}"}
            for at, value in known
        ],
        "marks": [],
    }
