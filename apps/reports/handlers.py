"""What other apps' facts make reports do."""

from contextlib import suppress

from apps.core.actor import Actor
from apps.risk.events import IncidentClosed

from . import operations


def report_incident(fact: IncidentClosed) -> None:
    """An incident that is over is reported whole; one that ended as it began has nothing to tell,
    and is closed all the same."""
    with suppress(operations.BadPeriod):
        operations.request_incident(
            incident_id=fact.incident_id, actor=Actor.system("reports"), at=fact.at
        )
