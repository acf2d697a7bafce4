"""Everything that asked for a plan."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .plans import Plan, TriggerKind


class TriggerOutcome(models.TextChoices):
    """What a trigger led to."""

    PLANNED = "PLANNED", _("A plan was made")
    RECORDED = "RECORDED", _("Recorded on the open plan")
    NOTHING = "NOTHING", _("No plan")


class TriggerEvent(models.Model):
    """Something asked for a plan, and what came of it; a trigger that leads to nothing says why.

    One that says the same again only moves ``last_at`` and ``times``.
    """

    chain_id = models.BigIntegerField()
    kind = models.CharField(max_length=9, choices=TriggerKind.choices)
    reason = models.CharField(max_length=500)
    outcome = models.CharField(max_length=8, choices=TriggerOutcome.choices)
    explanation = models.CharField(max_length=500, blank=True, default="")
    plan = models.ForeignKey(Plan, null=True, on_delete=models.PROTECT, related_name="triggers")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar = ["-last_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome="NOTHING", plan__isnull=True)
                | (~Q(outcome="NOTHING") & Q(plan__isnull=False)),
                name="trigger_names_its_plan",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["-last_at"], name="trigger_newest")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"


class Wish(models.Model):
    """What a log asks for: a plan, to be thought about by the clock, because a reaction to a log
    asks no node. ``key`` is the log's identity, so that it wishes once."""

    chain_id = models.BigIntegerField()
    key = models.CharField(max_length=120, unique=True)
    reason = models.CharField(max_length=500)
    aim = models.JSONField()
    wished_at = models.DateTimeField()
    considered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "wishes"
        indexes: ClassVar = [
            models.Index(
                fields=["wished_at"], condition=Q(considered_at=None), name="wish_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.reason
