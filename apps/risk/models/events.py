"""Risk events: what is wrong, who answered, how it ended."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from apps.risk.rules.figures import EventType, Severity
from apps.risk.rules.life import UNRESOLVED, EventStatus

from .choices import choices


class RiskEvent(models.Model):
    """One thing that is wrong; of (type, indicator) at most one is not resolved.

    Worse and better values update it. One that resolved itself and is back soon is opened again
    (``flaps``). ``value`` and ``threshold`` are in the indicator's unit. ``quiet``: it flaps, and
    nobody was told of this opening, so nobody is told of its end.
    """

    type = models.CharField(max_length=12, choices=choices(EventType))
    indicator = models.CharField(
        max_length=40, help_text="The indicator, the contract's event, or the horizon it is about"
    )
    severity = models.CharField(max_length=8, choices=choices(Severity))
    told_severity = models.CharField(
        max_length=8, choices=choices(Severity), help_text="The gravest that people were told of"
    )
    message = models.CharField(max_length=400)
    value = models.DecimalField(max_digits=40, decimal_places=10, null=True)
    worst_value = models.DecimalField(max_digits=40, decimal_places=10, null=True)
    threshold = models.DecimalField(max_digits=30, decimal_places=10, null=True)
    unit = models.CharField(max_length=8, blank=True)
    details = models.JSONField(default=dict)

    status = FSMField(default=EventStatus.OPEN.value, choices=choices(EventStatus), protected=True)
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1, help_text="How often it was seen")
    flaps = models.PositiveIntegerField(default=0, help_text="How often it came back by itself")
    quiet = models.BooleanField(default=False, help_text="It flaps; this time nobody was told")
    better_runs = models.PositiveSmallIntegerField(default=0)

    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    acknowledged_by_id = models.BigIntegerField(null=True)
    acknowledge_note = models.TextField(blank=True)
    snoozed_until = models.DateTimeField(null=True)
    snoozed_by = models.CharField(max_length=150, blank=True)
    snooze_reason = models.TextField(blank=True)
    escalations = models.PositiveSmallIntegerField(default=0)
    escalate_at = models.DateTimeField(null=True, help_text="When it is told again, unanswered")

    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=150, blank=True)
    resolved_by_id = models.BigIntegerField(null=True)
    resolution = models.TextField(blank=True)
    by_itself = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["-opened_at", "-id"]
        permissions: ClassVar = [
            ("answer_riskevent", "Can acknowledge, snooze and resolve risk events"),
            ("export_riskevent", "Can export risk events"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["type", "indicator"],
                condition=Q(status__in=[item.value for item in UNRESOLVED]),
                name="riskevent_one_open",
            ),
            models.CheckConstraint(
                condition=Q(status="RESOLVED", resolved_at__isnull=False)
                | ~Q(status="RESOLVED") & Q(resolved_at__isnull=True),
                name="riskevent_resolved_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="ACKNOWLEDGED") | Q(acknowledged_at__isnull=False),
                name="riskevent_acknowledged_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status="OPEN") | Q(escalate_at__isnull=True),
                name="riskevent_answered_is_quiet",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["escalate_at"],
                condition=Q(escalate_at__isnull=False),
                name="riskevent_to_escalate",
            ),
            models.Index(fields=["type", "indicator", "-resolved_at"], name="riskevent_by_subject"),
            models.Index(fields=["status", "-opened_at"], name="riskevent_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.severity.lower()}: {self.message}"

    @property
    def subject(self) -> str:
        """What it is about, as a pager and a thread of messages know it."""
        return f"risk:{self.type}:{self.indicator}"

    @transition(field=status, source=EventStatus.OPEN.value, target=EventStatus.ACKNOWLEDGED.value)
    def acknowledge(self, *, user_id: int, name: str, note: str, at: datetime) -> None:
        """Somebody takes care of it."""
        self.acknowledged_by_id, self.acknowledged_by = user_id, name
        self.acknowledge_note, self.acknowledged_at = note, at
        self.escalate_at = None
        self.wake()

    @transition(
        field=status,
        source=[EventStatus.OPEN.value, EventStatus.ACKNOWLEDGED.value],
        target=EventStatus.RESOLVED.value,
    )
    def resolve(
        self, *, user_id: int | None, name: str, resolution: str, by_itself: bool, at: datetime
    ) -> None:
        """It is over."""
        self.resolved_by_id, self.resolved_by = user_id, name
        self.resolution, self.by_itself, self.resolved_at = resolution, by_itself, at
        self.escalate_at = None
        self.wake()

    @transition(field=status, source=EventStatus.RESOLVED.value, target=EventStatus.OPEN.value)
    def reopen(self, *, escalate_at: datetime | None, quiet: bool, at: datetime) -> None:
        """It had resolved itself, and is back."""
        self.flaps += 1
        self.quiet = quiet
        self.better_runs = self.escalations = 0
        self.last_seen_at, self.escalate_at = at, escalate_at
        self.resolved_at, self.resolved_by_id = None, None
        self.resolved_by = self.resolution = ""
        self.by_itself = False
        self.acknowledged_at = self.acknowledged_by_id = None
        self.acknowledged_by = self.acknowledge_note = ""

    def snooze(self, *, name: str, reason: str, until: datetime) -> None:
        """Somebody wants to hear of it again at an instant, not before."""
        self.snoozed_by, self.snooze_reason, self.snoozed_until = name, reason, until

    def wake(self) -> None:
        """No snooze holds any more."""
        self.snoozed_until = None
        self.snoozed_by = self.snooze_reason = ""
