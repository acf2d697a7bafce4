"""How levels, states and readings look: in words, in colour, and in shape."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.core import display
from apps.core.text import visible_line
from apps.risk.rules.figures import Indicator, Level, Severity, Status, Unit
from apps.risk.rules.specs import SPECS
from apps.risk.rules.words import distance_text, limit_text, value_text

register = template.Library()

_LEVEL_TONES = {"NORMAL": "good", "ELEVATED": "warn", "HIGH": "bad", "CRITICAL": "bad"}
_STATUS_TONES = {"NORMAL": "good", "WARNING": "warn", "CRITICAL": "bad", "UNKNOWN": "neutral"}
_SEVERITY_TONES = {"INFO": "info", "WARNING": "warn", "CRITICAL": "bad"}
_EVENT_TONES = {"OPEN": "bad", "ACKNOWLEDGED": "info", "RESOLVED": "good"}
# A circle, a triangle, a square on its corner, and a ring: told apart without their colour.
_CIRCLE = SafeString('<circle cx="6" cy="6" r="4.5"/>')
_SHAPES = {
    "NORMAL": _CIRCLE,
    "INFO": _CIRCLE,
    "WARNING": SafeString('<path d="M6 1 11.5 11H.5z"/>'),
    "CRITICAL": SafeString('<path d="M6 0 12 6 6 12 0 6z"/>'),
    "UNKNOWN": SafeString('<circle class="ring" cx="6" cy="6" r="4.5"/>'),
}
_FILLED = SafeString(' class="on"')


@register.filter
def level_mark(level: str) -> SafeString:
    """A level as a word beside four steps, as many of them filled as it is grave."""
    rank = Level(level).rank
    steps = format_html_join(
        "",
        '<rect x="{}" y="{}" width="5" height="{}"{}/>',
        (
            (step * 7, 9 - step * 3, 3 + step * 3, _FILLED if step <= rank else "")
            for step in range(len(Level))
        ),
    )
    return format_html(
        '<span class="rk-level pill pill-{}"><svg viewBox="0 0 26 12" aria-hidden="true">{}</svg>'
        "{}</span>",
        _LEVEL_TONES[level],
        steps,
        level.capitalize(),
    )


@register.filter
def status_mark(status: str) -> SafeString:
    """How an indicator stands."""
    return _marked(Status(status).value, _STATUS_TONES[status])


@register.filter
def severity_mark(severity: str) -> SafeString:
    """How grave an event is."""
    return _marked(Severity(severity).value, _SEVERITY_TONES[severity])


@register.filter
def event_mark(status: str) -> SafeString:
    """Where an event stands."""
    return display.status_pill(status, _EVENT_TONES[status])


# -- Readings --------------------------------------------------------------------------------------


@register.filter
def reading_value(reading: Any) -> SafeString:
    """An indicator's value with its unit, or why there is none."""
    if reading.value is None:
        return _no_value(reading)
    text = value_text(
        reading.value, Unit(reading.unit), apart_from=(reading.warning, reading.critical)
    )
    return format_html('<span class="num" title="{}">{}</span>', f"{reading.value:f}", text)


@register.filter
def reading_limits(reading: Any) -> str:
    """From where on it is a warning, and critical: ``warns below 10 %, critical below 8 %``."""
    spec, unit = SPECS[Indicator(reading.indicator)], Unit(reading.unit)
    warning, critical = (
        limit_text(value, unit).replace(" ", "\N{NO-BREAK SPACE}")
        for value in (reading.warning, reading.critical)
    )
    return (
        f"warns {_from(spec.worse, spec.warning_inclusive)} {warning},"
        f" critical {_from(spec.worse, spec.critical_inclusive)} {critical}"
    )


@register.filter
def headroom(reading: Any) -> str:
    """How far it is from being graver, or how far beyond the last threshold."""
    if reading.value is None:
        return ""
    unit = Unit(reading.unit)
    if reading.status == Status.NORMAL:
        return f"{distance_text(reading.value - reading.warning, unit)} to a warning"
    if reading.status == Status.WARNING:
        return f"{distance_text(reading.value - reading.critical, unit)} to critical"
    if _beyond_critical(reading):
        return f"{distance_text(reading.value - reading.critical, unit)} beyond critical"
    return ""


