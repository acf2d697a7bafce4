"""What the history may be narrowed to, and what a preview may ask for."""

from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from apps.chain.terms import Tier
from apps.core.api import AmountField, PeriodSerializer
from apps.core.units import BPS_ONE
from apps.rebalance.models import PlanStatus, TriggerKind
from apps.rebalance.rules.figures import Aim, AimKind

AIMS = (AimKind.TIERS, AimKind.LIQUIDITY, AimKind.DEPLOY, AimKind.WEIGHTS)

PARAMETERS = [
    OpenApiParameter("trigger", OpenApiTypes.STR, enum=list(TriggerKind.values)),
    OpenApiParameter("status", OpenApiTypes.STR, enum=list(PlanStatus.values)),
    OpenApiParameter(
        "startDate",
        OpenApiTypes.STR,
        description="Made from this day (2026-03-01) or instant (2026-03-01T08:00:00Z), UTC.",
    ),
    OpenApiParameter(
        "endDate",
        OpenApiTypes.STR,
        description="Made up to this day, itself included, or before this instant; UTC.",
    ),
]


class _Filter(PeriodSerializer):
    trigger = serializers.ChoiceField(TriggerKind.choices, required=False)
    status = serializers.ChoiceField(PlanStatus.choices, required=False)


_LOOKUPS = {"start_date": "created_at__gte", "end_date": "created_at__lt"}


def lookups(request: Request) -> dict[str, Any]:
    """The query string as lookups on plans.

    Raises:
        ValidationError: by field, where a value makes no sense.
    """
    names = (
        ("trigger", "trigger"),
        ("status", "status"),
        ("start_date", "startDate"),
        ("end_date", "endDate"),
    )
    params = request.query_params
    read = _Filter(data={name: params[asked] for name, asked in names if asked in params})
    read.is_valid(raise_exception=True)
    return {_LOOKUPS.get(name, name): value for name, value in read.validated_data.items()}


@extend_schema_field({"type": "string", "example": "0.10"})
class RatioText(serializers.Field):
    """A ratio as a decimal string, at most four places; basis points inside."""

    default_error_messages = {
        "invalid": 'Must be a decimal string from "0" to "1" with at most four places.'
    }

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str) or not data.isascii() or len(data) > 12:
            self.fail("invalid")
        if not data.replace(".", "", 1).isdigit():
            self.fail("invalid")
        bps = Decimal(data) * BPS_ONE
        if bps != bps.to_integral_value() or bps > BPS_ONE:
            self.fail("invalid")
        return int(bps)

    def to_representation(self, value: int) -> str:
        return f"{Decimal(value) / BPS_ONE:f}"


class TargetRatios(serializers.Serializer):
    """Exact shares of the three tiers; their sum is one."""

    l1 = RatioText()
    l2 = RatioText()
    l3 = RatioText()


class PreviewRequest(serializers.Serializer):
    """What the plan is for; nothing means back to the targets."""

    target_ratios = TargetRatios(required=False)
    aim = serializers.ChoiceField([str(aim) for aim in AIMS], required=False)
    raise_amount = AmountField(
        required=False, help_text="With LIQUIDITY: this much cash beyond L1's target, base units."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "target_ratios" in attrs and ("aim" in attrs or "raise_amount" in attrs):
            raise serializers.ValidationError(
                {"target_ratios": ["Exact ratios are an aim of their own; give no other."]}
            )
        if "raise_amount" in attrs and attrs.get("aim") != AimKind.LIQUIDITY:
            raise serializers.ValidationError({"raise_amount": ["Only with the aim LIQUIDITY."]})
        return attrs

    def wanted(self) -> Aim:
        """The request as an aim; its arithmetic is checked by the planner."""
        ratios = self.validated_data.get("target_ratios")
        if ratios:
            return Aim(
                kind=AimKind.EXACT,
                target_bps={Tier.L1: ratios["l1"], Tier.L2: ratios["l2"], Tier.L3: ratios["l3"]},
            )
        return Aim(
            kind=AimKind(self.validated_data.get("aim", AimKind.TIERS)),
            raise_assets=self.validated_data.get("raise_amount", 0),
        )


class ExecuteRequest(serializers.Serializer):
    """Which preview to submit, and why."""

    plan_id = serializers.RegexField(
        r"^[1-9][0-9]{0,17}$",
        error_messages={"invalid": "Must be the planId of a preview."},
        help_text="The planId of POST /rebalance/preview.",
    )
    reason = serializers.CharField(required=False, default="", max_length=400)


class ReasonRequest(serializers.Serializer):
    """Why."""

    reason = serializers.CharField(max_length=400)
