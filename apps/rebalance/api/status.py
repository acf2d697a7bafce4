"""How the fund's distance from its targets looks over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from apps.core.api import AmountField
from apps.fund.api.serializers import BpsRatioField, HumanField
from apps.rebalance import queries

from .serializers import PlanRow

_TIERS = ("L1", "L2", "L3")


@extend_schema_field(
    inline_serializer("TierRatios", {tier: BpsRatioField(allow_null=True) for tier in _TIERS})
)
class DeviationField(serializers.Field):
    """Deviation from the target by tier: ratio − target."""

    def to_representation(self, value: Any) -> dict[str, Any]:
        by_tier = {tier.tier: tier.deviation_bps for tier in value}
        ratio = BpsRatioField()
        return {
            tier: None if (bps := by_tier.get(tier)) is None else ratio.to_representation(bps)
            for tier in _TIERS
        }


class TierStatus(serializers.Serializer):
    """A tier against its band."""

    tier = serializers.CharField()
    value = HumanField(source="value_assets")
    ratio = BpsRatioField(source="ratio_bps")
    target = BpsRatioField(source="target_bps")
    min = BpsRatioField(source="min_bps")
    max = BpsRatioField(source="max_bps")
    deviation = BpsRatioField(source="deviation_bps")
    within_band = serializers.BooleanField(allow_null=True)


class AssetStatus(serializers.Serializer):
    """An asset against its weight; cash has no token."""

    token = serializers.CharField()
    symbol = serializers.CharField()
    tier = serializers.CharField()
    value = HumanField(source="value_assets")
    weight = BpsRatioField(source="weight_bps")
    target_weight = BpsRatioField(source="target_bps")
    drift = BpsRatioField(source="drift_bps")
    unknown = serializers.CharField(help_text="Why figures are null; empty when they are not.")


class CheckTimes(serializers.Serializer):
    """A check by the clock."""

    name = serializers.CharField(source="cadence.name")
    looks_at = serializers.CharField(source="cadence.looks_at")
    last_due = serializers.DateTimeField(source="last_at")
    next_due = serializers.DateTimeField(source="next_at")


class MetricRow(serializers.Serializer):
    """A figure against its limits, in ``unit``."""

    name = serializers.CharField()
    value = AmountField(allow_null=True)
    unit = serializers.ChoiceField([str(unit) for unit in queries.Unit])
    warning = AmountField()
    critical = AmountField(allow_null=True)
    below = serializers.BooleanField(help_text="Whether less than the limit is worse.")
    status = serializers.ChoiceField([str(level) for level in queries.Level], source="level")
    period = serializers.CharField(source="of")


class Thresholds(serializers.Serializer):
    """From when on a plan is made."""

    trigger_deviation = BpsRatioField(source="tier_deviation_bps")
    min_amount = AmountField(source="plan_assets_min")


class RebalanceStatus(serializers.Serializer):
    """The fund against its targets, as last read. Figures are null until it was read once."""

    needs_rebalance = serializers.SerializerMethodField()
    reasons = serializers.ListField(child=serializers.CharField())
    last_rebalance = serializers.SerializerMethodField()
    next_scheduled = serializers.DateTimeField()
    current_deviation = DeviationField(source="tiers")
    thresholds = Thresholds(source="parameters")
    pending_plan = serializers.SerializerMethodField()
    layers = TierStatus(source="tiers", many=True)
    assets = AssetStatus(many=True)
    checks = CheckTimes(many=True)
    metrics = serializers.SerializerMethodField()
    policy_version = serializers.IntegerField()
    block_number = serializers.IntegerField(allow_null=True)
    last_updated = serializers.DateTimeField(source="as_of", allow_null=True)
    stale = serializers.BooleanField(help_text="Read longer ago than ten minutes, or never.")

    def get_needs_rebalance(self, now: queries.Status) -> bool:
        """Whether the figures are beyond what the policy accepts."""
        return bool(now.reasons)

    @extend_schema_field({"type": "string", "format": "date-time", "nullable": True})
    def get_last_rebalance(self, now: queries.Status) -> str | None:
        """When the newest executed plan ended."""
        last = now.last_plan
        if last is None or last.finished_at is None:
            return None
        return serializers.DateTimeField().to_representation(last.finished_at)

    @extend_schema_field(PlanRow(allow_null=True))
    def get_pending_plan(self, now: queries.Status) -> dict[str, Any] | None:
        """The one open plan."""
        return dict(PlanRow(now.open_plan).data) if now.open_plan else None

    @extend_schema_field(MetricRow(many=True))
    def get_metrics(self, now: queries.Status) -> list[dict[str, Any]]:
        """Every metric with its level."""
        rows = queries.metrics(now, at=self.context["at"])
        return list(MetricRow(rows, many=True).data)
