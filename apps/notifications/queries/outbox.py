"""Messages that need attention."""

from apps.notifications.models import Notification
from apps.notifications.rules import Status


def failed(limit: int = 10) -> list[Notification]:
    """The newest messages that did not arrive and that nobody has dismissed."""
    return list(Notification.objects.filter(status=Status.FAILED.value)[:limit])


def failed_count() -> int:
    """How many there are of them."""
    return Notification.objects.filter(status=Status.FAILED.value).count()
