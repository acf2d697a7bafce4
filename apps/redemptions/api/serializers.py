"""How redemptions look over REST: base units as strings of digits, block times in UTC."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.approvals import queries as approvals
from apps.approvals.api.serializers import TicketRow
from apps.chain import queries as chain
from apps.core.api import AmountField
from apps.redemptions import queries
from apps.redemptions.models import Redemption
from apps.redemptions.queries.detail import DECISION_KINDS, SETTLE_KINDS
from apps.redemptions.rules import TICKET_KINDS, Status


class RedemptionRow(serializers.Serializer):
    """A request in a list."""

    request_id = serializers.CharField()
    owner = serializers.CharField()
    receiver = serializers.CharField()
    shares = AmountField()
    gross_amount = AmountField(source="gross_assets")
    locked_nav = AmountField(source="locked_nav_per_share")
    estimated_fee = AmountField(source="estimated_fee_assets")
    request_time = serializers.DateTimeField(source="requested_at")
    settlement_time = serializers.DateTimeField(source="settles_at", allow_null=True)
    status = serializers.CharField(help_text=f"One of {', '.join(Status)}.")
    channel = serializers.CharField(help_text=f"One of {', '.join(queries.CHANNELS)}.")
    requires_approval = serializers.BooleanField()
    window_id = serializers.CharField()
    tx_hash = serializers.CharField()


class PendingRow(RedemptionRow):
    """A request that waits for approval, with the ticket that asks for it."""

    approval_ticket = serializers.SerializerMethodField()

    @extend_schema_field(TicketRow(allow_null=True))
    def get_approval_ticket(self, row: Redemption) -> dict[str, Any] | None:
        """Null until history is caught up with and the ticket is open."""
        ticket = self.context["tickets"].get(row.subject_id)
        return dict(TicketRow(ticket, context=self.context).data) if ticket else None


class TimelineEntry(serializers.Serializer):
    """One step. ``event`` is a stable code, ``text`` the same in words."""

    event = serializers.CharField()
    timestamp = serializers.DateTimeField(source="at")
    tx_hash = serializers.SerializerMethodField()
    lane = serializers.CharField(help_text="chain, staff or system")
    text = serializers.CharField()
    by = serializers.CharField()
    detail = serializers.CharField()
    ticket_id = serializers.CharField(allow_null=True)
    failed = serializers.BooleanField()

    def get_tx_hash(self, entry: queries.Entry) -> str | None:
        """Null for steps that are no transaction's."""
        return entry.tx_hash or None


class TransactionInFlight(serializers.Serializer):
    """A transaction of ours about the request that is not final yet."""

    id = serializers.IntegerField()
    sentence = serializers.CharField()
    status = serializers.CharField()
    tx_hash = serializers.CharField()
    created_at = serializers.DateTimeField()
    confirmations = serializers.IntegerField(allow_null=True)
    confirmations_needed = serializers.IntegerField(allow_null=True)


class Settleability(serializers.Serializer):
    """Whether it can be settled now; if not, why, and how much L1 + L2 lack."""

    possible = serializers.BooleanField()
    reason = serializers.CharField(source="refusal")
    shortfall = AmountField(source="shortfall_assets")
    chain_time = serializers.DateTimeField(allow_null=True)


class RedemptionDetail(RedemptionRow):
    """A request with all that happened to it."""

    net_amount = AmountField(
        source="payout_assets",
        help_text="What was paid; before settlement the gross less the estimated fee.",
    )
    actual_fee = AmountField(source="fee_assets", allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)
    settle_tx_hash = serializers.CharField()
    locked_nav_is_derived = serializers.BooleanField()
    decided_by = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    rejection_reason = serializers.CharField()
    block_number = serializers.IntegerField()
    block_hash = serializers.CharField()
    log_index = serializers.IntegerField()
    approval_ticket = serializers.SerializerMethodField()
    settlement = serializers.SerializerMethodField()
    transaction_in_flight = serializers.SerializerMethodField()
    timeline = serializers.SerializerMethodField()

    @extend_schema_field(TicketRow(allow_null=True))
    def get_approval_ticket(self, row: Redemption) -> dict[str, Any] | None:
        """The newest ticket about it."""
        tickets = approvals.tickets_for(TICKET_KINDS, row.subject_id, chain_id=row.chain_id)
        ticket = tickets.prefetch_related("votes").first()
        return dict(TicketRow(ticket, context=self.context).data) if ticket else None

    @extend_schema_field(Settleability)
    def get_settlement(self, row: Redemption) -> dict[str, Any]:
        """By its state, the final block's time and the fund's liquidity."""
        at: datetime = self.context["at"]
        return dict(Settleability(queries.settleability(row, at=at)).data)

    @extend_schema_field(TransactionInFlight(allow_null=True))
    def get_transaction_in_flight(self, row: Redemption) -> dict[str, Any] | None:
        """The state follows once it is final."""
        sent = chain.open_transaction(
            row.chain_id, (*DECISION_KINDS, *SETTLE_KINDS), row.subject_id
        )
        return dict(TransactionInFlight(sent).data) if sent else None

    @extend_schema_field(TimelineEntry(many=True))
    def get_timeline(self, row: Redemption) -> list[dict[str, Any]]:
        """Every step known, oldest first."""
        return list(TimelineEntry(queries.timeline(row), many=True).data)


class PendingSummary(serializers.Serializer):
    """All that waits for approval, not this page alone."""

    total_pending = serializers.IntegerField()
    total_amount = AmountField(source="total_assets")
    urgent_count = serializers.IntegerField(help_text="With less than two hours left.")


class SettlementSent(serializers.Serializer):
    """The payment is on its way; the state follows when its event is final."""

    request_id = serializers.CharField()
    transaction_id = serializers.IntegerField()
