"""Messages about the emergency protocol: it began, it moved on, it is over.

The beginning goes to everybody by every channel. What follows goes where those look who work on it;
when people are called together, they are mailed again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from apps.core.units import format_amount
from apps.notifications.operations import notify
from apps.notifications.queries import is_configured
from apps.notifications.rules import Severity, Shared, shared_for
from apps.risk import queries as risk
from apps.risk.events import IncidentClosed, IncidentMoved, IncidentOpened

from .links import admin_link
from .places import bullets
from .risk_words import level_lines

if TYPE_CHECKING:
    from apps.risk.queries import IncidentView

_EVERYBODY = ("RISK_OFFICER", "ADMIN", "SUPER_ADMIN", "OPERATOR", "FUND_MANAGER")
_ROOM = (Shared.SLACK_CRITICAL, Shared.TELEGRAM)

_BEGINS = (
    "Open the incident and follow its timeline.",
    "Decide its tickets: emergency mode, pausing new standard redemptions.",
    "Within 5 minutes a plan to raise cash is proposed; after 30 minutes the checklist begins.",
)
_PHASES = {
    "LIQUIDITY": (
        "raising liquidity",
        "The gap was computed and a plan to close it is proposed: L1 yield, then L2, then L3.",
    ),
    "PEOPLE": (
        "people are called together",
        "It has lasted. Work through the checklist: each item is ticked with name and time.",
    ),
    "RECOVERY": (
        "recovering",
        "The figures are calm. Tickets ask to undo what was switched; then somebody closes it.",
    ),
}


def tell_incident(fact: IncidentOpened) -> None:
    """The emergency protocol began: everybody, by every channel."""
    view = risk.incident(fact.incident_id)
    _tell(
        view,
        key="opened",
        lead="EMERGENCY",
        body=f"What to do:\n{bullets(_BEGINS)}",
        roles=_EVERYBODY,
        severity=Severity.CRITICAL,
        shared=shared_for(Severity.CRITICAL),
        at=fact.at,
    )


def tell_phase(fact: IncidentMoved) -> None:
    """It is in another phase; when people are called, they are mailed as well."""
    view = risk.incident(fact.incident_id)
    words, body = _PHASES[fact.phase]
    called = fact.phase == "PEOPLE"
    told_elsewhere = any(map(is_configured, _ROOM))
    open_items = [item.title for item in view.checklist if item.done_at is None]
    if called and open_items:
        body = f"{body}\n\nStill to do:\n{bullets(open_items)}"
    _tell(
        view,
        key=f"{fact.phase}:{fact.at.isoformat()}",
        lead=f"Emergency, {words}",
        body=body,
        roles=() if told_elsewhere and not called else _EVERYBODY,
        severity=Severity.CRITICAL if called else Severity.WARNING,
        shared=_ROOM,
        at=fact.at,
    )


def tell_closed(fact: IncidentClosed) -> None:
    """It is over: everybody who was woken hears it, and the pager stops."""
    view = risk.incident(fact.incident_id)
    _tell(
        view,
        key="closed",
        lead="Over",
        body=f"{view.row.closed_by} closed the incident at {_time(fact.at)}. "
        "Its report is being made.",
        roles=_EVERYBODY,
        severity=Severity.INFO,
        shared=(*_ROOM, Shared.PAGERDUTY),
        resolves=True,
        at=fact.at,
    )


def _tell(
    view: "IncidentView",
    *,
    key: str,
    lead: str,
    body: str,
    roles: Sequence[str],
    severity: Severity,
    shared: Sequence[Shared],
    resolves: bool = False,
    at: datetime,
) -> None:
    incident, gap = view.row, view.gap
    missing = [("Missing cash", f"{format_amount(gap.assets)} USDT. {gap.formula}")] if gap else []
    notify(
        kind=f"INCIDENT_{key.partition(':')[0].upper()}",
        dedupe_key=f"risk:incident:{incident.pk}:{key}",
        roles=roles,
        subject=f"{lead}: {incident.summary}",
        body=body,
        details=[
            ("Incident", f"I-{incident.pk}"),
            ("Opened", f"{_time(incident.opened_at)} by {incident.opened_by}"),
            *missing,
            *level_lines(),
        ],
        link=admin_link("risk_incident_change", incident.pk),
        link_text="Open the incident",
        severity=severity,
        shared=shared,
        topic=f"risk:incident:{incident.pk}",
        resolves=resolves,
        at=at,
    )


def _time(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
