"""What open pages hear on ``risk:alert`` about risk events, levels and incidents.

Each push says by ``kind`` what it is about (RISK_EVENT, LEVEL, INCIDENT) and by ``change`` what
happened; docs/live.md lists the fields. What flaps is pushed too, marked ``quiet``, so that a page
shows it and need not call for attention.
"""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from apps.notifications.operations import push
from apps.risk import queries as risk
from apps.risk.events import (
    IncidentClosed,
    IncidentMoved,
    IncidentOpened,
    LevelChanged,
    RiskEventAcknowledged,
    RiskEventEscalated,
    RiskEventOpened,
    RiskEventResolved,
    RiskEventWorsened,
)

if TYPE_CHECKING:
    from apps.risk.models import RiskEvent

_CHANNEL = "risk:alert"
_EventFact = (
    RiskEventOpened
    | RiskEventWorsened
    | RiskEventEscalated
    | RiskEventAcknowledged
    | RiskEventResolved
)
_IncidentFact = IncidentOpened | IncidentMoved | IncidentClosed
_CHANGES: dict[type, str] = {
    RiskEventOpened: "OPENED",
    RiskEventWorsened: "WORSENED",
    RiskEventEscalated: "ESCALATED",
    RiskEventAcknowledged: "ACKNOWLEDGED",
    RiskEventResolved: "RESOLVED",
    IncidentOpened: "OPENED",
    IncidentMoved: "MOVED",
    IncidentClosed: "CLOSED",
}


def show_event(fact: _EventFact) -> None:
    """Something happened to a risk event."""
    event = risk.event(fact.event_id)
    push(_CHANNEL, {"change": _CHANGES[type(fact)], **_event(event)}, fact.at)


def show_level(fact: LevelChanged) -> None:
    """The fund's level is another one."""
    push(
        _CHANNEL,
        {
            "kind": "LEVEL",
            "change": "CHANGED",
            "oldLevel": fact.old or None,
            "level": fact.new,
            "score": fact.score,
            "reasons": list(fact.reasons),
            "at": _time(fact.at),
        },
        fact.at,
    )


def show_incident(fact: _IncidentFact) -> None:
    """An incident began, moved on, or is over."""
    incident = risk.incident(fact.incident_id).row
    push(
        _CHANNEL,
        {
            "kind": "INCIDENT",
            "change": _CHANGES[type(fact)],
            "id": str(incident.pk),
            "phase": incident.phase,
            "cause": incident.cause,
            "summary": incident.summary,
            "openedAt": _time(incident.opened_at),
            "closedAt": _time(incident.closed_at),
        },
        fact.at,
    )


def _event(event: "RiskEvent") -> dict[str, object]:
    return {
        "kind": "RISK_EVENT",
        "id": str(event.pk),
        "type": event.type,
        "indicator": event.indicator,
        "severity": event.severity,
        "status": event.status,
        "message": event.message,
        "value": _number(event.value),
        "threshold": _number(event.threshold),
        "unit": event.unit,
        "openedAt": _time(event.opened_at),
        "acknowledgedAt": _time(event.acknowledged_at),
        "acknowledgedBy": event.acknowledged_by,
        "resolvedAt": _time(event.resolved_at),
        "quiet": event.quiet,
    }


def _number(value: Decimal | None) -> str | None:
    """As REST writes it: no exponent, no zeros behind."""
    return None if value is None else f"{value.normalize():f}"


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat().replace("+00:00", "Z")
