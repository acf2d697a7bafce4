"""How a forecast of liquidity and an indicator's past look over REST; amounts in base units."""

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from apps.core.api import AmountField
from apps.risk.models import Forecast
from apps.risk.queries.forecasts import ForecastView
from apps.risk.rules.figures import Advice, Horizon, Status

from .figures import FigureField, one_of


@extend_schema_field(
    inline_serializer(
        "CurrentLiquidity",
        {name: AmountField() for name in ("L1", "L2", "available")},
    )
)
class LiquidityField(serializers.Field):
    """What there is: the tiers by name, and what matures or opens in time as well."""

    def to_representation(self, value: ForecastView) -> dict[str, str]:
        return {
            "L1": str(value.l1_assets),
            "L2": str(value.l2_assets),
            "available": str(value.available_assets),
        }


class ForecastFlows(serializers.Serializer):
    """What is expected within the horizon, USDT base units."""

    expected_inflow = AmountField(source="inflow_assets")
    expected_outflow = AmountField(source="outflow_assets")
    confirmed_outflow = AmountField(source="confirmed_outflow_assets")
    probabilistic_outflow = AmountField(source="probable_outflow_assets")
    net_flow = AmountField(source="net_assets", help_text="Negative when more leaves than comes.")
    projected_balance = AmountField(
        source="projected_assets", help_text="Liquidity left at the end."
    )


class ForecastInterval(serializers.Serializer):
    """Nine in ten paths have a net flow in between."""

    lower = AmountField(source="lower_net_assets")
    upper = AmountField(source="upper_net_assets")


class ForecastShortfall(serializers.Serializer):
    """How likely it is that liquidity runs out."""

    shortfall_probability = FigureField()
    shortfall_amount = AmountField(
        source="shortfall_assets", help_text="Expected, over the paths that fall short."
    )
    confidence_interval = ForecastInterval(source="*")
    first_gap_day = serializers.DateField(allow_null=True)


class ForecastRecommendation(serializers.Serializer):
    """What to do, how much of it, and why."""

    action = serializers.CharField(help_text=one_of(Advice), source="advice")
    amount = AmountField(source="advice_assets")
    reason = serializers.CharField(source="advice_reason")


class ForecastDay(serializers.Serializer):
    """Liquidity at the end of a day: the 5th, 50th and 95th percentile of the paths."""

    date = serializers.DateField()
    low = AmountField(source="low_assets")
    middle = AmountField(source="middle_assets")
    high = AmountField(source="high_assets")


class ForecastResult(serializers.Serializer):
    """The newest forecast of a horizon. ``method`` UNIFORM: there is too little history yet."""

    horizon = serializers.CharField(help_text=one_of(Horizon))
    current_liquidity = LiquidityField(source="*")
    forecast = ForecastFlows(source="*")
    risk = ForecastShortfall(source="*")
    recommendation = ForecastRecommendation(source="*")
    method = serializers.CharField(help_text=one_of(Forecast.Method.values))
    history_days = serializers.IntegerField()
    paths = serializers.IntegerField()
    days = ForecastDay(many=True)
    ends_at = serializers.DateTimeField()
    generated_at = serializers.DateTimeField(source="made_at")


class MetricPointRow(serializers.Serializer):
    """An indicator in one run."""

    timestamp = serializers.DateTimeField(source="at")
    value = FigureField(allow_null=True)
    status = serializers.CharField(help_text=one_of(Status))


class MetricHistory(serializers.Serializer):
    """An indicator's past. Of a long time the lowest, highest and gravest runs are kept."""

    indicator = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.CharField()
    warning_threshold = FigureField(help_text="In force now.")
    critical_threshold = FigureField(help_text="In force now.")
    start_date = serializers.DateTimeField()
    end_date = serializers.DateTimeField()
    points = MetricPointRow(many=True)
