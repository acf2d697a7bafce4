"""The forecast: how much liquidity may be left, what is due, what to do, how right it was."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.core.admin import require, why_not
from apps.core.units import to_decimal
from apps.risk import queries
from apps.risk.queries.forecasts import ForecastView
from apps.risk.rules.figures import Horizon
from apps.risk.rules.flows_history import DAYS_MIN
from apps.risk.rules.recommending import percent
from apps.risk.templatetags.risk_forecast import ADVICE, forecast_chart

from .base import show, site

VIEW = "risk.view_forecast"
LATE = timedelta(hours=2)
ENDED_SHOWN = 8
TITLES = {
    Horizon.ONE_DAY: "Next day",
    Horizon.SEVEN_DAYS: "Next 7 days",
    Horizon.THIRTY_DAYS: "Next 30 days",
}


@require_safe
def forecast_page(request: HttpRequest) -> HttpResponse:
    """The newest forecasts, from rows alone."""
    require(request, VIEW)
    at = clock.now()
    asked = request.GET.get("horizon", Horizon.SEVEN_DAYS)
    chosen = Horizon(asked) if asked in set(Horizon) else Horizon.SEVEN_DAYS
    newest = {horizon: queries.forecasts.latest(horizon) for horizon in Horizon}
    forecast = newest[chosen]
    accuracy = queries.forecasts.accuracy(chosen, at=at)
    context: dict[str, Any] = {
        "at": at,
        "chosen": chosen,
        "chosen_title": TITLES[chosen],
        "cards": [_card(horizon, newest[horizon], chosen) for horizon in Horizon],
        "now": forecast,
        "late": forecast is not None and at - forecast.made_at > LATE,
        "accuracy": accuracy,
        "ended": queries.forecasts.ended(chosen, ENDED_SHOWN),
        "inside": None if accuracy.inside_share is None else percent(accuracy.inside_share),
        "days_min": DAYS_MIN,
        "why_not_preview": why_not(
            request, "rebalance.preview_plan", "Your role does not plan rebalancing."
        ),
    }
    if forecast is not None:
        words, tone = ADVICE[forecast.advice]
        context |= {
            "advice": words,
            "tone": tone,
            "probability": percent(forecast.shortfall_probability),
            "chart": forecast_chart(forecast),
            "raise_usdt": f"{to_decimal(forecast.advice_assets):f}",
            "approval_rate": percent(forecast.inputs.approval_rate),
            "inflow_factor": percent(forecast.inputs.inflow_factor),
            "days": [(day, percent(day.short_share)) for day in forecast.days],
            "waiting": [due for due in forecast.inputs.due if due.waits],
        }
    return show(request, "forecast", "Liquidity forecast", context)


def _card(horizon: Horizon, forecast: ForecastView | None, chosen: Horizon) -> dict[str, Any]:
    words, tone = ADVICE[forecast.advice] if forecast else ("", "neutral")
    return {
        "horizon": horizon.value,
        "title": TITLES[horizon],
        "active": horizon is chosen,
        "forecast": forecast,
        "advice": words,
        "tone": tone,
        "probability": percent(forecast.shortfall_probability) if forecast else "",
    }


site.add_page("risk/forecast/", forecast_page, "risk_forecast")
