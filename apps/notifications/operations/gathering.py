"""The end of a burst: one message says how many were held back, and which."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.urls import reverse

from apps.core.locks import transaction_lock
from apps.notifications import rules
from apps.notifications.models import Notification
from apps.notifications.rules import Channel, HeldFor, Severity, Status

from .bell import ring_for_delivery
from .wording import Wording, word

KIND = "BURST"
WAIT = timedelta(minutes=1)
LISTED_MAX = 10


@transaction.atomic
def gather_bursts(at: datetime) -> int:
    """Put one message per kind and address with held ones into the outbox; return how many.

    The first comes a minute after the burst was noticed, the next ones ten minutes apart; nothing
    critical waits for more than a minute.
    """
    held = Notification.objects.filter(
        status=Status.HELD.value, held_for=HeldFor.BURST.value
    ).order_by()
    if not held.filter(created_at__lte=at - WAIT).exists():
        return 0
    transaction_lock("notifications:gather")
    groups = held.values("kind", "channel", "address").annotate(
        first=Min("created_at"), gravest=Min("priority")
    )
    count = 0
    for group in groups.order_by("kind", "channel", "address"):
        about = {"channel": group["channel"], "address": group["address"]}
        is_critical = group["gravest"] == rules.PRIORITY[Severity.CRITICAL]
        told_lately = Notification.objects.filter(
            **about, kind=KIND, topic=_topic(group["kind"]), created_at__gt=at - rules.BURST_SPAN
        )
        if group["first"] > at - WAIT or (told_lately.exists() and not is_critical):
            continue
        _tell(list(held.filter(**about, kind=group["kind"]).order_by("id")), at)
        count += 1
    if count:
        ring_for_delivery()
    return count


def _tell(rows: list[Notification], at: datetime) -> None:
    first = rows[0]
    severity = min((Severity(row.severity) for row in rows), key=rules.PRIORITY.__getitem__)
    summary = Notification.objects.create(
        **_wording(rows, severity).fields(Channel(first.channel)),
        kind=KIND,
        dedupe_key=f"burst:{first.pk}",
        channel=first.channel,
        recipient_id=first.recipient_id,
        address=first.address,
        severity=severity.value,
        priority=rules.PRIORITY[severity],
        link=list_link(),
        topic=_topic(first.kind),
        status=Status.PENDING.value,
        next_attempt_at=at,
        created_at=at,
    )
    gather(rows, summary)


def gather(rows: list[Notification], summary: Notification) -> None:
    """The summary tells of these; thousands at once, so the database alone checks the step."""
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(
        status=Status.GATHERED.value, summary=summary
    )


def _wording(rows: list[Notification], severity: Severity) -> Wording:
    count, first, last = len(rows), rows[0], rows[-1]
    more = f"\n\nThe first {LISTED_MAX} are listed here." if count > LISTED_MAX else ""
    return word(
        severity=severity,
        subject=f"{count} more: {_words(first.kind)}",
        body=f"So many messages of this kind came at once that {count} more were held back, from "
        f"{first.created_at:%Y-%m-%d %H:%M:%S} to {last.created_at:%H:%M:%S} UTC.{more}",
        details=[(f"{row.created_at:%H:%M:%S} UTC", row.subject) for row in rows[:LISTED_MAX]],
        link=list_link(),
        link_text="Look at all messages",
    )


def _words(kind: str) -> str:
    return kind.replace("_", " ").lower()


def _topic(kind: str) -> str:
    return f"burst:{kind}"


def list_link() -> str:
    """Where staff find every message."""
    return f"{settings.BASE_URL}{reverse('admin:notifications_notification_changelist')}"
