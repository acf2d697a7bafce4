"""What every change of a risk event does: take the row lock, write the audit row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.audit import operations as audit
from apps.core.actor import Actor
from apps.risk.models import RiskEvent
from apps.risk.queries.events import EventNotFound

OBJECT_TYPE = "riskevent"
WATCH = Actor.system("risk")


def locked(event_id: int) -> RiskEvent:
    """The event with its row lock, so that one change happens after the other.

    Raises:
        EventNotFound: there is none with this number.
    """
    row = RiskEvent.objects.select_for_update().filter(pk=event_id).first()
    if row is None:
        raise EventNotFound(f"There is no risk event {event_id}.")
    return row


def note(
    row: RiskEvent,
    action: str,
    *,
    actor: Actor,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """One row of the event's audit trail; ``action`` is a verb: "opened", "acknowledged", …"""
    audit.record(
        actor=actor,
        action=f"{OBJECT_TYPE}.{action}",
        object_type=OBJECT_TYPE,
        object_id=str(row.pk),
        before=before,
        after=after,
        level="HIGH",
        at=at,
    )
