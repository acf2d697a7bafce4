"""What was said about a thing before: over several messages it is known by its topic."""

from collections.abc import Collection
from datetime import datetime

from apps.notifications.models import Notification
from apps.notifications.rules import ADDRESS_OF, PRIORITY, Channel, Severity, Status

_SEEN = "seen:"


def topics_told(kind: str, topics: Collection[str]) -> set[str]:
    """Those of the topics that a shared place was told of by a message of this kind."""
    return set(
        Notification.objects.filter(
            channel__in=[Channel.SLACK, Channel.TELEGRAM, Channel.PAGERDUTY],
            address__in=list(ADDRESS_OF.values()),
            kind=kind,
            topic__in=topics,
        )
        .exclude(status=Status.RECORDED.value)
        .values_list("topic", flat=True)
    )


def alerted_on_sight(topic: str, *, severity: Severity, since: datetime) -> bool:
    """Whether the last that was said about a thing was an alert before it was final, and one that
    was as grave."""
    last = (
        Notification.objects.filter(topic=topic, created_at__gte=since)
        .exclude(status=Status.RECORDED.value)
        .order_by("-id")
        .first()
    )
    return (
        last is not None
        and last.dedupe_key.startswith(_SEEN)
        and last.priority <= PRIORITY[severity]
    )


def alert_on_sight(dedupe_key: str) -> Notification | None:
    """The first message by which people were told of a log before it was final, if they were."""
    return (
        Notification.objects.filter(dedupe_key=dedupe_key)
        .exclude(status=Status.RECORDED.value)
        .order_by("id")
        .first()
    )
