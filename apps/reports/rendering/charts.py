"""Vector charts of the PDF: a figure over time, levels over time, tiers against their bands.

Floats here are places on paper, never amounts.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from reportlab.graphics.shapes import Drawing, Polygon, PolyLine, Rect, String
from reportlab.graphics.shapes import Line as Stroke
from reportlab.lib.colors import Color

from apps.core.display import duration_text
from apps.core.units import BPS_ONE, format_amount, format_bps
from apps.reports.document import Bands, Chart, Kind, Line, Steps

from .fonts import BOLD, REGULAR
from .look import (
    BAD,
    BAND,
    BRAND,
    BRAND_PALE,
    CAUTION,
    GOOD,
    GRAVE,
    INK,
    LINE,
    SOFT,
    WARN,
)

_GRID_LINES = 4
_LEFT, _BOTTOM, _RIGHT = 58.0, 22.0, 6.0
_PARTS = 10**8
_LEVEL_COLOURS = {"NORMAL": GOOD, "ELEVATED": CAUTION, "HIGH": GRAVE, "CRITICAL": BAD}
_LIMIT_COLOURS = {"warning": WARN, "critical": BAD}
_LABEL_PLACES = {"warning": 34.0, "critical": 0.0}
"""Beside each other, so that limits close together stay readable."""


def draw(chart: Chart, width: float) -> Drawing | None:
    """A chart as wide as that; None when there is too little to draw."""
    if isinstance(chart, Bands):
        return tier_chart(chart.tiers, width)
    if isinstance(chart, Steps):
        return level_chart(chart, width)
    return line_chart(chart, width, _height(chart))


def _height(chart: Line) -> float:
    return 95.0 if chart.limits else 150.0


def line_chart(chart: Line, width: float, height: float) -> Drawing | None:
    """A figure over time; None when there are too few points for a line."""
    to_whole, in_words = _SCALES[chart.kind]
    points = [(at, None if value is None else to_whole(value)) for at, value in chart.points]
    known = [(at, value) for at, value in points if value is not None]
    if len(known) < 2 or known[0][0] == known[-1][0]:
        return None
    limits = [(name, to_whole(value)) for name, value in chart.limits]
    drawing = Drawing(width, height)
    top = height - 8.0
    low, high = _range([*(value for _, value in known), *(value for _, value in limits)])
    begin, span = points[0][0], points[-1][0] - points[0][0]

    def x_of(at: datetime) -> float:
        return _LEFT + (width - _LEFT - _RIGHT) * ((at - begin) / span)

    def y_of(value: int) -> float:
        return _BOTTOM + (top - _BOTTOM) * ((value - low) / (high - low))

    for value in range(low, high + 1, _round_step(high - low)):
        y = y_of(value)
        drawing.add(Stroke(_LEFT, y, width - _RIGHT, y, strokeColor=LINE, strokeWidth=0.5))
        drawing.add(_label(_LEFT - 6, y - 2.5, in_words(value), anchor="end"))
    _time_axis(drawing, begin, span, x_of)
    for part in _unbroken(points):
        line = [place for at, value in part for place in (x_of(at), y_of(value))]
        if not limits:
            area = [line[0], _BOTTOM, *line, line[-2], _BOTTOM]
            drawing.add(Polygon(area, fillColor=BRAND_PALE, strokeColor=None))
        drawing.add(PolyLine(line, strokeColor=BRAND, strokeWidth=1.4, strokeLineJoin=1))
    for name, value in limits:
        _limit(drawing, name, y_of(value), width)
    return drawing


def _unbroken(points: Sequence[tuple[datetime, int | None]]) -> list[list[tuple[datetime, int]]]:
    """Stretches of points with values, of at least two each."""
    parts: list[list[tuple[datetime, int]]] = [[]]
    for at, value in points:
        if value is None:
            parts.append([])
        else:
            parts[-1].append((at, value))
    return [part for part in parts if len(part) > 1]


def _limit(drawing: Drawing, name: str, y: float, width: float) -> None:
    colour = _LIMIT_COLOURS[name]
    drawing.add(
        Stroke(
            _LEFT,
            y,
            width - _RIGHT,
            y,
            strokeColor=colour,
            strokeWidth=0.8,
            strokeDashArray=[3, 2],
        )
    )
    drawing.add(
        String(
            width - _RIGHT - _LABEL_PLACES[name],
            y + 2,
            name,
            fontName=REGULAR,
            fontSize=6,
            fillColor=colour,
            textAnchor="end",
        )
    )


def level_chart(chart: Steps, width: float) -> Drawing | None:
    """Levels as steps over time; None when there is no time in between."""
    begin, span = chart.points[0][0], chart.until - chart.points[0][0]
    if not span:
        return None
    row = 15.0
    height = _BOTTOM + row * len(chart.levels) + 6
    drawing = Drawing(width, height)

    def x_of(at: datetime) -> float:
        return _LEFT + (width - _LEFT - _RIGHT) * ((at - begin) / span)

    for n, level in enumerate(chart.levels):
        y = _BOTTOM + row * n
        drawing.add(Stroke(_LEFT, y, width - _RIGHT, y, strokeColor=LINE, strokeWidth=0.5))
        drawing.add(_label(_LEFT - 6, y + 4, level.capitalize(), anchor="end"))
    _time_axis(drawing, begin, span, x_of)
    ends = [*(at for at, _ in chart.points[1:]), chart.until]
    for (at, level), end in zip(chart.points, ends, strict=True):
        height_of = row * (chart.levels.index(level) + 1) - 2
        left, right = x_of(at), x_of(end)
        drawing.add(Rect(left, _BOTTOM, right - left, height_of, **_filled(_LEVEL_COLOURS[level])))
    return drawing


def _time_axis(
    drawing: Drawing, begin: datetime, span: timedelta, x_of: Callable[[datetime], float]
) -> None:
    for n in range(5):
        at = begin + span * n / 4
        anchor = "start" if n == 0 else "end" if n == 4 else "middle"
        drawing.add(_label(x_of(at), 8, _tick(at, span), anchor=anchor))


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
        drawing.add(Stroke(x, 14, x, height - 2, strokeColor=LINE, strokeWidth=0.5))
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
            drawing.add(Stroke(x, y - 3, x, y + 17, strokeColor=INK, strokeWidth=1.2))
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


def _parts(value: Decimal) -> int:
    return int(value * _PARTS)


def _percent(parts: int) -> str:
    return f"{(Decimal(parts) * 100 / _PARTS).normalize():f} %"


def _times(parts: int) -> str:
    return f"{(Decimal(parts) / _PARTS).normalize():f} ×"


_SCALES: dict[Kind, tuple[Callable[[Any], int], Callable[[int], str]]] = {
    Kind.NAV: (int, lambda value: format_amount(value, places=6)),
    Kind.SECONDS: (int, duration_text),
    Kind.RATIO: (_parts, _percent),
    Kind.FACTOR: (_parts, _times),
}
"""How a value becomes a whole number to draw, and that number words."""
