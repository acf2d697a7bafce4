"""What people were told in a stretch of time, each thing once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.notifications.models import Notification
from apps.notifications.rules import CHANNEL_NAMES, Channel, Status

from .installation import installation

TOLD_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that people were told: when first, over which channels, how many messages arrived
    and how many did not."""

    at: datetime
    subject: str
    severity: str
    channels: Sequence[str]
    sent: int
    failed: int


def told_between(*, start: datetime, end: datetime, without: Sequence[str] = ()) -> list[Told]:
    """What was told in [start, end), oldest first, at most 500; kinds in ``without`` left out, and
    what only waits in the back-office to be looked at."""
    rows = Notification.objects.filter(created_at__gte=start, created_at__lt=end)
    rows = rows.exclude(channel=Channel.IN_APP.value).exclude(kind__in=without)
    found: dict[str, list[Notification]] = {}
    for row in rows.order_by("id").defer("text", "html"):
        found.setdefault(row.dedupe_key, []).append(row)
    return [_told(group) for group in list(found.values())[:TOLD_MAX]]


def _told(rows: Sequence[Notification]) -> Told:
    used = {row.channel for row in rows if row.status != Status.RECORDED}
    return Told(
        at=rows[0].created_at,
        subject=rows[0].subject.removeprefix(f"[{installation()}] "),
        severity=rows[0].severity,
        channels=tuple(CHANNEL_NAMES[channel] for channel in Channel if channel in used),
        sent=sum(row.status == Status.SENT for row in rows),
        failed=sum(row.status == Status.FAILED for row in rows),
    )
