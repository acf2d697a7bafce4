"""How the fund looks over REST: base units as strings of digits, human figures as decimals."""

from datetime import UTC
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import Any

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from apps.core.api import AmountField
from apps.core.units import to_decimal
from apps.fund.api.many_rows import ManyRows

_DECIMALS = 18
_DIGITS = 120


@extend_schema_field({"type": "string", "example": "12345678.00", "nullable": True})
class HumanField(serializers.Field):
    """Base units of 18 decimals as a decimal string, rounded down to ``places``."""

    def __init__(self, *, places: int = 2, **kwargs: Any) -> None:
        self.places = places
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: int) -> str:
        # By integers: a year of hours is ten thousand of them. No amount is below zero.
        whole, rest = divmod(value // 10 ** (_DECIMALS - self.places), 10**self.places)
        return f"{whole}.{rest:0{self.places}d}"


@extend_schema_field({"type": "string", "example": "0.1025", "nullable": True})
class BpsRatioField(serializers.Field):
    """Basis points as a ratio."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: int) -> str:
        return floor_text(to_decimal(value, 4), 4)


@extend_schema_field({"type": "string", "example": "-0.001234", "nullable": True})
class RatioField(serializers.Field):
    """A ratio to six places, towards minus infinity."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Decimal) -> str:
        return floor_text(value, 6)


def floor_text(value: Decimal, places: int) -> str:
    """A decimal in plain digits with exactly ``places`` of them behind the point."""
    with localcontext() as context:
        context.prec = _DIGITS
        return f"{value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_FLOOR):f}"


class Layer(serializers.Serializer):
    """A tier: value, its ratio of AUM, and the band the contract sets."""

    value = HumanField(source="value_assets")
    ratio = BpsRatioField(source="ratio_bps")
    target = BpsRatioField(source="target_bps")
    min = BpsRatioField(source="min_bps")
    max = BpsRatioField(source="max_bps")
    within_band = serializers.BooleanField(source="is_within_band", allow_null=True)


@extend_schema_field(
    inline_serializer("Layers", {name: Layer(required=False) for name in ("L1", "L2", "L3")})
)
class LayersField(serializers.Field):
    """Tiers by name."""

    def to_representation(self, value: Any) -> dict[str, Any]:
        return {tier.tier: Layer(tier).data for tier in value}


class Aged(serializers.Serializer):
    """Figures of an overview, and how old they are by ``context["at"]``."""

    age_seconds = serializers.SerializerMethodField(help_text="Since we read it; whole seconds")

    def get_age_seconds(self, overview: Any) -> int:
        """How long ago the figures were read."""
        return max(int((self.context["at"] - overview.taken_at).total_seconds()), 0)


class Overview(Aged):
    """The fund at one block. Amounts are base units, ``nav`` and ``aum`` human figures."""

    total_assets = AmountField()
    total_supply = AmountField()
    share_price = AmountField(source="nav_per_share")
    nav = HumanField(source="nav_per_share", places=6)
    aum = HumanField(source="aum_assets")
    aum_assets = AmountField()
    layer1_liquidity = AmountField(source="l1_assets")
    layer2_liquidity = AmountField(source="l2_assets")
    layer3_value = AmountField(source="l3_assets")
    total_redemption_liability = AmountField(source="liability_assets")
    total_locked_shares = AmountField(source="locked_shares")
    effective_supply = AmountField(allow_null=True)
    available_liquidity = AmountField(source="available_assets", allow_null=True)
    emergency_mode = serializers.BooleanField()
    paused = serializers.BooleanField(allow_null=True)
    holders = serializers.IntegerField()
    layers = LayersField(source="tiers")
    block_number = serializers.IntegerField()
    block_hash = serializers.CharField()
    last_updated = serializers.DateTimeField(source="block_at", help_text="The block's time")
    taken_at = serializers.DateTimeField(help_text="When we read it")


class NavPoint(serializers.Serializer):
    """NAV per share at an instant; an event tells no totals."""

    class Meta:
        list_serializer_class = ManyRows

    # Named here, else the current time zone is asked for each of ten thousand rows.
    timestamp = serializers.DateTimeField(source="at", default_timezone=UTC)
    nav = HumanField(source="nav_per_share", places=6)
    share_price = AmountField(source="nav_per_share")
    total_assets = AmountField(allow_null=True)
    aum = HumanField(source="aum_assets")
    block_number = serializers.IntegerField()
    origin = serializers.ChoiceField(["snapshot", "event"], source="source")


class Gap(serializers.Serializer):
    """An instant for which nobody can say how the fund stood."""

    kind = serializers.ChoiceField(["HOURLY", "DAILY"])
    timestamp = serializers.DateTimeField(source="slot")
    reason = serializers.CharField()


class Performance(serializers.Serializer):
    """Ratios (0.05 = 5 %) as of the newest point; null is unknown."""

    as_of = serializers.DateTimeField(allow_null=True)
    change24h = RatioField(source="change_24h")
    change7d = RatioField(source="change_7d")
    change30d = RatioField(source="change_30d")
    change_since_inception = RatioField()
    inception = serializers.DateTimeField(source="inception_at", allow_null=True)
    max_drawdown = RatioField()
    annualised_return = RatioField()
    annualised_volatility = RatioField()


class NavHistory(serializers.Serializer):
    """The last point of each interval, oldest first; intervals without one are absent."""

    interval = serializers.ChoiceField(["hourly", "daily", "weekly"])
    start_date = serializers.DateTimeField()
    end_date = serializers.DateTimeField()
    points = NavPoint(many=True)
    gaps = Gap(many=True)
    performance = Performance()


class Liquidity(Aged):
    """Tiers against their bands, and what L1 is made of."""

    layers = LayersField(source="tiers")
    aum = HumanField(source="aum_assets")
    layer1_cash = AmountField(source="l1_cash_assets", allow_null=True)
    layer1_yield = AmountField(source="l1_yield_assets", allow_null=True)
    available_liquidity = AmountField(source="available_assets", allow_null=True)
    total_redemption_liability = AmountField(source="liability_assets")
    buffer = AmountField(source="buffer_assets", allow_null=True)
    buffer_target = AmountField(source="buffer_target_assets", allow_null=True)
    block_number = serializers.IntegerField()
    last_updated = serializers.DateTimeField(source="block_at", help_text="The block's time")
    taken_at = serializers.DateTimeField(help_text="When we read it")


@extend_schema_field({"type": "string", "enum": ["OTC", "SWAP", "AUTO"], "nullable": True})
class MethodField(serializers.Field):
    """How an asset is bought."""

    NAMES = ("OTC", "SWAP", "AUTO")

    def to_representation(self, value: int) -> str:
        return self.NAMES[value] if value < len(self.NAMES) else str(value)


class Asset(serializers.Serializer):
    """An asset of the register; ``balance`` in token units of ``decimals``, ``price`` per token."""

    token_address = serializers.CharField(source="token")
    symbol = serializers.CharField()
    name = serializers.CharField()
    decimals = serializers.IntegerField()
    tier = serializers.ChoiceField(["L1", "L2", "L3"])
    is_active = serializers.BooleanField(source="active", allow_null=True)
    balance = AmountField(allow_null=True)
    price = HumanField(source="price_assets", places=6)
    value = HumanField(source="value_assets")
    value_assets = AmountField(allow_null=True)
    weight = BpsRatioField(source="weight_bps")
    target = BpsRatioField(source="target_bps", help_text="Of its tier")
    target_weight = BpsRatioField(source="target_whole_bps", help_text="Of all assets")
    change24h = RatioField(source="change_24h")
    purchase_method = MethodField()
    max_slippage = BpsRatioField(source="max_slippage_bps")
    min_purchase = HumanField(source="min_purchase_assets")
    subscription_start = serializers.DateTimeField(source="subscription_starts_at", allow_null=True)
    subscription_end = serializers.DateTimeField(source="subscription_ends_at", allow_null=True)
    issuer = serializers.CharField(help_text="Empty until people name one.")
    matures_at = serializers.DateTimeField(allow_null=True)
    last_updated = serializers.DateTimeField(source="as_of", allow_null=True)


class FeeTotals(serializers.Serializer):
    """One kind of fee in the period, base units; ``pending`` is as of now, null is unknown.

    Paying management and performance fees emits no event: ``withdrawn`` is there what of the
    period's accruals was paid, the oldest first, and ``withdrawals`` is null; ``withdrawn_by`` says
    whether events, the contract (all that accrued less what it says is unpaid) or the vault's cash
    (what left it and no event tells of) say so.
    """

    accrued = AmountField(source="accrued_assets")
    accruals = serializers.IntegerField()
    withdrawn = AmountField(source="withdrawn_assets", allow_null=True)
    withdrawals = serializers.IntegerField(allow_null=True)
    withdrawn_by = serializers.ChoiceField(["EVENTS", "CONTRACT", "CASH"], allow_null=True)
    pending = AmountField(source="pending_assets", allow_null=True)
    rate = BpsRatioField(source="rate_bps")


class FeeEntry(serializers.Serializer):
    """A line of the ledger."""

    class Meta:
        list_serializer_class = ManyRows

    timestamp = serializers.DateTimeField(source="at", default_timezone=UTC)
    kind = serializers.CharField()
    direction = serializers.CharField()
    amount = AmountField(source="assets")
    recipient = serializers.CharField()
    block_number = serializers.IntegerField()
    tx_hash = serializers.CharField()


class Fees(serializers.Serializer):
    """Fees of a period."""

    start_date = serializers.DateTimeField()
    end_date = serializers.DateTimeField()
    management = FeeTotals()
    performance = FeeTotals()
    redemption = FeeTotals()
    unpaid = AmountField(
        allow_null=True,
        help_text="Management and performance fees taken and waiting for cash, as the contract "
        "says; null where it does not.",
    )
    last_updated = serializers.DateTimeField(
        allow_null=True, help_text="The block's time of what is pending, withdrawn and unpaid"
    )
    entries = FeeEntry(many=True)


class Holder(serializers.Serializer):
    """An account; ``value`` = balance x NAV per share, ``share`` of the supply."""

    address = serializers.CharField()
    balance = AmountField(source="balance_shares")
    locked = AmountField(source="locked_shares")
    pending = AmountField(source="pending_shares", help_text="Wait for approval of a redemption")
    value = HumanField(source="value_assets")
    share = BpsRatioField(source="supply_bps")
    valued_at = serializers.DateTimeField(
        source="as_of", allow_null=True, help_text="The block's time of value and share"
    )
    first_activity = serializers.DateTimeField(source="first_activity_at")
    last_activity = serializers.DateTimeField(source="last_activity_at")
