"""What people do with the messages that the back-office shows them."""

from collections.abc import Collection
from datetime import datetime

from apps.notifications.models import IN_APP_SHOWN, Notification


def mark_read(
    *, user_id: int, notification_ids: Collection[int] | None = None, at: datetime
) -> int:
    """The person has seen these messages of theirs, or all of them; how many had been unread.

    Numbers of other people's messages change nothing.
    """
    unread = Notification.objects.filter(IN_APP_SHOWN, recipient_id=user_id, read_at=None)
    if notification_ids is not None:
        unread = unread.filter(pk__in=notification_ids)
    return unread.update(read_at=at)
