"""The clock's part: an event that nobody answers is told again, each step once, however late."""

from datetime import datetime

from django.db import transaction

from apps.core import bus
from apps.core.actor import Actor
from apps.risk import queries
from apps.risk.events import RiskEventEscalated
from apps.risk.models import RiskEvent
from apps.risk.rules.alerting import next_escalation
from apps.risk.rules.figures import Response

from ._events import note

CLOCK = Actor.system("clock")


def escalate_due(*, at: datetime) -> int:
    """Tell again of every event whose time has come; return how many steps were taken.

    Computed from the rows' own times, so a restart forgets nothing, and after an outage each step
    that came due meanwhile is taken once. An event that somebody is answering at this moment is
    left to the next tick.
    """
    due = list(
        RiskEvent.objects.filter(escalate_at__lte=at)
        .order_by("escalate_at", "id")
        .values_list("id", flat=True)
    )
    if not due:
        return 0
    response = queries.policy(at=at)[1].response
    return sum(_escalate(event_id, response, at) for event_id in due)


@transaction.atomic
def _escalate(event_id: int, response: Response, at: datetime) -> int:
    row = (
        RiskEvent.objects.select_for_update(skip_locked=True)
        .filter(pk=event_id, escalate_at__lte=at)
        .first()
    )
    if row is None:
        return 0
    before = row.escalations
    while row.escalate_at is not None and row.escalate_at <= at:
        row.escalations += 1
        row.escalate_at = next_escalation(
            done=row.escalations, due=row.escalate_at, response=response
        )
    row.wake()
    row.quiet = False
    row.save()
    note(
        row,
        "escalated",
        actor=CLOCK,
        at=at,
        before={"escalations": before},
        after={"escalations": row.escalations, "next_at": row.escalate_at},
    )
    for step in range(before + 1, row.escalations + 1):
        bus.publish(RiskEventEscalated(event_id=row.pk, step=step, at=at))
    return row.escalations - before
