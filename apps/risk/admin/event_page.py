"""What the page of a risk event shows to one person."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest

from apps.audit import queries as audit
from apps.core.admin import why_not
from apps.core.display import duration_text
from apps.core.errors import Invalid
from apps.risk import queries
from apps.risk.models import RiskEvent
from apps.risk.rules.figures import EventType, Indicator, Response, Severity
from apps.risk.rules.life import EventStatus
from apps.risk.rules.runbook import steps_for
from apps.risk.rules.specs import SPECS

from .base import ANSWER
from .charts import indicator_chart
from .event_cells import figure, subject_text

SNOOZES = ((60, "1 hour"), (240, "4 hours"), (720, "12 hours"), (1440, "24 hours"))
_BEFORE, _AFTER, _SPAN_MAX = timedelta(hours=6), timedelta(hours=1), timedelta(days=14)
_DRAWN_FOR = {
    EventType.CHAIN_ALERT: Indicator.L1_RATIO,
    EventType.FORECAST: Indicator.LIQUIDITY_GAP_7D,
}
_ACTIONS = {
    "opened": "Opened",
    "reopened": "Back",
    "worsened": "Graver",
    "escalated": "Told again",
    "acknowledged": "Acknowledged",
    "snoozed": "Snoozed",
    "resolved": "Resolved",
}
_SAID = ("note", "reason", "resolution", "message")


class BadSnoozeTime(Invalid):
    """The form does not say for how long."""


def event_page(row: RiskEvent, request: HttpRequest, *, at: datetime) -> dict[str, Any]:
    """The context of the page, from rows alone."""
    version, parameters = queries.policy(at=at)
    return {
        "row": row,
        "at": at,
        "subject": subject_text(row),
        "indicator": _own_indicator(row),
        "value": figure(row, row.value, reason="It has no figure"),
        "worst": figure(row, row.worst_value, reason="It has no figure"),
        "threshold": figure(row, row.threshold, reason="It has no threshold"),
        "lasted": duration_text(int(queries.duration(row, at=at).total_seconds())),
        "chart": _chart(row, parameters, at=at),
        "clock": _clock(row, parameters.response),
        "snoozed": queries.is_snoozed(row, at=at),
        "steps": steps_for(EventType(row.type), row.indicator),
        "told": queries.deliveries(row.pk),
        "log": [_line(entry) for entry in audit.trail("riskevent", str(row.pk))],
        "snoozes": SNOOZES,
        "why_not": _why_not(row, request),
        "policy_version": version,
    }


def snooze_until(minutes: str, *, at: datetime) -> datetime:
    """The instant that the form's choice means.

    Raises:
        BadSnoozeTime: it is none of those offered.
    """
    offered = {str(choice): choice for choice, _words in SNOOZES}
    if minutes not in offered:
        raise BadSnoozeTime("Choose for how long it can wait.")
    return at + timedelta(minutes=offered[minutes])


def _own_indicator(row: RiskEvent) -> str:
    known = row.type == EventType.INDICATOR and row.indicator in set(Indicator)
    return row.indicator if known else ""


def _chart(row: RiskEvent, parameters: Any, *, at: datetime) -> dict[str, Any]:
    """The indicator around the event; for others than indicators, the one they are about."""
    name = _own_indicator(row) or _DRAWN_FOR.get(EventType(row.type))
    if not name:
        return {}
    indicator = Indicator(name)
    end = min(at, (row.resolved_at or at) + _AFTER)
    start = max(row.opened_at - _BEFORE, end - _SPAN_MAX)
    drawn = indicator_chart(
        indicator,
        start=start,
        end=end,
        threshold=parameters.thresholds[indicator],
        events=[row],
    )
    return {"indicator": indicator, "title": SPECS[indicator].title, "drawn": drawn}


def _clock(row: RiskEvent, response: Response) -> list[dict[str, Any]]:
    """When it is told again, unanswered, and to whom; empty when it never is."""
    if row.severity == Severity.INFO:
        return []
    between = response.escalate_critical_minutes - response.escalate_again_minutes
    second = row.escalate_at + timedelta(minutes=between) if row.escalate_at else None
    steps = (
        ("Told again, and by email", response.escalate_again_minutes, row.escalate_at),
        ("To the critical list and the pager", response.escalate_critical_minutes, second),
    )
    return [
        {
            "name": name,
            "after": duration_text(minutes * 60),
            "done": row.escalations > number,
            "due": (row.escalate_at if row.escalations == number else due)
            if row.escalations <= number
            else None,
        }
        for number, (name, minutes, due) in enumerate(steps)
    ]


def _why_not(row: RiskEvent, request: HttpRequest) -> dict[str, str]:
    """Why each button cannot be used; empty where it can."""
    words = "Your role does not answer risk events; a risk officer or an administrator does."
    role = why_not(request, ANSWER, words)
    if row.status == EventStatus.RESOLVED:
        over = "It is resolved."
        return {"acknowledge": over, "snooze": over, "resolve": over}
    answered = ""
    if row.status == EventStatus.ACKNOWLEDGED:
        answered = f"{row.acknowledged_by} takes care of it."
    quiet = "" if row.escalate_at else "Nobody is going to be told of it again."
    return {
        "acknowledge": role or answered,
        "snooze": role or answered or quiet,
        "resolve": role,
    }


def _line(entry: Any) -> dict[str, Any]:
    """One line of the audit trail."""
    after = entry.after or {}
    return {
        "action": _ACTIONS.get(entry.action.rpartition(".")[2], entry.action),
        "by": entry.actor_name,
        "role": entry.actor_role,
        "at": entry.at,
        "detail": "; ".join(str(after[name]) for name in _SAID if after.get(name)),
    }
