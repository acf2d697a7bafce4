"""How long logs take from when they are first seen until they are applied."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min

from apps.chain.models import Cursor, Log, LogStatus

LATELY = timedelta(minutes=5)
_NEWEST = 1_000
"""Of those applied lately so many are looked at, the newest of the chain first."""
_WAITING = (LogStatus.SEEN, LogStatus.FINAL, LogStatus.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLag:
    """Seconds by our clock, floor. ``waiting_seconds`` is of the log that waits longest, parked
    ones included; ``applied_seconds`` the longest of the last five minutes; ``unread_seconds``
    since a node was asked for new blocks, None before the first time."""

    waiting_seconds: int
    waiting: int
    applied_seconds: int
    unread_seconds: int | None
    halted_reason: str

    @property
    def seconds(self) -> int:
        """The longest that an event may take now."""
        return max(self.waiting_seconds, self.applied_seconds, self.unread_seconds or 0)


def event_lag(chain_id: int, *, at: datetime) -> EventLag:
    """How late events are applied, from rows."""
    rows = Log.objects.filter(chain_id=chain_id)
    waiting = rows.filter(status__in=_WAITING).aggregate(count=Count("pk"), since=Min("seen_at"))
    lately = rows.order_by("-block_number", "-log_index").values_list("seen_at", "applied_at")
    cursor = Cursor.objects.filter(chain_id=chain_id).first()
    return EventLag(
        waiting_seconds=_seconds(at - waiting["since"]) if waiting["since"] else 0,
        waiting=waiting["count"],
        applied_seconds=max(
            (
                _seconds(applied - seen)
                for seen, applied in lately[:_NEWEST]
                if applied is not None and applied > at - LATELY
            ),
            default=0,
        ),
        unread_seconds=_seconds(at - cursor.polled_at) if cursor and cursor.polled_at else None,
        halted_reason=cursor.halted_reason if cursor else "",
    )


def applied_at(*, chain_id: int, tx_hash: str, event: str) -> datetime | None:
    """When a transaction's event of that name was applied, by our clock; None while it is not."""
    rows = Log.objects.filter(
        chain_id=chain_id, tx_hash=tx_hash.lower(), event=event, status=LogStatus.APPLIED
    )
    return rows.order_by("-applied_at").values_list("applied_at", flat=True).first()


def _seconds(span: timedelta) -> int:
    return max(int(span.total_seconds()), 0)
