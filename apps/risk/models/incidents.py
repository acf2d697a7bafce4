"""Incidents: the emergency protocol as it was followed."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_fsm import FSMField, transition

from apps.risk.rules.life import Phase

from .choices import choices


class Incident(models.Model):
    """One emergency; at most one is not closed. Amounts are base units of USDT as text."""

    class Cause(models.TextChoices):
        """What opened it."""

        LEVEL = "LEVEL", "Level critical"
        CHAIN = "CHAIN", "Event of a contract"
        MANUAL = "MANUAL", "By hand"

    cause = models.CharField(max_length=6, choices=Cause.choices)
    summary = models.CharField(max_length=400)
    chain_id = models.PositiveBigIntegerField()
    opened_by = models.CharField(max_length=150)
    opened_by_id = models.BigIntegerField(null=True)
    opened_at = models.DateTimeField()
    phase = FSMField(default=Phase.ALARM.value, choices=choices(Phase), protected=True)
    phase_since = models.DateTimeField()
    figures = models.JSONField(
        default=dict, help_text="How the fund stood when it was opened, and the gap as computed"
    )
    calm_since = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True)
    closed_by_id = models.BigIntegerField(null=True)
    lessons = models.TextField(blank=True, help_text="What the people who closed it wrote")

    class Meta:
        ordering: ClassVar = ["-opened_at"]
        permissions: ClassVar = [
            ("open_incident", "Can open an emergency ticket"),
            ("work_incident", "Can tick the checklist, note, and close incidents"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chain_id"],
                condition=~Q(phase=Phase.CLOSED.value),
                name="incident_one_open",
            ),
            models.CheckConstraint(
                condition=Q(phase="CLOSED", closed_at__isnull=False)
                | ~Q(phase="CLOSED") & Q(closed_at__isnull=True),
                name="incident_closed_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Incident {self.pk} of {self.opened_at:%Y-%m-%d %H:%M} UTC"

    @transition(field=phase, source=Phase.ALARM.value, target=Phase.LIQUIDITY.value)
    def raise_liquidity(self, *, at: datetime) -> None:
        """The alarm is out; now the gap is closed."""
        self.phase_since = at

    @transition(
        field=phase, source=[Phase.LIQUIDITY.value, Phase.RECOVERY.value], target=Phase.PEOPLE.value
    )
    def call_people(self, *, at: datetime) -> None:
        """It lasts; people work through the checklist."""
        self.phase_since, self.calm_since = at, None

    @transition(
        field=phase,
        source=[Phase.ALARM.value, Phase.LIQUIDITY.value, Phase.PEOPLE.value],
        target=Phase.RECOVERY.value,
    )
    def recover(self, *, at: datetime) -> None:
        """The indicators have been calm for the set time."""
        self.phase_since = at

    @transition(field=phase, source=Phase.RECOVERY.value, target=Phase.CLOSED.value)
    def close(self, *, user_id: int | None, name: str, lessons: str, at: datetime) -> None:
        """It is over."""
        self.phase_since = self.closed_at = at
        self.closed_by_id, self.closed_by, self.lessons = user_id, name, lessons


class IncidentEntry(models.Model):
    """One line of an incident's timeline. Written once.

    ``kind`` groups lines (PHASE, LEVEL, TICKET, PLAN, CHAIN, CHECKLIST, NOTE, …); ``reference`` is
    what it is about, by value: ``{"ticket": 7}``, ``{"plan": 3}``, ``{"tx": "0x…"}``.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="entries")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12)
    text = models.CharField(max_length=1000)
    actor = models.CharField(max_length=150)
    actor_id = models.BigIntegerField(null=True)
    reference = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["at", "id"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.text}"


class ChecklistItem(models.Model):
    """One thing people see to; ticked with a name and a time, once."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="checklist")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    help = models.CharField(max_length=400, blank=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=150, blank=True)
    done_by_id = models.BigIntegerField(null=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["position"]
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["incident", "position"], name="checklistitem_position_once"
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by="")
                | Q(done_at__isnull=False) & ~Q(done_by=""),
                name="checklistitem_done_has_name",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class IncidentAction(models.Model):
    """Something an incident asked for: a call by ticket, or the liquidation plan.

    ``kind`` is the call's kind (SET_EMERGENCY_MODE, PAUSE_REDEMPTIONS, …) or LIQUIDATION. What
    became of it, the ticket and the plan tell.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="actions")
    kind = models.CharField(max_length=40)
    enabled = models.BooleanField(default=True, help_text="False where a switch is thrown back")
    ticket_id = models.BigIntegerField(null=True)
    plan_id = models.BigIntegerField(null=True)
    explanation = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.kind} of incident {self.incident_id}"
