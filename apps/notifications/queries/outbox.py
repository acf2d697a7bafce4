"""Messages that need attention."""

from datetime import datetime

from apps.notifications.models import WAITING, Notification
from apps.notifications.rules import Status


def failed(limit: int = 10) -> list[Notification]:
    """The newest messages that did not arrive and that nobody has dismissed."""
    return list(Notification.objects.filter(status=Status.FAILED.value)[:limit])


def failed_count() -> int:
    """How many there are of them."""
    return Notification.objects.filter(status=Status.FAILED.value).count()


def waiting_count(*, due_before: datetime) -> int:
    """How many messages should have gone out by this instant and have not."""
    return Notification.objects.filter(status__in=WAITING, next_attempt_at__lt=due_before).count()
