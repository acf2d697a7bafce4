"""What people may do about events that could not be applied."""

from datetime import datetime

from django.db import transaction

from apps.audit import operations as audit
from apps.chain.models import Log, LogStatus
from apps.core.actor import Actor
from apps.core.errors import NotFound, Refused


class NotParked(Refused):
    """Only an event that failed, or that could not be decoded, can be retried."""


def retry_log(*, log_id: int, actor: Actor, at: datetime) -> None:
    """Let the dispatcher take a parked log again at once.

    Raises:
        NotFound, NotParked.
    """
    with transaction.atomic():
        row = Log.objects.select_for_update().filter(pk=log_id).first()
        if row is None:
            raise NotFound(f"There is no event {log_id}.")
        if row.status != LogStatus.FAILED:
            raise NotParked(f"Event {log_id} is {row.get_status_display().lower()}.")
        row.retry_at = at
        row.save(update_fields=["retry_at"])
        audit.record(
            actor=actor,
            action="RETRY",
            object_type="event",
            object_id=str(row.pk),
            before={"error": row.error[-300:]},
            at=at,
        )
