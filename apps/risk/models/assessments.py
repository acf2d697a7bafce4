"""How risk was judged, run by run."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.core.fields import HashField
from apps.risk.rules.figures import Indicator, Level, Status

from .choices import choices


class Assessment(models.Model):
    """One run: the level and score it came to, at which block and by which policy.

    ``raw_level`` is what the indicators said, ``level`` what held after hysteresis. ``reasons`` are
    sentences, the gravest first. ``available`` and ``liability`` are base units of USDT as text.
    """

    at = models.DateTimeField(unique=True)
    block_number = models.BigIntegerField(null=True)
    block_hash = HashField(blank=True, default="")
    block_at = models.DateTimeField(null=True)
    level = models.CharField(max_length=8, choices=choices(Level))
    raw_level = models.CharField(max_length=8, choices=choices(Level))
    level_changed = models.BooleanField(default=False)
    better_runs = models.PositiveSmallIntegerField(default=0)
    score = models.DecimalField(max_digits=6, decimal_places=3)
    reasons = models.JSONField(default=list)
    figures = models.JSONField(
        default=dict, help_text="Amounts behind the readings, base units of USDT as text"
    )
    policy_version = models.PositiveIntegerField()
    duration_ms = models.PositiveIntegerField()

    class Meta:
        ordering: ClassVar = ["-at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=100), name="assessment_score_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level} at {self.at:%Y-%m-%d %H:%M:%S} UTC"


class Reading(models.Model):
    """One indicator in one run, with the thresholds it was held against then.

    ``value`` is empty when it is unknown (``unknown`` says why, ``unknown_since`` since when) or
    when there is nothing to measure (``infinite``, ``too_few``).
    """

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="readings")
    at = models.DateTimeField()
    indicator = models.CharField(max_length=30, choices=choices(Indicator))
    value = models.DecimalField(max_digits=40, decimal_places=10, null=True)
    status = models.CharField(max_length=8, choices=choices(Status))
    warning = models.DecimalField(max_digits=30, decimal_places=10)
    critical = models.DecimalField(max_digits=30, decimal_places=10)
    weight = models.PositiveSmallIntegerField()
    share = models.DecimalField(
        max_digits=6, decimal_places=3, help_text="What it adds to the score"
    )
    infinite = models.BooleanField(default=False)
    too_few = models.BooleanField(default=False)
    unknown = models.CharField(max_length=300, blank=True, default="")
    unknown_since = models.DateTimeField(null=True)
    meaning = models.CharField(max_length=400)
    details = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["assessment", "indicator"], name="reading_once"),
            models.CheckConstraint(
                condition=~Q(status="UNKNOWN")
                | Q(value__isnull=True, unknown_since__isnull=False) & ~Q(unknown=""),
                name="reading_unknown_says_why",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False)
                | Q(status="UNKNOWN")
                | Q(infinite=True)
                | Q(too_few=True)
                | Q(status="CRITICAL"),
                name="reading_has_value",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["indicator", "-at"], name="reading_in_time"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.value} ({self.status})"
