"""How plans look over REST: base units as strings of digits, ratios as decimal strings."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api import AmountField
from apps.fund.api.serializers import BpsRatioField, HumanField
from apps.rebalance import queries
from apps.rebalance.models import Plan
from apps.rebalance.rules.figures import Blueprint


class PlanRow(serializers.Serializer):
    """A plan in a list."""

    plan_id = serializers.CharField(source="pk")
    trigger = serializers.CharField()
    reason = serializers.CharField(source="trigger_reason")
    aim = serializers.CharField()
    status = serializers.CharField()
    total_amount = AmountField(source="amount_assets")
    estimated_slippage = AmountField(source="slippage_assets")
    estimated_gas_cost = AmountField(source="gas_assets")
    requested_by = serializers.CharField(source="created_by_name")
    created_at = serializers.DateTimeField()
    executed_at = serializers.DateTimeField(source="begun_at", allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField()
    requires_approval = serializers.SerializerMethodField()
    approval_reason = serializers.CharField(source="approval")
    approval_ticket_id = serializers.SerializerMethodField()

    def get_requires_approval(self, row: Plan) -> bool:
        """Whether a ticket decides, or decided, it."""
        return row.ticket_id is not None

    def get_approval_ticket_id(self, row: Plan) -> str | None:
        """Its ticket's number."""
        return None if row.ticket_id is None else str(row.ticket_id)


def _tier_state(tiers: Iterable[tuple[str, int | None, int | None]]) -> dict[str, Any]:
    """``l1Ratio`` and ``l1Value`` and so on, of (tier, value, bps)."""
    ratio, amount = BpsRatioField(), HumanField()
    state: dict[str, Any] = {}
    for tier, value, bps in tiers:
        name = tier.lower()
        state[f"{name}_ratio"] = None if bps is None else ratio.to_representation(bps)
        state[f"{name}_value"] = None if value is None else amount.to_representation(value)
    return state


class TierState(serializers.Serializer):
    """The three tiers at one point: shares of all assets, and values in USDT."""

    l1_ratio = BpsRatioField(allow_null=True)
    l2_ratio = BpsRatioField(allow_null=True)
    l3_ratio = BpsRatioField(allow_null=True)
    l1_value = HumanField(allow_null=True)
    l2_value = HumanField(allow_null=True)
    l3_value = HumanField(allow_null=True)


@extend_schema_field(TierState)
class TierStateField(serializers.Field):
    """The tiers of a blueprint "before", "after" or at their "target"."""

    def __init__(self, which: str, **kwargs: Any) -> None:
        self.which = which
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Blueprint) -> dict[str, Any]:
        return _tier_state(
            (tier.tier.name, getattr(tier, self.which), getattr(tier, f"{self.which}_bps"))
            for tier in value.tiers
        )


class ActionRow(serializers.Serializer):
    """One trade of a plan, in its place."""

    position = serializers.IntegerField()
    type = serializers.CharField(source="kind")
    priority = serializers.IntegerField()
    from_layer = serializers.SerializerMethodField()
    to_layer = serializers.SerializerMethodField()
    asset = serializers.CharField(source="symbol")
    token = serializers.CharField()
    amount = AmountField(source="assets", help_text="USDT base units.")
    token_amount = AmountField(source="tokens", help_text="The token's own base units.")
    method = serializers.SerializerMethodField()
    estimated_slippage = BpsRatioField(source="slippage_bps")
    estimated_gas_cost = AmountField(source="gas_assets")
    depends_on = serializers.ListField(child=serializers.IntegerField())
    reason = serializers.CharField()

    def get_from_layer(self, action: Any) -> str:
        """Where the value comes from."""
        return queries.tier_name(action.tier_from)

    def get_to_layer(self, action: Any) -> str:
        """Where it goes."""
        return queries.tier_name(action.tier_to)

    def get_method(self, action: Any) -> str:
        """OTC, SWAP or AUTO."""
        return queries.method_name(action.method)


