"""Report runs with the data they were made from, and who receives them."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from .rules import Kind, Period, Status


def _choices(values: type[Status] | type[Kind]) -> list[tuple[str, str]]:
    return [(item.value, item.value.capitalize()) for item in values]


class ReportRun(models.Model):
    """One report about one period. ``dataset`` is written once; files are made from it alone."""

    kind = models.CharField(max_length=10, choices=_choices(Kind))
    period_start = models.DateTimeField("from")
    period_end = models.DateTimeField("until")
    incident_id = models.BigIntegerField(
        "incident", null=True, help_text="Which one an incident report is about"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty for reports made by the clock",
    )
    requested_by_name = models.CharField(max_length=150)
    requested_at = models.DateTimeField("requested")

    status = FSMField(default=Status.QUEUED.value, choices=_choices(Status), protected=True)
    progress_percent = models.PositiveSmallIntegerField("progress", default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    ready_at = models.DateTimeField("ready", null=True)
    dataset = models.JSONField(null=True)

    class Meta:
        verbose_name = "report"
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [
            ("generate_report", "Can have reports made"),
            ("download_report", "Can download reports"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "period_start", "period_end"],
                condition=~Q(kind=Kind.CUSTOM.value),
                name="report_scheduled_once",
            ),
            models.CheckConstraint(
                condition=Q(period_start__lt=F("period_end")), name="report_period_in_order"
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.INCIDENT.value, incident_id__isnull=False)
                | ~Q(kind=Kind.INCIDENT.value) & Q(incident_id__isnull=True),
                name="report_incident_is_named",
            ),
            models.CheckConstraint(
                condition=Q(
                    status=Status.READY.value, dataset__isnull=False, ready_at__isnull=False
                )
                | ~Q(status=Status.READY.value) & Q(dataset__isnull=True, ready_at__isnull=True),
                name="report_ready_has_data",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.RUNNING.value, lease_until__isnull=False)
                | ~Q(status=Status.RUNNING.value) & Q(lease_until__isnull=True),
                name="report_running_has_lease",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(status__in=[Status.QUEUED.value, Status.RUNNING.value]),
                name="report_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} report {self.period.text}"

    @property
    def period(self) -> Period:
        """What it is about."""
        return Period(self.period_start, self.period_end)

    @property
    def missing_count(self) -> int:
        """How many gaps in its data the report names."""
        return len(self.dataset["missing"]) if self.dataset else 0

    @transition(
        field=status,
        source=[Status.QUEUED.value, Status.RUNNING.value],
        target=Status.RUNNING.value,
    )
    def claim(self, *, lease_until: datetime) -> None:
        """A worker takes it for a while; when the worker dies, another may."""
        self.attempts += 1
        self.progress_percent = 0
        self.lease_until, self.next_attempt_at = lease_until, None

    @transition(field=status, source=Status.RUNNING.value, target=Status.READY.value)
    def finish(self, *, dataset: dict[str, Any], at: datetime) -> None:
        """Its data is complete and its files can be made."""
        self.dataset, self.ready_at, self.lease_until = dataset, at, None
        self.progress_percent, self.error = 100, ""

    @transition(field=status, source=Status.RUNNING.value, target=Status.QUEUED.value)
    def retry(self, *, error: str, next_attempt_at: datetime) -> None:
        """It failed in a way that may pass."""
        self.error, self.next_attempt_at, self.lease_until = error, next_attempt_at, None

    @transition(field=status, source=Status.RUNNING.value, target=Status.FAILED.value)
    def fail(self, *, error: str) -> None:
        """It failed for good, until a person asks again."""
        self.error, self.lease_until = error, None

    @transition(field=status, source=Status.FAILED.value, target=Status.QUEUED.value)
    def requeue(self, *, at: datetime) -> None:
        """A person asks for it again."""
        self.attempts, self.progress_percent, self.next_attempt_at = 0, 0, at


class ReportSubscription(models.Model):
    """Who receives a kind of report: everyone of a role, or one address."""

    kind = models.CharField(max_length=10, choices=_choices(Kind))
    role = models.CharField(max_length=40, blank=True)
    address = models.EmailField(blank=True)

    class Meta:
        ordering: ClassVar = ["kind", "role", "address"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "role", "address"], name="report_subscription_once"
            ),
            models.CheckConstraint(
                condition=Q(role="") ^ Q(address=""), name="report_subscription_role_or_address"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.role or self.address}"
