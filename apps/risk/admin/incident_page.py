"""What the page of an incident shows to one person."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apps.audit import queries as audit
from apps.core.admin import why_not
from apps.core.display import duration_text
from apps.risk import queries
from apps.risk.models import Incident
from apps.risk.rules.figures import Level
from apps.risk.rules.life import Phase
from apps.risk.rules.protocol import ALARM_FOR, PEOPLE_AFTER
from apps.risk.rules.switches import Switch

from .base import OPEN_INCIDENT, PHASE_TONES, WORK_INCIDENT

LIVE_SECONDS = 5
"""How often the page of an open incident asks for what is new."""

_STEPS = {
    Phase.ALARM: ("Alarm", "alerts go out; stops are asked for"),
    Phase.LIQUIDITY: ("Liquidity", "the gap is worked out; a plan is proposed"),
    Phase.PEOPLE: ("People", "the checklist is worked through"),
    Phase.RECOVERY: ("Recovery", "the fund is calm; stops are taken back"),
    Phase.CLOSED: ("Closed", "the report is made"),
}
_LANES = {
    "PHASE": "chain",
    "LEVEL": "failed",
    "CHAIN": "chain",
    "TICKET": "staff",
    "PLAN": "staff",
    "CHECKLIST": "staff",
    "NOTE": "staff",
}

_VERBS = {
    (Switch.MODE, True): "Switch on",
    (Switch.MODE, False): "Switch off",
    (Switch.REDEMPTIONS, True): "Pause",
    (Switch.REDEMPTIONS, False): "Open again",
}


def incident_page(
    view: queries.IncidentView, request: HttpRequest, *, at: datetime
) -> dict[str, Any]:
    """The context of the page; from rows alone, since it is asked for again and again."""
    row = view.row
    _version, parameters = queries.policy(at=at)
    is_open = row.phase != Phase.CLOSED
    run = queries.latest_assessment() if is_open else None
    return {
        "view": view,
        "row": row,
        "at": at,
        "tone": PHASE_TONES[row.phase],
        "is_open": is_open,
        "live_seconds": LIVE_SECONDS if is_open else 0,
        "lasted": duration_text(int(((row.closed_at or at) - row.opened_at).total_seconds())),
        "phases": _phases(view),
        "next": _next(row, parameters.response.recovery_minutes) if is_open else "",
        "entries": [
            {"row": entry, "lane": _LANES.get(entry.kind, ""), "link": _reference(entry.reference)}
            for entry in reversed(view.entries)
        ],
        "run": run,
        "levels": queries.levels_between(row.opened_at, row.closed_at or at),
        "switches": [_switch(*pair) for pair in zip(Switch, view.switches, strict=True)],
        "still_on": [one for one in view.switches if one.is_on],
        "why_not": {
            "work": why_not(request, WORK_INCIDENT, "Your role does not work on incidents."),
            "ask": why_not(request, OPEN_INCIDENT, "Your role does not ask for switches."),
            "retry": why_not(request, "approvals.decide_ticket", "Your role does not decide."),
            "close": _why_not_close(row, request),
        },
    }


def _phases(view: queries.IncidentView) -> list[dict[str, Any]]:
    """The steps of the protocol with when each was entered last; one may be left out."""
    entered: dict[str, datetime] = {Phase.ALARM.value: view.row.opened_at}
    moved = audit.trail("incident", str(view.row.pk)).filter(action="incident.moved")
    for entry in moved:
        entered[str((entry.after or {}).get("phase"))] = entry.at
    entered[view.row.phase] = view.row.phase_since
    return [
        {
            "title": title,
            "words": words,
            "at": entered.get(phase.value),
            "now": view.row.phase == phase.value,
        }
        for phase, (title, words) in _STEPS.items()
    ]


def _switch(switch: Switch, stands: Any) -> dict[str, Any]:
    """Where a switch stands, and the page on which to ask for the other position."""
    other = not stands.is_on
    return {
        "title": stands.title,
        "position": stands.position,
        "tone": "bad" if stands.is_on else "good",
        "verb": _VERBS[switch, other],
        "url": reverse("admin:risk_switch", args=[switch.value, "on" if other else "off"]),
    }


def _next(row: Incident, recovery_minutes: int) -> str:
    """What the protocol waits for now, and until when."""
    if row.phase == Phase.ALARM:
        return f"Liquidity begins {_clock(row.opened_at + ALARM_FOR)}."
    if row.phase == Phase.LIQUIDITY:
        return f"People begins {_clock(row.opened_at + PEOPLE_AFTER)}, unless it is over."
    if row.phase == Phase.RECOVERY:
        return "It can be closed once the stops are taken back, or somebody says why they stay."
    if row.calm_since is None:
        return (
            f"Recovery begins once the figures are at {Level.ELEVATED} or better for"
            f" {recovery_minutes} minutes."
        )
    until = row.calm_since + timedelta(minutes=recovery_minutes)
    return (
        f"The figures are calm since {row.calm_since:%H:%M} UTC. Recovery begins {_clock(until)}."
    )


def _clock(value: datetime) -> str:
    return f"at {value:%H:%M} UTC"


def _reference(reference: dict[str, Any]) -> dict[str, Any]:
    """What a line is about, as the page links it."""
    return {name: reference[name] for name in ("ticket", "plan", "tx") if reference.get(name)}


def _why_not_close(row: Incident, request: HttpRequest) -> str:
    if row.phase == Phase.CLOSED:
        return "It is closed."
    if row.phase != Phase.RECOVERY:
        return (
            "It can be closed in the step Recovery, once the fund has been calm for the set time."
        )
    return why_not(request, WORK_INCIDENT, "Your role does not work on incidents.")
