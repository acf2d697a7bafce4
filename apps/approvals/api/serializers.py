"""Shapes of tickets and votes in REST."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from apps.approvals.models import Ticket
from apps.core.api import AmountField

HASH = r"^0x[0-9a-fA-F]{64}$"


class VoteView(serializers.Serializer[Any]):
    """One vote."""

    user = serializers.CharField(source="username")
    role = serializers.CharField()
    wallet = serializers.CharField()
    decision = serializers.CharField()
    reason = serializers.CharField()
    voted_at = serializers.DateTimeField()


class TicketView(serializers.Serializer[Any]):
    """A ticket in a list."""

    id = serializers.IntegerField()
    type = serializers.CharField(source="kind")
    status = serializers.CharField()
    reference_type = serializers.SerializerMethodField()
    reference_id = serializers.CharField(source="subject_id")
    requester = serializers.CharField(source="requester_name")
    amount = AmountField(allow_null=True)
    currency = serializers.CharField()
    description = serializers.CharField(source="title")
    created_at = serializers.DateTimeField(source="opened_at")
    sla_deadline = serializers.DateTimeField(source="deadline_at")
    sla_remaining = serializers.SerializerMethodField(
        help_text="Seconds to the deadline, negative when past it; null once decided."
    )
    required_approvals = serializers.IntegerField()
    current_approvals = serializers.SerializerMethodField()

    def get_reference_type(self, ticket: Ticket) -> str:
        return "REDEMPTION" if ticket.kind.endswith("_REDEMPTION") else ticket.kind

    def get_sla_remaining(self, ticket: Ticket) -> int | None:
        at: datetime = self.context["at"]
        return int((ticket.deadline_at - at).total_seconds()) if ticket.is_open else None

    def get_current_approvals(self, ticket: Ticket) -> int:
        return sum(vote.decision == "APPROVE" for vote in ticket.votes.all())


class TicketDetail(TicketView):
    """A ticket with everything that is decided on."""

    chain_id = serializers.IntegerField()
    rule_version = serializers.IntegerField()
    role = serializers.CharField()
    escalated_to = serializers.CharField()
    escalated_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(source="outcome_reason")
    conditions = serializers.JSONField()
    assessment = serializers.JSONField()
    facts = serializers.JSONField()
    facts_hash = serializers.CharField()
    calls_hash = serializers.CharField()
    execution_status = serializers.CharField()
    execution_error = serializers.CharField()
    execution_tx_hash = serializers.CharField()
    votes = VoteView(many=True)


class VotePayload(serializers.Serializer[Any]):
    """What a wallet signs, and until when."""

    typed_data = serializers.JSONField(help_text="EIP-712, for eth_signTypedData_v4")
    nonce = serializers.CharField()
    expires_at = serializers.DateTimeField()
    address = serializers.CharField(help_text="The wallet that must sign")


class VoteRequest(serializers.Serializer[Any]):
    """A signed vote; the nonce and the expiry as they were handed out."""

    reason = serializers.CharField(
        required=False, default="", allow_blank=True, trim_whitespace=False, max_length=2_000
    )
    signature = serializers.CharField(max_length=10_000)
    nonce = serializers.RegexField(HASH)
    expires_at = serializers.DateTimeField()
    facts_hash = serializers.RegexField(
        HASH, required=False, help_text="Of the figures that were shown; signed in any case."
    )


class CancelRequest(serializers.Serializer[Any]):
    """Why the question is withdrawn."""

    reason = serializers.CharField(max_length=2_000)


class AuditLine(serializers.Serializer[Any]):
    """One line of a ticket's audit trail."""

    at = serializers.DateTimeField()
    action = serializers.CharField(help_text="CREATE, APPROVE, REJECT, CANCEL, EXPIRE, …")
    actor = serializers.CharField()
    role = serializers.CharField()
    wallet = serializers.CharField()
    ip = serializers.CharField()
    user_agent = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    result = serializers.CharField()
