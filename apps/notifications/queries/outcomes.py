"""What became of the messages about one thing, by message and channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.notifications.models import WAITING, Notification
from apps.notifications.rules import CHANNEL_NAMES, Channel, Status

MESSAGES_MAX = 500
_LOST = (Status.FAILED.value, Status.DISMISSED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One message by one channel: when it was written, to how many, how many it reached, how many
    it did not and why, how many still wait. What is only kept, and not sent, counts as neither."""

    at: datetime
    subject: str
    channel: str
    addressed: int
    arrived: int
    lost: int
    waiting: int
    error: str


def outcomes(*, prefix: str) -> list[Outcome]:
    """Messages whose ``dedupe_key`` begins with ``prefix``, the oldest first, at most 500 rows."""
    rows = Notification.objects.filter(dedupe_key__startswith=prefix).order_by("id")
    found: dict[tuple[str, str], list[Notification]] = {}
    for row in rows.defer("text", "html", "content")[:MESSAGES_MAX]:
        found.setdefault((row.dedupe_key, row.channel), []).append(row)
    return [_outcome(group) for group in found.values()]


def _outcome(rows: Sequence[Notification]) -> Outcome:
    lost = [row for row in rows if row.status in _LOST]
    return Outcome(
        at=rows[0].created_at,
        subject=rows[0].subject,
        channel=CHANNEL_NAMES[Channel(rows[0].channel)],
        addressed=len(rows),
        arrived=sum(row.status == Status.SENT for row in rows),
        lost=len(lost),
        waiting=sum(row.status in WAITING for row in rows),
        error=next((row.error for row in lost if row.error), ""),
    )
