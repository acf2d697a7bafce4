"""Vector charts of the PDF: the NAV line, tiers against their bands.

Floats here are places on paper, never amounts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from reportlab.graphics.shapes import Drawing, Line, Polygon, PolyLine, Rect, String
from reportlab.lib.colors import Color

from apps.core.units import BPS_ONE, format_amount, format_bps

from .fonts import BOLD, REGULAR
from .look import BAND, BRAND, BRAND_PALE, INK, LINE, SOFT

Points = Sequence[tuple[datetime, int]]

_GRID_LINES = 4


def nav_chart(points: Points, width: float, height: float = 150.0) -> Drawing | None:
    """NAV per share over time; None when there are too few points for a line."""
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return None
    drawing = Drawing(width, height)
    left, bottom, top = 58.0, 22.0, height - 8.0
    low, high = _range([value for _, value in points])
    begin, span = points[0][0], points[-1][0] - points[0][0]

    def x_of(at: datetime) -> float:
        return left + (width - left - 6) * ((at - begin) / span)

    def y_of(value: int) -> float:
        return bottom + (top - bottom) * ((value - low) / (high - low))

    for value in range(low, high + 1, _round_step(high - low)):
        y = y_of(value)
        drawing.add(Line(left, y, width - 6, y, strokeColor=LINE, strokeWidth=0.5))
        drawing.add(_label(left - 6, y - 2.5, format_amount(value, places=6), anchor="end"))
    for n in range(5):
        at = begin + span * n / 4
        anchor = "start" if n == 0 else "end" if n == 4 else "middle"
        drawing.add(_label(x_of(at), 8, _tick(at, span), anchor=anchor))

    line = [place for at, value in points for place in (x_of(at), y_of(value))]
    area = [line[0], bottom, *line, line[-2], bottom]
    drawing.add(Polygon(area, fillColor=BRAND_PALE, strokeColor=None))
    drawing.add(PolyLine(line, strokeColor=BRAND, strokeWidth=1.4, strokeLineJoin=1))
    return drawing


def tier_chart(tiers: Sequence[dict[str, Any]], width: float) -> Drawing | None:
    """Each tier's ratio as a bar over its band, with a mark at the target."""
    known = [tier for tier in tiers if tier["ratio_bps"] is not None]
    if not known:
        return None
    row = 26.0
    height = row * len(known) + 18
    drawing = Drawing(width, height)
    left, right = 28.0, width - 62

    def x_of(bps: int) -> float:
        return left + (right - left) * min(bps, BPS_ONE) / BPS_ONE

    for share in range(0, BPS_ONE + 1, 2_500):
        x = x_of(share)
        drawing.add(Line(x, 14, x, height - 2, strokeColor=LINE, strokeWidth=0.5))
        drawing.add(_label(x, 4, f"{share // 100} %", anchor="middle"))
    for n, tier in enumerate(known):
        y = height - row * (n + 1) + 6
        drawing.add(String(0, y + 4, tier["tier"], fontName=BOLD, fontSize=8, fillColor=INK))
        if tier["min_bps"] is not None and tier["max_bps"] is not None:
            low, high = x_of(tier["min_bps"]), x_of(tier["max_bps"])
            drawing.add(Rect(low, y - 2, high - low, 18, **_filled(BAND)))
        bar = x_of(tier["ratio_bps"]) - left
        drawing.add(Rect(left, y + 3, bar, 8, **_filled(BRAND)))
        if tier["target_bps"] is not None:
            x = x_of(tier["target_bps"])
            drawing.add(Line(x, y - 3, x, y + 17, strokeColor=INK, strokeWidth=1.2))
        words = format_bps(tier["ratio_bps"])
        drawing.add(String(right + 10, y + 4, words, fontName=REGULAR, fontSize=8, fillColor=INK))
    return drawing


def _range(values: Sequence[int]) -> tuple[int, int]:
    """Bounds on round numbers, with room around the line."""
    low, high = min(values), max(values)
    room = (high - low) // 10 or max(high // 10_000, 1)
    step = _round_step(high - low + 2 * room)
    return max((low - room) // step * step, 0), -(-(high + room) // step) * step


def _round_step(span: int) -> int:
    """1, 2 or 5 times a power of ten, so that about four steps make the span."""
    rough = max(span // _GRID_LINES, 1)
    power = int(10 ** (len(str(rough)) - 1))
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= rough)


def _tick(at: datetime, span: timedelta) -> str:
    return f"{at:%H:%M}" if span <= timedelta(days=1) else f"{at:%d %b %H:%M}"


def _filled(colour: Color) -> dict[str, Any]:
    return {"fillColor": colour, "strokeColor": None}


def _label(x: float, y: float, text: str, *, anchor: Any) -> String:
    return String(x, y, text, fontName=REGULAR, fontSize=6.5, fillColor=SOFT, textAnchor=anchor)