@register.filter
def gauge(reading: Any) -> SafeString:
    """Where the value lies between well and critical; the right is always the worse side.

    The warning is at 60 % of the width and critical at 80 %, whatever the indicator.
    """
    if reading.value is None:
        return SafeString("")
    place = min(Decimal(1000), max(Decimal(0), _place(reading)))
    return format_html(
        '<svg class="rk-gauge" viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="well" width="600" y="4" height="6"/>'
        '<rect class="warning" x="600" width="200" y="4" height="6"/>'
        '<rect class="critical" x="800" width="200" y="4" height="6"/>'
        '<rect class="here" x="{}" width="16" y="0" height="14"/></svg>',
        int(place) * 984 // 1000,
    )


@register.filter
def spark(points: Sequence[Any]) -> SafeString:
    """A line of a day in a few pixels; a gap where the value was unknown."""
    known = [point for point in points if point.value is not None]
    if len(known) < 2:
        return display.unknown("Too few readings in this time")
    low, high = min(point.value for point in known), max(point.value for point in known)
    start, end = known[0].at, known[-1].at
    width = (end - start).total_seconds()
    path, drawing = [], False
    for point in points:
        if point.value is None:
            drawing = False
            continue
        x = round(100 * (point.at - start).total_seconds() / width, 1)
        y = round(18 - 16 * (float((point.value - low) / (high - low)) if high > low else 0.5), 1)
        path.append(f"{'L' if drawing else 'M'}{x} {y}")
        drawing = True
    return format_html(
        '<svg class="rk-spark" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">'
        '<path d="{}" vector-effect="non-scaling-stroke"/></svg>',
        "".join(path),
    )


@register.filter
def visible(text: str) -> str:
    """A figure from outside as one line in which nothing hides."""
    return visible_line(str(text))


@register.filter
def score(value: Decimal) -> SafeString:
    """Points of the score, one decimal; the exact ones are in the title."""
    return format_html('<span class="num" title="{}">{}</span>', f"{value:f}", f"{value:.1f}")


@register.filter
def seconds(value: float) -> str:
    """A span in words."""
    return display.duration_text(int(value))


@register.filter
def trend_of(trends: Mapping[Indicator, Sequence[Any]], indicator: str) -> Sequence[Any]:
    """The points of one indicator."""
    return trends.get(Indicator(indicator), ())


@register.filter
def stacked(readings: Sequence[Any]) -> list[dict[str, Any]]:
    """What each indicator adds to the score, end to end, in thousandths of the whole."""
    bars, x = [], 0
    for reading in readings:
        width = int(reading.share * 10)
        if width:
            bars.append({"x": x, "width": width, "tone": _STATUS_TONES[reading.status]})
            x += width
    return bars


def _no_value(reading: Any) -> SafeString:
    if reading.status == Status.UNKNOWN:
        return display.unknown(reading.unknown)
    if reading.infinite:
        return format_html('<span class="num" title="{}">{}</span>', "Nothing is owed", "no bound")
    if reading.too_few:
        return display.unknown("Too few to judge by; that is normal")
    return display.unknown(reading.meaning)


def _from(worse: str, inclusive: bool) -> str:
    if worse == "below":
        return "at or below" if inclusive else "below"
    return "from" if inclusive else "above"


def _beyond_critical(reading: Any) -> bool:
    spec = SPECS[Indicator(reading.indicator)]
    return spec.is_beyond(reading.value, reading.critical, inclusive=spec.critical_inclusive)


def _place(reading: Any) -> Decimal:
    """Thousandths of the gauge: warning at 600, critical at 800, as far again at 1000. On the good
    side the scale begins at nothing, or, where little is bad, at twice the warning."""
    side = -1 if SPECS[Indicator(reading.indicator)].worse == "below" else 1
    beyond = side * (reading.value - reading.warning)
    step = abs(reading.critical - reading.warning) or abs(reading.critical) or Decimal(1)
    room = step if beyond > 0 else abs(reading.warning) / 3 or step
    return Decimal(600 + 200 * beyond / room)


@register.filter
def level_tone(level: str) -> str:
    """The colour of a level."""
    return _LEVEL_TONES[level]


def _marked(word: str, tone: str) -> SafeString:
    return format_html(
        '<span class="rk-mark pill pill-{}"><svg viewBox="0 0 12 12" aria-hidden="true">{}</svg>{}'
        "</span>",
        tone,
        _SHAPES[word],
        word.capitalize(),
    )
