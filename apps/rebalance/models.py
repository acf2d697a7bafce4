"""Plans and what became of them, and everything that asked for one."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from apps.core.fields import AddressField, HashField, Uint256Field

TIERS = [(0, "L1"), (1, "L2"), (2, "L3")]
METHODS = [(0, "OTC"), (1, "Swap"), (2, "Automatic")]


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


class Policy(models.Model):
    """The parameters of rebalancing (``rules.figures.Parameters`` as JSON); a change is a new
    version, approved by a second person."""

    version = models.PositiveIntegerField(unique=True)
    active = models.BooleanField(default=True)
    values = models.JSONField()
    ticket_id = models.BigIntegerField(
        null=True, help_text="Who approved it; empty for the one that came with the installation"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-version"]
        verbose_name_plural = "policies"
        permissions: ClassVar = [("propose_policy", "Can propose parameters of rebalancing")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["active"], condition=Q(active=True), name="policy_one_active"
            ),
            models.UniqueConstraint(fields=["ticket_id"], name="policy_ticket_once"),
            models.CheckConstraint(
                condition=Q(version=1) | Q(ticket_id__isnull=False), name="policy_has_ticket"
            ),
        ]

    def __str__(self) -> str:
        return f"rebalancing policy v{self.version}"


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


class LegStatus(models.TextChoices):
    """The life of a leg."""

    PLANNED = "PLANNED", _("Planned")
    SENT = "SENT", _("On its way")
    DONE = "DONE", _("Done")
    FAILED = "FAILED", _("Failed")
    SKIPPED = "SKIPPED", _("Skipped")


class Leg(models.Model):
    """One trade of a plan (see ``rules.figures.Action``), with what really came of it.

    ``call_hash`` is the hash of its one call; ``realised_assets`` and ``realised_tokens`` are the
    event's; ``slippage_bps_realised`` is against the price it was planned at, positive for a loss.
    """

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="legs")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8)
    priority = models.PositiveSmallIntegerField()
    tier_from = models.SmallIntegerField(choices=TIERS)
    tier_to = models.SmallIntegerField(choices=TIERS)
    token = AddressField()
    symbol = models.CharField(max_length=64)
    decimals = models.SmallIntegerField()
    assets = Uint256Field()
    tokens = Uint256Field()
    assets_min = Uint256Field()
    tokens_min = Uint256Field()
    method = models.SmallIntegerField(choices=METHODS)
    slippage_bps = models.IntegerField()
    slippage_assets = Uint256Field()
    gas_assets = Uint256Field()
    reason = models.CharField(max_length=300)
    depends_on = models.JSONField(default=list)
    call_hash = HashField()

    status = FSMField(choices=LegStatus.choices, default=LegStatus.PLANNED, protected=True)
    transaction_id = models.BigIntegerField(null=True)
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    tx_hash = HashField(blank=True, default="")
    realised_assets = Uint256Field(null=True)
    realised_tokens = Uint256Field(null=True)
    slippage_bps_realised = models.IntegerField(null=True)
    gas_used = models.BigIntegerField(null=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["plan", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "position"], name="leg_once"),
            models.UniqueConstraint(fields=["transaction_id"], name="leg_transaction_once"),
            models.CheckConstraint(
                condition=Q(status="DONE", realised_assets__isnull=False, tx_hash__gt="")
                | ~Q(status="DONE"),
                name="leg_done_has_figures",
            ),
        ]

    def __str__(self) -> str:
        return f"leg {self.position} of R-{self.plan_id}"

    @transition(status, source=LegStatus.PLANNED, target=LegStatus.SENT)
    def send(self, *, transaction_id: int, at: datetime) -> None:
        """Its call is queued with the sender."""
        self.transaction_id, self.sent_at = transaction_id, at

    @transition(status, source=LegStatus.SENT, target=LegStatus.DONE)
    def finish(
        self,
        *,
        assets: int,
        tokens: int,
        slippage_bps: int | None,
        tx_hash: str,
        gas_used: int | None,
        at: datetime,
    ) -> None:
        """Final, with the expected event; the amounts are the event's."""
        self.realised_assets, self.realised_tokens = assets, tokens
        self.slippage_bps_realised = slippage_bps
        self.tx_hash, self.gas_used, self.finished_at = tx_hash, gas_used, at

    @transition(status, source=LegStatus.SENT, target=LegStatus.FAILED)
    def fail(self, *, error: str, tx_hash: str, at: datetime) -> None:
        """It was not sent, reverted, or mined without doing what it should."""
        self.error, self.tx_hash, self.finished_at = error, tx_hash, at

    @transition(status, source=LegStatus.PLANNED, target=LegStatus.SKIPPED)
    def skip(self, *, error: str, at: datetime) -> None:
        """What it depends on did not succeed, or the plan was stopped."""
        self.error, self.finished_at = error, at


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