class PreviewResult(serializers.Serializer):
    """A plan that nothing was done for yet. ``planId`` is what /rebalance/execute takes."""

    plan_id = serializers.CharField(source="preview.pk")
    expires_at = serializers.DateTimeField(source="preview.expires_at")
    aim = serializers.CharField(source="blueprint.aim.kind")
    pre_state = TierStateField("before", source="blueprint")
    projected_state = TierStateField("after", source="blueprint")
    target_state = TierStateField("target", source="blueprint")
    actions = ActionRow(source="blueprint.actions", many=True)
    estimated_slippage_cost = AmountField(source="blueprint.slippage_assets")
    estimated_gas_cost = AmountField(source="blueprint.gas_assets")
    total_amount = AmountField(source="blueprint.amount_assets")
    requires_approval = serializers.BooleanField(source="approval.needed")
    approval_reason = serializers.CharField(source="approval.why")
    planner = serializers.CharField(source="blueprint.planner")
    warnings = serializers.ListField(source="blueprint.warnings", child=serializers.CharField())
    block_number = serializers.IntegerField(source="situation.block_number")


class PlanAction(ActionRow):
    """A trade of a plan with what became of it."""

    status = serializers.CharField()
    tx_hash = serializers.SerializerMethodField()
    realised_amount = AmountField(source="realised_assets", allow_null=True)
    realised_token_amount = AmountField(source="realised_tokens", allow_null=True)
    realised_slippage = BpsRatioField(source="slippage_bps_realised")
    gas_used = serializers.IntegerField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField()

    def get_tx_hash(self, leg: Any) -> str | None:
        """Null until it is final."""
        return leg.tx_hash or None


class TriggerRow(serializers.Serializer):
    """What asked for the plan."""

    kind = serializers.CharField()
    reason = serializers.CharField()
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    times = serializers.IntegerField()


class PlanDetail(PlanRow):
    """A plan with its actions and what became of them."""

    planner = serializers.CharField()
    pre_state = serializers.SerializerMethodField()
    projected_state = serializers.SerializerMethodField()
    target_state = serializers.SerializerMethodField()
    after_state = serializers.SerializerMethodField()
    actions = serializers.SerializerMethodField()
    triggers = serializers.SerializerMethodField()
    deviation = BpsRatioField(
        source="deviation_bps", help_text="Of what was read afterwards from the projection."
    )
    approved_at = serializers.DateTimeField(allow_null=True)
    waits_for = serializers.CharField()
    reverse_of = serializers.SerializerMethodField()

    @property
    def _view(self) -> queries.PlanView:
        view: queries.PlanView = self.context["view"]
        return view

    @extend_schema_field(TierState)
    def get_pre_state(self, row: Plan) -> dict[str, Any]:  # noqa: ARG002 - DRF's signature
        """Before the plan."""
        return _tier_state((one.tier, one.before, one.before_bps) for one in self._view.tiers)

    @extend_schema_field(TierState)
    def get_projected_state(self, row: Plan) -> dict[str, Any]:  # noqa: ARG002
        """As it should be afterwards."""
        return _tier_state((one.tier, one.projected, one.projected_bps) for one in self._view.tiers)

    @extend_schema_field(TierState)
    def get_target_state(self, row: Plan) -> dict[str, Any]:  # noqa: ARG002
        """At the targets."""
        return _tier_state((one.tier, one.target, one.target_bps) for one in self._view.tiers)

    @extend_schema_field(TierState(allow_null=True))
    def get_after_state(self, row: Plan) -> dict[str, Any] | None:
        """As read afterwards; null until then."""
        if row.after is None:
            return None
        return _tier_state((one.tier, one.after, one.after_bps) for one in self._view.tiers)

    @extend_schema_field(PlanAction(many=True))
    def get_actions(self, row: Plan) -> list[dict[str, Any]]:  # noqa: ARG002
        """Its trades in order."""
        return list(PlanAction([leg.row for leg in self._view.legs], many=True).data)

    @extend_schema_field(TriggerRow(many=True))
    def get_triggers(self, row: Plan) -> list[dict[str, Any]]:  # noqa: ARG002
        """What asked for it, oldest first."""
        return list(TriggerRow(self._view.triggers, many=True).data)

    def get_reverse_of(self, row: Plan) -> str | None:
        """The plan that this one takes back."""
        return None if row.reverse_of_id is None else str(row.reverse_of_id)
