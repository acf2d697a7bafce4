"""The daily digest: one mail to each person who wants some messages once a day."""

from datetime import datetime, time, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from apps.notifications import rules
from apps.notifications.models import Notification
from apps.notifications.rules import (
    GROUP_NAMES,
    Channel,
    FailureType,
    HeldFor,
    Severity,
    Status,
)

from .bell import ring_for_delivery
from .gathering import gather, list_link
from .wording import Item, Section, word

KIND = "DIGEST"
DUE_AT = time(7)
LISTED_MAX = 200


def make_digests(at: datetime) -> int:
    """Put the digests into the outbox that were due at the last 07:00 UTC; return how many.

    A morning that was missed is caught up with by the next run; what was held after 07:00 waits
    for tomorrow's. Each person has one digest a day, and none when there is nothing to tell.
    """
    due_at = last_due(at)
    held = _held(due_at).order_by().values_list("recipient_id", flat=True).distinct()
    return sum(_make(user_id, due_at, at) for user_id in sorted(held))


def last_due(at: datetime) -> datetime:
    """The last 07:00 that has been."""
    today = datetime.combine(at.date(), DUE_AT, at.tzinfo)
    return today if today <= at else today - timedelta(days=1)


def _held(due_at: datetime) -> QuerySet[Notification]:
    return Notification.objects.filter(
        status=Status.HELD.value, held_for=HeldFor.DIGEST.value, created_at__lt=due_at
    )


@transaction.atomic
def _make(user_id: int, due_at: datetime, at: datetime) -> int:
    """One person's digest, together with the mark on what it tells; 1 when there is a new one."""
    rows = list(_held(due_at).filter(recipient_id=user_id).select_for_update().order_by("id"))
    dedupe_key = f"digest:{user_id}:{due_at:%Y-%m-%d}"
    if not rows or Notification.objects.filter(dedupe_key=dedupe_key).exists():
        return 0
    user = get_user_model().objects.get(pk=user_id)
    if not user.is_active:
        _drop(rows, f"{user.get_username()} is not active any more.")
        return 0
    severity = min((Severity(row.severity) for row in rows), key=rules.PRIORITY.__getitem__)
    summary = Notification.objects.create(
        **_wording(rows, severity, due_at),
        kind=KIND,
        dedupe_key=dedupe_key,
        channel=Channel.EMAIL.value,
        recipient_id=user_id,
        address=user.email,
        severity=severity.value,
        priority=rules.PRIORITY[Severity.INFO],
        link=list_link(),
        created_at=at,
        **_begin(user.email, at),
    )
    gather(rows, summary)
    ring_for_delivery()
    return 1


def _begin(address: str, at: datetime) -> dict[str, object]:
    """It leaves at once; without an address it is a failure that staff see."""
    if address:
        return {"status": Status.PENDING.value, "next_attempt_at": at}
    return {
        "status": Status.FAILED.value,
        "failure_type": FailureType.INVALID_RECIPIENT.value,
        "error": "The person has no email address any more.",
    }


def _drop(rows: list[Notification], reason: str) -> None:
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(
        status=Status.RECORDED.value, error=reason
    )


def _wording(rows: list[Notification], severity: Severity, due_at: datetime) -> dict[str, object]:
    count = len(rows)
    noun = "message" if count == 1 else "messages"
    more = (
        f"\n\nThe first {LISTED_MAX} are listed; the back-office shows all."
        if count > LISTED_MAX
        else ""
    )
    return word(
        severity=severity,
        subject=f"Your {count} {noun} of {due_at - timedelta(days=1):%d %B} to {due_at:%d %B %Y}",
        body="You asked for these once a day. Critical messages came at once; they are not "
        f"repeated here.{more}",
        details=[],
        sections=_sections(rows[:LISTED_MAX]),
        link=list_link(),
        link_text="Look at all messages",
    ).fields(Channel.EMAIL)


def _sections(rows: list[Notification]) -> list[Section]:
    """By group, in the order of the groups; within one, as things happened."""
    return [
        Section(name, [_item(row) for row in rows if rules.group_of(row.kind) is group])
        for group, name in GROUP_NAMES.items()
        if any(rules.group_of(row.kind) is group for row in rows)
    ]


def _item(row: Notification) -> Item:
    return Item(f"{row.created_at:%d %b %H:%M} UTC", row.subject, row.link)
