"""Messages to people and what became of them; pushes to open pages."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from .rules import CHANNELS, FailureType, Severity, Status

WAITING = (Status.PENDING.value, Status.RETRY.value, Status.SENDING.value)


def _choices(values: type[Status] | type[FailureType] | type[Severity]) -> list[tuple[str, str]]:
    return [(item.value, item.value.replace("_", " ").capitalize()) for item in values]


class Notification(models.Model):
    """One message to one address by one channel, as it was worded when its cause happened.

    ``attachments`` names files by value: ``[{"run_id": 7, "format": "pdf"}]``.
    """

    class Channel(models.TextChoices):
        """How it travels."""

        EMAIL = "EMAIL", "Email"

    kind = models.CharField(max_length=40)
    dedupe_key = models.CharField(max_length=200, help_text="What it is about: told once only.")
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    address = models.CharField(max_length=254, blank=True)
    severity = models.CharField(max_length=10, choices=_choices(Severity))
    priority = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()
    link = models.CharField(max_length=500, blank=True)
    attachments = models.JSONField(default=list)

    status = FSMField(default=Status.PENDING.value, choices=_choices(Status), protected=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    failure_type = models.CharField(max_length=20, blank=True, choices=_choices(FailureType))
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

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
                condition=Q(status=Status.SENT.value, sent_at__isnull=False)
                | ~Q(status=Status.SENT.value) & Q(sent_at__isnull=True),
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
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["priority", "next_attempt_at", "id"],
                condition=Q(status__in=WAITING),
                name="notification_due",
            ),
            models.Index(fields=["status", "-id"], name="notification_by_status"),
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
    def sent(self, *, at: datetime) -> None:
        """The server took it."""
        self.sent_at, self.lease_until, self.next_attempt_at = at, None, None
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

    @transition(
        field=status,
        source=[Status.FAILED.value, Status.DISMISSED.value],
        target=Status.PENDING.value,
    )
    def resend(self, *, at: datetime) -> None:
        """A person asks for it once more."""
        self.attempts, self.next_attempt_at = 0, at
        self.resends += 1
        self.failure_type = self.error = ""

    @transition(field=status, source=Status.FAILED.value, target=Status.DISMISSED.value)
    def dismiss(self) -> None:
        """A person knows and lets it be."""


class PushMessage(models.Model):
    """Something open pages should hear. Its id is the message's ``seq``."""

    channel = models.CharField(max_length=40, choices=[(name, name) for name in CHANNELS])
    data = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["created_at"], name="push_by_time")]

    def __str__(self) -> str:
        return f"{self.channel} #{self.pk}"
