"""What the back-office shows a person of their messages."""

from apps.notifications.models import IN_APP_SHOWN, Notification


def in_app(user_id: int, *, limit: int = 20) -> list[Notification]:
    """The newest messages to this person, read or not."""
    return list(Notification.objects.filter(IN_APP_SHOWN, recipient_id=user_id)[:limit])


def unread_count(user_id: int) -> int:
    """How many of all their messages the person has not seen."""
    return Notification.objects.filter(IN_APP_SHOWN, recipient_id=user_id, read_at=None).count()
