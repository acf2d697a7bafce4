"""How tickets look over REST. Amounts are base units as strings of digits; times are UTC."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.approvals import queries
from apps.approvals.models import Ticket, Vote
from apps.approvals.rules import Decision, Execution, Status, facts_hash
from apps.core.api import AmountField

REFERENCE_TYPES = {
    "EMERGENCY_REDEMPTION": "REDEMPTION",
    "STANDARD_REDEMPTION": "REDEMPTION",
    "REBALANCE_SMALL": "REBALANCE_PLAN",
    "REBALANCE_LARGE": "REBALANCE_PLAN",
    "ASSET_ADD": "ASSET",
    "ASSET_REMOVE": "ASSET",
    "POOL_ACTION": "POOL",
}
"""What ``referenceId`` numbers, by the ticket's type; where absent, the type itself says it."""

AUDIT_WORDS = {
    "ticket.created": "CREATE",
    "ticket.approved": "APPROVE",
    "ticket.rejected": "REJECT",
    "ticket.cancelled": "CANCEL",
    "ticket.expired": "EXPIRE",
    "ticket.warned": "WARN",
    "ticket.escalated": "ESCALATE",
    "ticket.overdue": "OVERDUE",
    "ticket.bound": "BIND",
    "ticket.executed": "EXECUTE",
}


class ExecutionView(serializers.Serializer):
    """What became of the decided action."""

    status = serializers.CharField(
        source="execution_status",
        help_text=f"One of {', '.join(item for item in Execution if item)}.",
    )
    error = serializers.CharField(source="execution_error")
    tx_hash = serializers.CharField(source="execution_tx_hash")
    executed_at = serializers.DateTimeField(allow_null=True)


class TicketRow(serializers.Serializer):
    """A ticket in a list. ``slaRemaining`` is seconds, negative once late, null once decided."""

    id = serializers.CharField(source="pk")
    type = serializers.CharField(source="kind")
    status = serializers.CharField(help_text=f"One of {', '.join(Status)}.")
    reference_type = serializers.SerializerMethodField()
    reference_id = serializers.CharField(source="subject_id")
    requester = serializers.CharField(source="requester_name")
    amount = AmountField(allow_null=True)
    currency = serializers.CharField()
    description = serializers.CharField(source="title")
    created_at = serializers.DateTimeField(source="opened_at")
    sla_deadline = serializers.DateTimeField(source="deadline_at")
    sla_remaining = serializers.SerializerMethodField()
    required_approvals = serializers.IntegerField()
    current_approvals = serializers.SerializerMethodField()
    execution = serializers.SerializerMethodField()

    def get_reference_type(self, ticket: Ticket) -> str:
        """What the reference is the number of."""
        return REFERENCE_TYPES.get(ticket.kind, ticket.kind)

    def get_sla_remaining(self, ticket: Ticket) -> int | None:
        """Whole seconds to the deadline."""
        if not ticket.is_open:
            return None
        at: datetime = self.context["at"]
        return int((ticket.deadline_at - at).total_seconds())

    def get_current_approvals(self, ticket: Ticket) -> int:
        """How many have approved."""
        return sum(vote.decision == Decision.APPROVE for vote in ticket.votes.all())

    @extend_schema_field(ExecutionView(allow_null=True))
    def get_execution(self, ticket: Ticket) -> dict[str, Any] | None:
        """Null until something was started."""
        return dict(ExecutionView(ticket).data) if ticket.execution_status else None


class RuleView(serializers.Serializer):
    """The rule as it was when the ticket was opened."""

    version = serializers.IntegerField(source="rule_version")
    role = serializers.CharField()
    required_approvals = serializers.IntegerField()
    escalation_role = serializers.CharField()
    auto_reject = serializers.BooleanField(help_text="It expires at the deadline.")
    requester_may_cancel = serializers.BooleanField(source="maker_may_cancel")


class SlaView(serializers.Serializer):
    """The three time limits, and when each was acted on."""

    warn_at = serializers.DateTimeField()
    warned_at = serializers.DateTimeField(allow_null=True)
    escalate_at = serializers.DateTimeField()
    escalated_at = serializers.DateTimeField(allow_null=True)
    escalated_to = serializers.CharField()
    deadline_at = serializers.DateTimeField()
    overdue_at = serializers.DateTimeField(allow_null=True)


class Condition(serializers.Serializer):
    """One reason why an approval is needed; ``met`` is null where nobody could say."""

    text = serializers.CharField()
    met = serializers.BooleanField(allow_null=True)


class VoteView(serializers.ModelSerializer[Vote]):
    """What one person decided."""

    decision: Any = serializers.CharField(help_text=f"One of {', '.join(Decision)}.")

    class Meta:
        model = Vote
        fields = ["username", "role", "wallet", "decision", "reason", "voted_at"]


class TicketDetail(TicketRow):
    """A ticket with all that a decision rests on; its ``factsHash`` is what votes sign."""

    chain_id = serializers.IntegerField()
    rule = RuleView(source="*")
    sla = SlaView(source="*")
    conditions = Condition(many=True)
    assessment = serializers.JSONField(help_text="Risk when it was opened: level, score, factors.")
    facts = serializers.JSONField(help_text="The frozen figures; integers are strings of digits.")
    facts_hash = serializers.CharField()
    facts_changed = serializers.SerializerMethodField()
    calls_hash = serializers.CharField(help_text="Hash of the calls that an approval executes.")
    votes = VoteView(many=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    outcome_reason = serializers.CharField()
    cannot_vote_because = serializers.SerializerMethodField()

    def get_facts_changed(self, ticket: Ticket) -> bool:
        """The subject's figures are no longer the frozen ones, so nobody can vote."""
        if not ticket.is_open:
            return False
        now = queries.current_facts(ticket)
        return now is None or facts_hash(now) != ticket.facts_hash

    def get_cannot_vote_because(self, ticket: Ticket) -> str | None:
        """The end of "You cannot vote because …", for who asks; null when they may."""
        user = self.context["user"]
        if not user.has_perm("approvals.decide_ticket"):
            return "your role does not decide tickets"
        return queries.why_cannot_vote(ticket, user, at=self.context["at"])


class AuditRow(serializers.Serializer):
    """One step of a ticket's life: who, from where, and what changed."""

    id = serializers.IntegerField()
    timestamp = serializers.DateTimeField(source="at")
    action = serializers.SerializerMethodField()
    actor = serializers.CharField(source="actor_name")
    actor_kind = serializers.CharField(help_text="user, system or chain")
    role = serializers.CharField(source="actor_role")
    wallet = serializers.CharField(source="actor_wallet")
    ip = serializers.CharField()
    user_agent = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    result = serializers.CharField()

    def get_action(self, row: Any) -> str:
        """CREATE, APPROVE, REJECT, CANCEL, EXPIRE, WARN, ESCALATE, OVERDUE, BIND or EXECUTE."""
        action = str(row.action)
        return AUDIT_WORDS.get(action, action)


class TicketFilter(serializers.Serializer):
    """What the list can be narrowed to."""

    status = serializers.ChoiceField([str(item) for item in Status], required=False)
    type = serializers.RegexField(r"^[A-Z_]{1,40}$", required=False)


class Cancellation(serializers.Serializer):
    """Why a ticket is withdrawn."""

    reason = serializers.CharField(max_length=500)
