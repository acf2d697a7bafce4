"""Shapes of redemptions in REST: the fund's dashboard client's field names."""

from typing import Any

from rest_framework import serializers

from apps.core.api import AmountField
from apps.redemptions.models import Redemption


class RedemptionView(serializers.Serializer[Any]):
    """A redemption in a list. Amounts are base units as strings of digits."""

    request_id = AmountField()
    owner = serializers.CharField()
    receiver = serializers.CharField()
    shares = AmountField()
    gross_amount = AmountField(source="gross_assets")
    locked_nav = AmountField(source="locked_nav_per_share")
    estimated_fee = AmountField(source="estimated_fee_assets")
    request_time = serializers.DateTimeField(source="requested_at")
    settlement_time = serializers.DateTimeField(source="settles_at", allow_null=True)
    status = serializers.CharField()
    channel = serializers.CharField()
    requires_approval = serializers.BooleanField()
    window_id = AmountField()
    tx_hash = serializers.CharField()


class TimelineEntry(serializers.Serializer[Any]):
    """One step of a redemption's life."""

    event = serializers.CharField()
    timestamp = serializers.DateTimeField(source="at")
    tx_hash = serializers.SerializerMethodField()
    lane = serializers.CharField(help_text="chain, staff or system")
    text = serializers.CharField()
    by = serializers.CharField()
    detail = serializers.CharField()

    def get_tx_hash(self, entry: Any) -> str | None:
        return entry.tx_hash or None


class RedemptionDetail(RedemptionView):
    """A redemption with what came of it."""

    fee = AmountField(source="fee_assets", allow_null=True)
    net_amount = AmountField(source="net_assets", allow_null=True)
    block_number = serializers.IntegerField()
    log_index = serializers.IntegerField()
    decided_by = serializers.SerializerMethodField()
    decided_at = serializers.DateTimeField(allow_null=True)
    rejection_reason = serializers.CharField()
    settled_at = serializers.DateTimeField(allow_null=True)
    settlement_tx_hash = serializers.SerializerMethodField()
    approval_ticket = serializers.SerializerMethodField()
    timeline = serializers.SerializerMethodField()

    def get_decided_by(self, row: Redemption) -> str | None:
        return row.decided_by or None

    def get_settlement_tx_hash(self, row: Redemption) -> str | None:
        return row.settle_tx_hash or None

    def get_approval_ticket(self, row: Redemption) -> dict[str, Any] | None:  # noqa: ARG002
        ticket = self.context["ticket"]
        if ticket is None:
            return None
        return {
            "id": ticket.pk,
            "type": ticket.kind,
            "status": ticket.status,
            "required_approvals": ticket.required_approvals,
            "current_approvals": ticket.votes.filter(decision="APPROVE").count(),
            "sla_deadline": ticket.deadline_at.isoformat().replace("+00:00", "Z"),
        }

    def get_timeline(self, row: Redemption) -> list[dict[str, Any]]:  # noqa: ARG002
        return list(TimelineEntry(self.context["timeline"], many=True).data)


class PendingSummary(serializers.Serializer[Any]):
    """What waits for approval in all."""

    total_pending = serializers.IntegerField()
    total_amount = AmountField(source="total_assets")
    urgent_count = serializers.IntegerField(help_text="With less than two hours to the deadline")


class SettleAccepted(serializers.Serializer[Any]):
    """The payment was queued; the status follows when its event is final."""

    request_id = AmountField()
    transaction_id = serializers.IntegerField()
    status = serializers.CharField()
