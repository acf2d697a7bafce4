"""Values as cells show them."""

from typing import Any

from django.utils.html import format_html

from apps.core import display

SHORT = 42


def shortened(value: Any) -> Any:
    text = str(value)
    if len(text) == SHORT and text.startswith("0x"):
        return display.address(text)
    return (
        text if len(text) <= SHORT else format_html('<span title="{}">{}…</span>', text, text[:40])
    )


def whole(value: Any) -> Any:
    text = str(value)
    return display.address(text) if len(text) == SHORT and text.startswith("0x") else text
