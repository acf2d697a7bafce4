"""GET /risk/status, /risk/liquidity-forecast, /risk/metrics/history: one query and its shape."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import clock
from apps.core.api import HasPerm
from apps.core.errors import Unavailable
from apps.risk import queries
from apps.risk.rules.specs import SPECS

from . import forecast, params, schema
from .status import RiskStatus, status_now


class NoForecastYet(Unavailable):
    """None has been made since this system was started for the first time."""


class StatusView(APIView):
    """GET /risk/status."""

    permission_classes = [HasPerm("risk.view_assessment")]

    @extend_schema(
        tags=["risk"],
        summary="How the fund stands: level, score and every indicator",
        description="As judged last. What is not known is UNKNOWN, never NORMAL.",
        responses={200: RiskStatus, **schema.READ},
        examples=[
            OpenApiExample("L1 is short", value=schema.STATUS, response_only=True),
            OpenApiExample("not judged yet", value=schema.STATUS_UNKNOWN, response_only=True),
        ],
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """The level and what it follows from."""
        return Response(RiskStatus(status_now(at=clock.now())).data)


class ForecastView(APIView):
    """GET /risk/liquidity-forecast."""

    permission_classes = [HasPerm("risk.view_forecast")]

    @extend_schema(
        tags=["risk"],
        summary="What leaves and comes, and whether liquidity suffices",
        description="Made every hour. Amounts are base units of USDT.",
        parameters=params.FORECAST,
        responses={200: forecast.ForecastResult, **schema.FORECAST_READ},
        examples=[OpenApiExample("seven days", value=schema.FORECAST, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """The newest forecast of a horizon."""
        horizon = params.horizon_asked(request)
        newest = queries.forecasts.latest(horizon)
        if newest is None:
            raise NoForecastYet(f"No forecast of {horizon} has been made yet. Try again later.")
        return Response(forecast.ForecastResult(newest).data)


class HistoryView(APIView):
    """GET /risk/metrics/history."""

    permission_classes = [HasPerm("risk.view_reading")]

    @extend_schema(
        tags=["risk"],
        summary="An indicator through time",
        description="At most 500 points; the last seven days unless a period is given.",
        parameters=params.HISTORY,
        responses={200: forecast.MetricHistory, **schema.LISTED},
        examples=[OpenApiExample("L1", value=schema.HISTORY, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Its runs, oldest first."""
        at = clock.now()
        indicator, start, end = params.history_asked(request, at=at)
        threshold = queries.policy(at=at)[1].thresholds[indicator]
        spec = SPECS[indicator]
        return Response(
            forecast.MetricHistory(
                {
                    "indicator": indicator.value,
                    "title": spec.title,
                    "unit": spec.unit.value,
                    "warning_threshold": threshold.warning,
                    "critical_threshold": threshold.critical,
                    "start_date": start,
                    "end_date": end,
                    "points": queries.metrics_history(indicator=indicator, start=start, end=end),
                }
            ).data
        )
