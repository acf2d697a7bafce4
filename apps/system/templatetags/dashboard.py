"""Small words for the dashboard's templates."""

from datetime import datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import clock, display
from apps.core.units import format_bps
from apps.system.rules import State

register = template.Library()

_TONES = {State.UP: "good", State.DEGRADED: "warn", State.DOWN: "bad", State.UNKNOWN: ""}


@register.simple_tag
def deadline(value: datetime, soon_seconds: int) -> SafeString:
    """The time left, coloured when short; the page keeps both fresh."""
    left = (value - clock.now()).total_seconds()
    tone = "late" if left <= 0 else "soon" if left <= soon_seconds else ""
    return format_html(
        '<time class="age {}" datetime="{}" data-soon-seconds="{}" title="{}">'
        '<span class="ago">{}</span></time>',
        tone,
        value.isoformat(),
        soon_seconds,
        f"Deadline {value:%Y-%m-%d %H:%M} UTC",
        display.relative_text(value, clock.now()),
    )


@register.filter
def why(ticket: Any) -> str:
    """The one line that says why people are asked: the first condition that is met."""
    met = [item for item in ticket.conditions if item.get("met")]
    return str((met or [{"text": ticket.kind.replace("_", " ").capitalize()}])[0]["text"])


@register.filter
def band_width(tier: Any) -> int:
    """The width of a tier's band, in basis points."""
    return max(0, (tier.max_bps or 0) - (tier.min_bps or 0))


@register.filter
def plain_bps(value: int | None) -> str:
    """Basis points as text without markup, for titles."""
    return format_bps(value)


@register.filter
def state_tone(state: State) -> str:
    """The colour of a part's state."""
    return _TONES[state]
