"""Pushes as rows: what Redis may have lost."""

from datetime import datetime

from apps.notifications.models import PushMessage

PUSHES_MAX = 500


def pushes_after(since: datetime) -> list[PushMessage]:
    """What was said after this instant, oldest first, at most the last 500.

    By time and not by number: a smaller number may be committed after a larger one.
    """
    newest = PushMessage.objects.filter(created_at__gte=since).order_by("-id")[:PUSHES_MAX]
    return list(reversed(newest))
