"""The outbox: messages to people and to shared places, and what became of each.

Held ones are gathered by the thousand, so the steps of those are taken in the database, whose
trigger knows the table as well.
"""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from apps.notifications.rules import (
    CHANNEL_NAMES,
    Channel,
    FailureType,
    HeldFor,
    Severity,
    Status,
)

WAITING = (Status.PENDING.value, Status.RETRY.value, Status.SENDING.value)
IN_APP_SHOWN = Q(channel=Channel.IN_APP.value, status=Status.SENT.value)
_BOUNCED = Q(
    status__in=[Status.FAILED.value, Status.DISMISSED.value],
    sent_at__isnull=False,
    bounced_at__isnull=False,
)


def _choices(
    values: type[Status] | type[FailureType] | type[Severity] | type[HeldFor],
) -> list[tuple[str, str]]:
    return [(item.value, item.value.replace("_", " ").capitalize()) for item in values]


class Notification(models.Model):
    """One message to one address by one channel, as it was worded when its cause happened.

    ``address`` is an email address, "user:7", or the name of a shared place ("slack:critical").
    ``content`` is the wording in parts, for channels that lay it out themselves: ``{"title",
    "paragraphs", "details": [[label, value]], "link_text"}``. ``topic`` names what it is about over
    several messages; with ``resolves`` that is over. ``attachments`` names files by value:
    ``[{"run_id": 7, "format": "pdf"}]``. ``summary`` is the message that told of it with others.
    """

    kind = models.CharField(max_length=40)
    dedupe_key = models.CharField(max_length=200, help_text="What it is about: told once only.")
    channel = models.CharField(
        max_length=10,
        choices=[(channel.value, name) for channel, name in CHANNEL_NAMES.items()],
        default=Channel.EMAIL.value,
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    address = models.CharField(max_length=254, blank=True)
    severity = models.CharField(max_length=10, choices=_choices(Severity))
    priority = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    content = models.JSONField(default=dict)
    link = models.CharField(max_length=500, blank=True)
    attachments = models.JSONField(default=list)
    topic = models.CharField(max_length=200, blank=True)
    resolves = models.BooleanField(default=False)

    status = FSMField(default=Status.PENDING.value, choices=_choices(Status), protected=True)
    held_for = models.CharField(max_length=10, blank=True, choices=_choices(HeldFor))
    summary = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="gathered"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=200, blank=True)
    failure_type = models.CharField(max_length=20, blank=True, choices=_choices(FailureType))
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("resend_notification", "Can resend or dismiss failed messages")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dedupe_key", "channel", "address"], name="notification_told_once"
            ),
            models.CheckConstraint(
                condition=Q(status=Status.SENDING.value, lease_until__isnull=False)
                | ~Q(status=Status.SENDING.value) & Q(lease_until__isnull=True),
                name="notification_sending_has_lease",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.SENT.value, sent_at__isnull=False, bounced_at=None)
                | _BOUNCED
                | ~Q(status=Status.SENT.value) & Q(sent_at=None, bounced_at=None),
                name="notification_sent_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.FAILED.value) | ~Q(failure_type=""),
                name="notification_failed_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(address="")
                | Q(
                    status__in=[Status.FAILED.value, Status.DISMISSED.value, Status.RECORDED.value]
                ),
                name="notification_needs_address",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.HELD.value, Status.GATHERED.value])
                | ~Q(held_for=""),
                name="notification_held_for_something",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.GATHERED.value, summary__isnull=False)
                | ~Q(status=Status.GATHERED.value) & Q(summary__isnull=True),
                name="notification_gathered_by_one",
            ),
            models.CheckConstraint(
                condition=~Q(channel=Channel.IN_APP.value)
                | Q(status__in=[Status.SENT.value, Status.RECORDED.value], recipient__isnull=False),
                name="notification_in_app_is_there",
            ),
            models.CheckConstraint(
                condition=Q(read_at=None) | IN_APP_SHOWN, name="notification_read_in_app"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["channel", "priority", "next_attempt_at", "id"],
                condition=Q(status__in=WAITING),
                name="notification_due",
            ),
            models.Index(fields=["status", "-id"], name="notification_by_status"),
            models.Index(
                fields=["channel", "topic", "id"],
                condition=Q(status__in=WAITING) & ~Q(topic=""),
                name="notification_in_order",
            ),
            models.Index(
                fields=["channel", "address", "kind", "-created_at"], name="notification_burst"
            ),
            models.Index(
                fields=["held_for", "id"],
                condition=Q(status=Status.HELD.value),
                name="notification_held",
            ),
            models.Index(
                fields=["recipient", "-id"], condition=IN_APP_SHOWN, name="notification_in_app"
            ),
            models.Index(
                fields=["recipient"],
                condition=IN_APP_SHOWN & Q(read_at=None),
                name="notification_unread",
            ),
            models.Index(
                fields=["provider_id"], condition=~Q(provider_id=""), name="notification_provider"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.address or 'nobody'}"

    @transition(
        field=status,
        source=[Status.PENDING.value, Status.RETRY.value, Status.SENDING.value],
        target=Status.SENDING.value,
    )
    def claim(self, *, lease_until: datetime) -> None:
        """A worker takes it for a while; when the worker dies, another may."""
        self.attempts += 1
        self.lease_until = lease_until

    @transition(field=status, source=Status.SENDING.value, target=Status.SENT.value)
    def sent(self, *, provider_id: str, at: datetime) -> None:
        """The server took it, and calls it ``provider_id``."""
        self.sent_at, self.lease_until, self.next_attempt_at = at, None, None
        self.provider_id = provider_id
        self.failure_type = self.error = ""

    @transition(field=status, source=Status.SENDING.value, target=Status.RETRY.value)
    def retry(self, *, failure_type: str, error: str, next_attempt_at: datetime) -> None:
        """It failed in a way that may pass."""
        self.failure_type, self.error = failure_type, error
        self.next_attempt_at, self.lease_until = next_attempt_at, None

    @transition(field=status, source=Status.SENDING.value, target=Status.FAILED.value)
    def fail(self, *, failure_type: str, error: str) -> None:
        """It will not arrive unless a person does something."""
        self.failure_type, self.error = failure_type, error
        self.next_attempt_at = self.lease_until = None

    @transition(field=status, source=Status.SENT.value, target=Status.FAILED.value)
    def bounce(self, *, failure_type: str, error: str, at: datetime) -> None:
        """The server took it, and said later that it did not arrive."""
        self.failure_type, self.error, self.bounced_at = failure_type, error, at

    @transition(
        field=status,
        source=[Status.FAILED.value, Status.DISMISSED.value],
        target=Status.PENDING.value,
    )
    def resend(self, *, at: datetime) -> None:
        """A person asks for it once more."""
        self.attempts, self.next_attempt_at = 0, at
        self.resends += 1
        self.failure_type = self.error = self.provider_id = ""
        self.sent_at = self.bounced_at = None

    @transition(field=status, source=Status.FAILED.value, target=Status.DISMISSED.value)
    def dismiss(self) -> None:
        """A person knows and lets it be."""

    @property
    def parts(self) -> dict[str, Any]:
        """The wording in parts, whatever older rows lack."""
        return {
            "title": self.subject,
            "paragraphs": [],
            "details": [],
            "link_text": "",
            **self.content,
        }
