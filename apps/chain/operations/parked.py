"""What people may do about events that could not be applied: dead letters."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.audit import operations as audit
from apps.chain.models import Cursor, Log, LogStatus
from apps.chain.operations.decoding import decode
from apps.core.actor import Actor
from apps.core.errors import NotFound, Refused

PARKED = (LogStatus.FAILED, LogStatus.UNKNOWN, LogStatus.UNDECODABLE)


class NotParked(Refused):
    """Only an event that failed, or was not understood, can be retried."""


class NotUnderstood(Refused):
    """The ABI as it is today does not know the event either."""


class NeedsReplay(Refused):
    """Later events of its subject are applied: applied now, it would come out of order."""


def dead_letters(*, chain_id: int | None = None, event: str = "") -> QuerySet[Log]:
    """Events that could not be applied, in chain order."""
    rows = Log.objects.filter(status__in=PARKED)
    if chain_id is not None:
        rows = rows.filter(chain_id=chain_id)
    if event:
        rows = rows.filter(event=event)
    return rows.order_by("chain_id", "block_number", "log_index")


def retry_log(*, log_id: int, actor: Actor, at: datetime) -> None:
    """Let the dispatcher take a parked event at once; one not understood is decoded anew first.

    Raises:
        NotFound, NotParked, NotUnderstood.
        NeedsReplay: only a replay can still put it in its place.
    """
    with transaction.atomic():
        row = Log.objects.select_for_update().filter(pk=log_id).first()
        if row is None:
            raise NotFound(f"There is no event {log_id}.")
        if row.status not in PARKED:
            raise NotParked(f"Event {log_id} is {row.get_status_display().lower()}.")
        before = {"status": row.status, "error": row.error[-300:]}
        if row.status == LogStatus.FAILED:
            row.retry_at = at
            row.save(update_fields=["retry_at"])
        else:
            _take_in(row, at)
        audit.record(
            actor=actor,
            action="RETRY",
            object_type="event",
            object_id=str(row.pk),
            before=before,
            after={"status": row.status},
            at=at,
        )


def retry_logs(
    *, log_ids: Collection[int], actor: Actor, at: datetime
) -> dict[int, Refused | None]:
    """Retry each; by id, why one was refused or None. A refusal stops none of the others."""
    outcomes: dict[int, Refused | None] = {}
    for log_id in log_ids:
        try:
            retry_log(log_id=log_id, actor=actor, at=at)
        except Refused as refused:
            outcomes[log_id] = refused
        else:
            outcomes[log_id] = None
    return outcomes


def _take_in(row: Log, at: datetime) -> None:
    """Decode an event anew, and put it before the dispatcher in its place."""
    if not decode(row):
        raise NotUnderstood(
            f"Event {row.pk} is still {row.get_status_display().lower()}: the chain file, or the "
            "ABI that it names, must know it first."
        )
    later = Q(block_number__gt=row.block_number) | Q(
        block_number=row.block_number, log_index__gt=row.log_index
    )
    applied = Log.objects.filter(
        later, chain_id=row.chain_id, key=row.key, status=LogStatus.APPLIED
    )
    if row.key and applied.exists():
        raise NeedsReplay(
            f"Event {row.pk} ({row.event}) is understood now, but later events of its subject are "
            "applied: run “manage.py replay”."
        )
    if Cursor.objects.filter(chain_id=row.chain_id, final_number__gte=row.block_number).exists():
        row.status, row.final_at = LogStatus.FINAL, row.final_at or at
    row.save(update_fields=["event", "args", "key", "status", "error", "final_at"])
