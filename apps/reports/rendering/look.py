"""Colours and text styles of the PDF."""

from functools import cache
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm

from .fonts import BOLD, MONO, REGULAR, register

INK = HexColor("#1b2432")
SOFT = HexColor("#5b6a7e")
BRAND = HexColor("#1d3f72")
BRAND_PALE = HexColor("#e8eef7")
LINE = HexColor("#d6dde6")
PALE = HexColor("#f4f6f9")
BAND = HexColor("#c9d6e8")
WARN = HexColor("#8a5a00")
BAD = HexColor("#a32020")
GRAVE = HexColor("#cf7430")
CAUTION = HexColor("#e6bd63")
GOOD = HexColor("#8fb89b")
WARN_PALE = HexColor("#fff6e3")

MARGIN = 18 * mm


@cache
def style(name: str) -> ParagraphStyle:
    """A paragraph style by name."""
    register()
    return _STYLES[name]


def _style(name: str, size: float, *, font: str = REGULAR, **more: Any) -> ParagraphStyle:
    leading = size * 1.35
    return ParagraphStyle(
        name,
        fontName=font,
        fontSize=size,
        leading=leading,
        textColor=more.pop("color", INK),
        **more,
    )


_STYLES = {
    item.name: item
    for item in (
        _style("body", 9),
        _style("text", 9.5, spaceAfter=7),
        _style("summary", 10.5, color=INK),
        _style("chart", 8, font=BOLD, spaceBefore=6, spaceAfter=2),
        _style("note", 8, color=SOFT, spaceAfter=6),
        _style("h1", 15, font=BOLD, color=BRAND, spaceAfter=3),
        _style("h2", 9.5, font=BOLD, spaceBefore=10, spaceAfter=4),
        _style("cell", 7.2),
        _style("cell-bold", 7.2, font=BOLD),
        _style("number", 7.2, alignment=TA_RIGHT),
        _style("number-bold", 7.2, font=BOLD, alignment=TA_RIGHT),
        _style("hex", 6.8, font=MONO),
        _style("head", 7, font=BOLD, color=SOFT),
        _style("head-number", 7, font=BOLD, color=SOFT, alignment=TA_RIGHT),
        _style("fund", 11, font=BOLD, color=BRAND),
        _style("cover-title", 30, font=BOLD, color=INK),
        _style("cover-period", 15, color=SOFT),
        _style("figure-label", 8, color=SOFT),
        _style("figure", 15, font=BOLD),
        _style("figure-more", 8, color=SOFT),
        _style("fact-label", 8.5, color=SOFT),
        _style("fact", 8.5),
        _style("warn-head", 9, font=BOLD, color=WARN),
        _style("warn", 8.5, color=WARN),
    )
}
