"""The order in which the pager hears of one topic: an alarm, then its end, then the next alarm."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from apps.notifications.models import WAITING, Notification
from apps.notifications.rules import Channel, FailureType, Status

_TOLD = (*WAITING, Status.SENT.value, Status.FAILED.value, Status.DISMISSED.value)

_GRAVER_WAITS = timedelta(minutes=1)
"""How long what is graver lets a place rest that asked for it because of something else."""


def is_over_before_told(channel: Channel, address: str, topic: str) -> bool:
    """Whether the end of a topic is nothing to tell the pager, since it has no alarm of it.

    An alarm that failed counts as told: it may have arrived all the same.
    """
    if channel is not Channel.PAGERDUTY:
        return False
    last = (
        Notification.objects.filter(
            channel=channel.value, address=address, topic=topic, status__in=_TOLD
        )
        .order_by("-id")
        .first()
    )
    return last is None or last.resolves


def is_over(row: Notification) -> bool:
    """Whether a later message said that what this one raises is over."""
    return (
        row.channel == Channel.PAGERDUTY
        and not row.resolves
        and bool(row.topic)
        and Notification.objects.filter(
            channel=row.channel, address=row.address, topic=row.topic, resolves=True, pk__gt=row.pk
        ).exists()
    )


def must_wait(at: datetime) -> Q:
    """Rows that may not be claimed yet: an earlier one of their topic has not ended, or the place
    asked to be left alone."""
    earlier = Notification.objects.filter(
        channel=Channel.PAGERDUTY.value,
        address=OuterRef("address"),
        topic=OuterRef("topic"),
        status__in=WAITING,
        pk__lt=OuterRef("pk"),
    ).exclude(topic="")
    slowed = Notification.objects.filter(
        channel=OuterRef("channel"),
        status=Status.RETRY.value,
        failure_type=FailureType.RATE_LIMITED.value,
        next_attempt_at__gt=at,
    ).exclude(channel=Channel.EMAIL.value)
    # What is graver than what was refused waits a minute, and is then tried itself.
    slowed = slowed.exclude(
        priority__gt=OuterRef("priority"), next_attempt_at__gt=at + _GRAVER_WAITS
    )
    return Q(Exists(earlier), channel=Channel.PAGERDUTY.value) | Q(Exists(slowed))
