"""The timeline of an incident: written as things happen, once for each, and never changed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from apps.core.actor import Actor
from apps.core.text import visible_line
from apps.risk.models import Incident, IncidentEntry
from apps.risk.rules.life import Phase

_TEXT_MAX = 1_000

SAID_FOR = timedelta(hours=1)
"""What is still so after this is said once more."""


def open_incident_of(chain_id: int) -> Incident | None:
    """The incident of a chain that is not closed."""
    return Incident.objects.filter(chain_id=chain_id).exclude(phase=Phase.CLOSED).first()


def write(
    incident: Incident,
    kind: str,
    text: str,
    *,
    actor: Actor,
    at: datetime,
    reference: Mapping[str, Any] | None = None,
) -> IncidentEntry:
    """Add a line. It takes no lock, so that whoever holds others may write."""
    return IncidentEntry.objects.create(
        incident=incident,
        at=at,
        kind=kind,
        text=visible_line(text, characters_max=_TEXT_MAX),
        actor=actor.name[:150],
        actor_id=actor.user_id,
        reference=dict(reference or {}),
    )


def write_unless_said(
    incident: Incident, kind: str, text: str, *, actor: Actor, at: datetime
) -> None:
    """Add a line, unless the same was said within the hour."""
    same = incident.entries.filter(kind=kind, text=visible_line(text, characters_max=_TEXT_MAX))
    if not same.filter(at__gt=at - SAID_FOR).exists():
        write(incident, kind, text, actor=actor, at=at)


def note_in_open(
    chain_id: int,
    kind: str,
    text: str,
    *,
    actor: Actor,
    at: datetime,
    reference: Mapping[str, Any] | None = None,
) -> None:
    """Add a line to the open incident, if there is one."""
    incident = open_incident_of(chain_id)
    if incident is not None:
        write(incident, kind, text, actor=actor, at=at, reference=reference)
