"""Rules, tickets and votes. Triggers check here too who may do what, so no shell goes around it."""

from dataclasses import fields
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from apps.core.fields import AddressField, HashField, Uint256Field

from .rules import OPEN, Decision, Execution, RuleTerms, Status


def _choices(values: type[Status] | type[Decision] | type[Execution]) -> list[tuple[str, str]]:
    return [(item.value, item.value.replace("_", " ").capitalize()) for item in values]


class Rule(models.Model):
    """Who decides a kind of ticket, how many of them, and how fast. A change is a new version."""

    kind = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    active = models.BooleanField(default=True)
    description = models.TextField()
    role = models.CharField(max_length=40)
    required_approvals = models.PositiveSmallIntegerField()
    eligible_min = models.PositiveSmallIntegerField(
        default=0, help_text="Refuse to open with fewer people who could vote, the maker excluded."
    )
    warn_after_seconds = models.PositiveIntegerField()
    escalate_after_seconds = models.PositiveIntegerField()
    deadline_after_seconds = models.PositiveIntegerField()
    escalation_role = models.CharField(max_length=40)
    auto_reject = models.BooleanField(default=False, help_text="Expire at the deadline.")
    maker_may_cancel = models.BooleanField(
        default=True, help_text="False where the subject itself must be withdrawn instead."
    )
    thresholds = models.JSONField(
        default=list,
        help_text="Figures that explain why a ticket is needed: figure, operator, value.",
    )
    auto_approve = models.JSONField(
        default=dict,
        blank=True,
        help_text="Facts by name, each with the values for which the rule itself approves.",
    )

    ticket_id = models.BigIntegerField(
        null=True, help_text="Who approved it; empty for what came with the installation."
    )

    class Meta:
        ordering = ("kind", "-version")
        permissions = [("propose_rule", "Can propose changes of rules")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="rule_version_unique"),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(active=True), name="rule_one_active"
            ),
            models.CheckConstraint(
                condition=Q(warn_after_seconds__lte=F("escalate_after_seconds"))
                & Q(escalate_after_seconds__lte=F("deadline_after_seconds")),
                name="rule_times_in_order",
            ),
            models.CheckConstraint(
                condition=Q(required_approvals__gte=1), name="rule_needs_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}"

    @property
    def terms(self) -> RuleTerms:
        """What people may change of it."""
        return RuleTerms(
            **{field.name: getattr(self, field.name) for field in fields(RuleTerms)}
            | {"thresholds": tuple(self.thresholds)}
        )


class Ticket(models.Model):
    """One question to people: its frozen figures, the rule as it was, and the outcome."""

    kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=100)
    chain_id = models.PositiveBigIntegerField()
    idempotency_key = models.CharField(max_length=200, unique=True)
    title = models.CharField(max_length=300)
    requester_name = models.CharField(max_length=200)
    maker_user_id = models.BigIntegerField(null=True)
    party_wallets = models.JSONField(default=list)
    amount = Uint256Field(null=True, help_text="Base units of the currency.")
    currency = models.CharField(max_length=20, blank=True)

    facts = models.JSONField()
    facts_hash = HashField()
    calls_hash = HashField()
    rejection_calls_hash = HashField(blank=True)
    conditions = models.JSONField(default=list)
    assessment = models.JSONField(default=dict)

    rule_version = models.PositiveIntegerField()
    role = models.CharField(max_length=40)
    required_approvals = models.PositiveSmallIntegerField()
    escalation_role = models.CharField(max_length=40)
    auto_reject = models.BooleanField()
    maker_may_cancel = models.BooleanField()

    status = FSMField(default=Status.PENDING.value, choices=_choices(Status), protected=True)
    auto_approved_by = models.CharField(
        max_length=60, blank=True, default="", help_text="The rule that approved it without people."
    )
    opened_at = models.DateTimeField()
    warn_at = models.DateTimeField()
    escalate_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    warned_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    escalated_to = models.CharField(max_length=40, blank=True)
    overdue_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    outcome_reason = models.TextField(blank=True)

    execution_status = models.CharField(
        max_length=10, blank=True, choices=_choices(Execution), default=Execution.NONE.value
    )
    execution_error = models.TextField(blank=True)
    execution_tx_hash = HashField(blank=True)
    executed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        permissions = [
            ("decide_ticket", "Can approve or reject tickets of their role"),
            ("cancel_ticket", "Can cancel tickets they asked for"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["chain_id", "kind", "subject_id"],
                condition=Q(status__in=[item.value for item in OPEN]),
                name="ticket_one_open_per_subject",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, status__in=[item.value for item in OPEN])
                | Q(decided_at__isnull=False) & ~Q(status__in=[item.value for item in OPEN]),
                name="ticket_decided_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "deadline_at"], name="ticket_by_deadline"),
            models.Index(fields=["kind", "subject_id"], name="ticket_by_subject"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an outcome."""
        return self.status in OPEN

    @transition(field=status, source=Status.PENDING, target=Status.PARTIALLY_APPROVED)
    def approve_partially(self) -> None:
        """One approval more, not enough yet."""

    @transition(field=status, source=list(OPEN), target=Status.APPROVED)
    def approve(self, *, at: datetime) -> None:
        """The quorum is reached."""
        self.decided_at = at

    @transition(field=status, source=Status.PENDING, target=Status.APPROVED)
    def approve_by_rule(self, *, rule: str, reason: str, at: datetime) -> None:
        """The rule approves what its conditions allow; a trigger compares them with the facts."""
        self.auto_approved_by, self.outcome_reason, self.decided_at = rule, reason, at

    @transition(field=status, source=list(OPEN), target=Status.REJECTED)
    def reject(self, *, reason: str, at: datetime) -> None:
        """One rejection is enough."""
        self.decided_at, self.outcome_reason = at, reason

    @transition(field=status, source=list(OPEN), target=Status.EXPIRED)
    def expire(self, *, reason: str, at: datetime) -> None:
        """The deadline passed and the rule rejects by itself."""
        self.decided_at, self.outcome_reason = at, reason

    @transition(field=status, source=list(OPEN), target=Status.CANCELLED)
    def cancel(self, *, reason: str, at: datetime) -> None:
        """The question went away."""
        self.decided_at, self.outcome_reason = at, reason


class Vote(models.Model):
    """What one person decided, and the wallet signature that proves it. Written once."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="votes")
    user_id = models.BigIntegerField()
    username = models.CharField(max_length=150)
    role = models.CharField(max_length=40)
    wallet = AddressField()
    decision = models.CharField(max_length=10, choices=_choices(Decision))
    reason = models.TextField(blank=True)
    signature = models.TextField()
    typed_data = models.JSONField()
    voted_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["ticket", "user_id"], name="vote_once_per_person"),
            models.UniqueConstraint(fields=["ticket", "wallet"], name="vote_once_per_wallet"),
            models.CheckConstraint(
                condition=Q(decision=Decision.APPROVE.value) | ~Q(reason=""),
                name="vote_rejection_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.username} {self.decision} #{self.ticket_id}"
