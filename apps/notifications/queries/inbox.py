"""What the bell of every page shows: messages not read yet, and messages that did not arrive."""

from dataclasses import dataclass
from typing import Any

from apps.notifications.models import IN_APP_SHOWN, Notification

from .in_app import unread_count
from .outbox import failed_count

MAY_MEND = "notifications.resend_notification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell:
    """How many messages a person has not read, and how many failed that they may send again."""

    unread: int
    failed: int

    @property
    def count(self) -> int:
        """What the badge says."""
        return self.unread + self.failed

    @property
    def words(self) -> str:
        """The same for people who do not see the badge."""
        parts = [f"{self.unread} unread"] if self.unread else []
        if self.failed:
            parts.append(f"{self.failed} did not arrive")
        return ", ".join(parts) or "nothing new"


def bell(user: Any) -> Bell:
    """What the bell of this person says."""
    may_mend = user.has_perm(MAY_MEND)
    return Bell(unread=unread_count(user.pk), failed=failed_count() if may_mend else 0)


def unread(user_id: int, *, limit: int = 10) -> list[Notification]:
    """The newest messages that this person has not read."""
    rows = Notification.objects.filter(IN_APP_SHOWN, recipient_id=user_id, read_at=None)
    return list(rows[:limit])
