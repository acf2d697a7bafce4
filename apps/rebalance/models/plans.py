"""Plans: looked at, made, decided, executed; each frozen as it was made."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from apps.core.fields import HashField, Uint256Field


class TriggerKind(models.TextChoices):
    """Who or what asks for a plan."""

    SCHEDULED = "SCHEDULED", _("Scheduled")
    THRESHOLD = "THRESHOLD", _("Threshold")
    LIQUIDITY = "LIQUIDITY", _("Liquidity")
    EVENT = "EVENT", _("Event")
    MANUAL = "MANUAL", _("Manual")


class PlanStatus(models.TextChoices):
    """The life of a plan, in order; how it can end comes last."""

    DRAFT = "DRAFT", _("Draft")
    PENDING_APPROVAL = "PENDING_APPROVAL", _("Waits for approval")
    APPROVED = "APPROVED", _("Approved")
    EXECUTING = "EXECUTING", _("Being executed")
    COMPLETED = "COMPLETED", _("Completed")
    PARTIALLY_COMPLETED = "PARTIALLY_COMPLETED", _("Partially completed")
    FAILED = "FAILED", _("Failed")
    CANCELLED = "CANCELLED", _("Cancelled")
    EXPIRED = "EXPIRED", _("Expired")


OPEN = (
    PlanStatus.DRAFT,
    PlanStatus.PENDING_APPROVAL,
    PlanStatus.APPROVED,
    PlanStatus.EXECUTING,
)
EXECUTED = (PlanStatus.COMPLETED, PlanStatus.PARTIALLY_COMPLETED)


class Preview(models.Model):
    """A plan that somebody looked at; it changes nothing, and expires. Its number (``id``) is what
    they submit. ``content_hash`` is over blueprint and inputs; ``policy_version`` says by which
    parameters it was planned."""

    chain_id = models.BigIntegerField()
    created_by_id = models.BigIntegerField()
    created_by_name = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    aim = models.JSONField()
    situation = models.JSONField()
    blueprint = models.JSONField()
    content_hash = HashField()
    policy_version = models.PositiveIntegerField()
    reverse_of_id = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"preview {self.pk}"


class Plan(models.Model):
    """One rebalancing, frozen as it was made.

    ``situation`` are the inputs, ``blueprint`` the actions and projections
    (``rules.figures`` as JSON), ``after`` the tiers as read when it was done. ``calls_hash`` is the
    ordered hash of its calls, which votes sign. ``to_review`` marks one that ran without approval,
    until somebody has looked at it.
    """

    chain_id = models.BigIntegerField()
    trigger = models.CharField(max_length=9, choices=TriggerKind.choices)
    trigger_reason = models.CharField(max_length=500)
    aim = models.CharField(max_length=9)
    planner = models.CharField(max_length=9)
    amount_assets = Uint256Field()
    slippage_assets = Uint256Field()
    gas_assets = Uint256Field()
    situation = models.JSONField()
    blueprint = models.JSONField()
    policy_version = models.PositiveIntegerField()
    calls_hash = HashField()
    preview = models.OneToOneField(
        Preview, null=True, on_delete=models.PROTECT, related_name="plan"
    )
    reverse_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="reversals"
    )
    created_by_id = models.BigIntegerField(null=True, help_text="Empty when the clock made it")
    created_by_name = models.CharField(max_length=150)
    created_at = models.DateTimeField()

    status = FSMField(choices=PlanStatus.choices, default=PlanStatus.DRAFT, protected=True)
    approval = models.CharField(
        max_length=300, blank=True, default="", help_text="Why it needs an approval, or none"
    )
    ticket_id = models.BigIntegerField(null=True)
    approved_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(help_text="Not begun after this")
    begun_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True, help_text="Next try while something waits")
    waits_for = models.CharField(max_length=500, blank=True, default="")
    finished_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True, default="", help_text="How it ended, in words")
    after = models.JSONField(null=True)
    deviation_bps = models.BigIntegerField(
        null=True, help_text="From the projection, bps of total assets"
    )
    to_review = models.BooleanField(default=False)
    reviewed_by_name = models.CharField(max_length=150, blank=True, default="")
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [
            ("preview_plan", "Can preview plans"),
            ("submit_plan", "Can submit and cancel plans"),
            ("review_plan", "Can review plans that ran without approval"),
            ("export_plan", "Can export plans"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chain_id"],
                condition=Q(status__in=[str(status) for status in OPEN]),
                name="plan_one_open",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[str(status) for status in OPEN], finished_at__isnull=True)
                | (~Q(status__in=[str(status) for status in OPEN]) & Q(finished_at__isnull=False)),
                name="plan_finished_has_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "created_at"], name="plan_by_status"),
            models.Index(fields=["-created_at"], name="plan_newest"),
        ]

    def __str__(self) -> str:
        return f"Rebalance R-{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it may still do something."""
        return self.status in OPEN

    @property
    def subject_id(self) -> str:
        """How tickets and the audit log name it."""
        return str(self.pk)

    @transition(status, source=PlanStatus.DRAFT, target=PlanStatus.PENDING_APPROVAL)
    def ask(self, *, ticket_id: int, why: str) -> None:
        """People are asked."""
        self.ticket_id, self.approval = ticket_id, why

    @transition(
        status,
        source=[PlanStatus.DRAFT, PlanStatus.PENDING_APPROVAL],
        target=PlanStatus.APPROVED,
    )
    def approve(self, *, why: str, at: datetime) -> None:
        """People approved it, the rule did, or none is needed: ``why`` says which."""
        self.approval, self.approved_at = why, at

    @transition(status, source=PlanStatus.APPROVED, target=PlanStatus.EXECUTING)
    def begin(self, *, at: datetime) -> None:
        """All checks and the simulation of all legs passed."""
        self.begun_at, self.not_before, self.waits_for = at, None, ""

    @transition(status, source=PlanStatus.EXECUTING, target=PlanStatus.COMPLETED)
    def complete(self, *, outcome: str, at: datetime) -> None:
        """Every leg did what it should."""
        self.outcome, self.finished_at = outcome, at

    @transition(status, source=PlanStatus.EXECUTING, target=PlanStatus.PARTIALLY_COMPLETED)
    def complete_partially(self, *, outcome: str, at: datetime) -> None:
        """Some legs did."""
        self.outcome, self.finished_at = outcome, at

    @transition(
        status,
        source=[PlanStatus.APPROVED, PlanStatus.EXECUTING],
        target=PlanStatus.FAILED,
    )
    def fail(self, *, outcome: str, at: datetime) -> None:
        """Nothing was done: a check or the simulation refused it, or no leg succeeded."""
        self.outcome, self.finished_at = outcome, at

    @transition(
        status,
        source=[PlanStatus.DRAFT, PlanStatus.PENDING_APPROVAL, PlanStatus.APPROVED],
        target=PlanStatus.CANCELLED,
    )
    def cancel(self, *, outcome: str, at: datetime) -> None:
        """Rejected, or taken back before it began."""
        self.outcome, self.finished_at = outcome, at

    @transition(
        status,
        source=[PlanStatus.DRAFT, PlanStatus.PENDING_APPROVAL, PlanStatus.APPROVED],
        target=PlanStatus.EXPIRED,
    )
    def expire(self, *, outcome: str, at: datetime) -> None:
        """Too late, or its inputs have moved."""
        self.outcome, self.finished_at = outcome, at
