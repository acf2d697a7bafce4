"""Shared places and the mail server: which are configured, and how they fared lately."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Max, Q

from apps.notifications.models import WAITING, Notification
from apps.notifications.rules import ADDRESS_OF, CHANNEL_OF, Channel, Shared, Status

_TITLES: dict[Shared, str] = {
    Shared.SLACK: "Slack, operations",
    Shared.SLACK_CRITICAL: "Slack, critical",
    Shared.TELEGRAM: "Telegram",
    Shared.PAGERDUTY: "PagerDuty",
}


@dataclass(frozen=True, slots=True)
class Destination:
    """A place that messages go to; ``address`` is empty for mail, which has many.

    ``failed_at``: when the newest of those that failed or are tried again was written; ``error``
    says why it did. ``waiting``: how many have not gone out yet.
    """

    title: str
    channel: Channel
    address: str
    configured: bool
    sent_at: datetime | None
    failed_at: datetime | None
    error: str
    waiting: int

    @property
    def in_trouble(self) -> bool:
        """Whether the newest thing known of it is a failure."""
        return self.failed_at is not None and (
            self.sent_at is None or self.failed_at > self.sent_at
        )


def is_configured(place: Shared) -> bool:
    """Whether the environment says where this place is and what opens it."""
    if place is Shared.SLACK:
        return bool(settings.SLACK_TOKEN and settings.SLACK_CHANNEL)
    if place is Shared.SLACK_CRITICAL:
        return bool(
            settings.SLACK_TOKEN and (settings.SLACK_CRITICAL_CHANNEL or settings.SLACK_CHANNEL)
        )
    if place is Shared.TELEGRAM:
        return bool(settings.TELEGRAM_TOKEN and settings.TELEGRAM_CHAT)
    return bool(settings.PAGERDUTY_KEY)


def destinations() -> tuple[Destination, ...]:
    """Mail first, then each shared place."""
    mail = _destination("Email", Channel.EMAIL, "", configured=bool(settings.EMAIL_HOST))
    return (
        mail,
        *(
            _destination(
                _TITLES[place],
                CHANNEL_OF[place],
                ADDRESS_OF[place],
                configured=is_configured(place),
            )
            for place in Shared
        ),
    )


def _destination(title: str, channel: Channel, address: str, *, configured: bool) -> Destination:
    rows = Notification.objects.filter(channel=channel.value)
    if address:
        rows = rows.filter(address=address)
    # Nobody to tell, and a mailbox that is not there, say nothing about the place.
    trouble = rows.filter(
        Q(status=Status.RETRY.value) | Q(status=Status.FAILED.value, attempts__gt=0)
    )
    failed = trouble.order_by("-id").first()
    return Destination(
        title=title,
        channel=channel,
        address=address,
        configured=configured,
        sent_at=rows.filter(status=Status.SENT.value).aggregate(last=Max("sent_at"))["last"],
        failed_at=failed.created_at if failed else None,
        error=failed.error if failed else "",
        waiting=rows.filter(status__in=WAITING).count(),
    )
