"""How a risk event looks as a row of the list, and its figures anywhere."""

from decimal import Decimal

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import clock, display
from apps.core.text import visible_line
from apps.risk import queries
from apps.risk.models import RiskEvent
from apps.risk.rules.figures import EventType, Indicator, Severity, Unit
from apps.risk.rules.specs import SPECS
from apps.risk.rules.words import limit_text, value_text
from apps.risk.templatetags.risk import event_mark, severity_mark

_TYPES = {"LEVEL": "Level of risk", "CHAIN_ALERT": "Alert of the contracts", "FORECAST": "Forecast"}


class Cells:
    """The list's columns."""

    @admin.display(description="Event", ordering="opened_at")
    def number(self, row: RiskEvent) -> SafeString:
        return format_html(
            '<a class="wf-subject" href="{}"><strong>E-{}</strong></a>'
            '<span class="wf-sub">{}</span>',
            reverse("admin:risk_riskevent_change", args=[row.pk]),
            row.pk,
            display.age(row.opened_at),
        )

    @admin.display(description="Severity", ordering="severity")
    def grave(self, row: RiskEvent) -> SafeString:
        return severity_mark(row.severity)

    @admin.display(description="What")
    def what(self, row: RiskEvent) -> SafeString:
        return format_html(
            '<bdi class="rk-words">{}</bdi><span class="wf-sub">{}</span>',
            row.message,
            subject_text(row),
        )

    @admin.display(description="Value")
    def figure(self, row: RiskEvent) -> SafeString:
        return figure(row, row.value, reason="It has no figure")

    @admin.display(description="Threshold")
    def limit(self, row: RiskEvent) -> SafeString:
        return figure(row, row.threshold, reason="It has no threshold")

    @admin.display(description="Status", ordering="status")
    def state(self, row: RiskEvent) -> SafeString:
        note = _note(row)
        mark = event_mark(row.status)
        return format_html('{}<bdi class="wf-sub">{}</bdi>', mark, note) if note else mark

    @admin.display(description="Last seen", ordering="last_seen_at")
    def last_seen(self, row: RiskEvent) -> SafeString:
        times = f"{row.times:,} times" if row.times > 1 else "once"
        back = f", came back {row.flaps}×" if row.flaps else ""
        return format_html(
            '{}<span class="wf-sub">{}{}</span>', display.age(row.last_seen_at), times, back
        )

    @admin.display(description="Lasted")
    def lasted(self, row: RiskEvent) -> SafeString:
        seconds = int(queries.duration(row, at=clock.now()).total_seconds())
        return format_html('<span class="num">{}</span>', display.duration_text(seconds))


def subject_text(row: RiskEvent) -> str:
    """What an event is about, in words."""
    if row.type == EventType.INDICATOR and row.indicator in set(Indicator):
        return SPECS[Indicator(row.indicator)].title
    words = _TYPES.get(row.type, row.type)
    if row.type == EventType.LEVEL:
        return words
    return visible_line(f"{words}: {row.indicator.replace('_', ' ')}")


def figure_text(row: RiskEvent, value: Decimal | None) -> str | None:
    """One of an event's figures with its unit; None when it has none."""
    if value is None:
        return None
    if row.unit not in set(Unit):
        return f"{value.normalize():f} {row.unit}".strip()
    if value == row.threshold:
        return limit_text(value, Unit(row.unit))
    beside = () if row.threshold is None else (row.threshold,)
    return value_text(value, Unit(row.unit), apart_from=beside)


def figure(row: RiskEvent, value: Decimal | None, *, reason: str) -> SafeString:
    """The same as a cell; a dash with the reason when there is none."""
    text = figure_text(row, value)
    if text is None:
        return display.unknown(reason)
    return format_html('<span class="num">{}</span>', text)


def _note(row: RiskEvent) -> str:
    if row.resolved_at is not None:
        return "by itself" if row.by_itself else f"by {row.resolved_by}"
    if queries.is_snoozed(row, at=clock.now()):
        return f"snoozed until {row.snoozed_until:%d %b %H:%M} UTC"
    if row.acknowledged_at is not None:
        return f"by {row.acknowledged_by}"
    if row.escalate_at is not None and row.severity != Severity.INFO:
        return f"told again {display.relative_text(row.escalate_at, clock.now())}"
    return ""
