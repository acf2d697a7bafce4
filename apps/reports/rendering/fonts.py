"""The embedded fonts, and text made fit for them.

DejaVu has Latin, Greek, Cyrillic, Hebrew, Arabic and symbols. What it lacks is written out as
``[U+4E2D]`` instead of an empty box; right-to-left runs are put in the order they are read.
"""

import re
import unicodedata
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from apps.core.text import code_point, visible_line

REGULAR, BOLD, MONO = "DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono"
CELL_CHARACTERS_MAX = 300
PARAGRAPH_CHARACTERS_MAX = 5_000

_RTL = re.compile(
    r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]+(?:[ ]+[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]+)*"
)


@cache
def register() -> None:
    """Make the fonts known to reportlab, once per process."""
    folder = settings.BASE_DIR / "static" / "fonts"
    for name in (REGULAR, BOLD, MONO):
        pdfmetrics.registerFont(TTFont(name, folder / f"{name}.ttf"))
    pdfmetrics.registerFontFamily(REGULAR, REGULAR, BOLD, REGULAR, BOLD)


def drawable(text: str, *, characters_max: int = CELL_CHARACTERS_MAX) -> str:
    """Anybody's text as one line that the regular font can draw, a short one unless said."""
    line = visible_line(unicodedata.normalize("NFC", text), characters_max=characters_max)
    glyphs = _glyphs()
    shown = "".join(c if ord(c) in glyphs else code_point(c) for c in line)
    return _RTL.sub(lambda match: match.group()[::-1], shown)


def markup(text: str, *, characters_max: int = CELL_CHARACTERS_MAX) -> str:
    """The same, escaped for a paragraph."""
    return escape(drawable(text, characters_max=characters_max))


@cache
def _glyphs() -> frozenset[int]:
    register()
    face: Any = pdfmetrics.getFont(REGULAR).face  # type: ignore[attr-defined]
    return frozenset(face.charToGlyph)
