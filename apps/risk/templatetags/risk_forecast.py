"""How a forecast looks: its advice as a word, and its band as the page's script draws it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import display
from apps.risk.queries.forecasts import ForecastView
from apps.risk.rules.figures import Advice
from apps.risk.rules.recommending import percent

register = template.Library()

ADVICE = {
    Advice.NONE: ("Nothing to do", "good"),
    Advice.MONITOR: ("Watch", "info"),
    Advice.PREPARE_LIQUIDITY: ("Prepare liquidity", "warn"),
    Advice.EMERGENCY: ("Raise liquidity now", "bad"),
}


@register.filter
def advice_mark(forecast: ForecastView) -> SafeString:
    """What a forecast recommends."""
    words, tone = ADVICE[Advice(forecast.advice)]
    return display.status_pill(words, tone)


@register.filter
def probability(share: Decimal) -> SafeString:
    """A probability as a percentage."""
    return format_html('<span class="num">{}</span>', percent(share))


@register.filter
def forecast_chart(forecast: ForecastView) -> dict[str, Any]:
    """The chart of a forecast, for ``json_script``: the band of liquidity from its beginning to its
    end, with what is due as bars on the same axis; each day's figures stand at its end. Whole USDT,
    rounded down."""
    begin = forecast.origin.isoformat()
    start = _whole(forecast.l1_assets + forecast.l2_assets)
    points = [{"at": begin, "value": start}]
    band = [{"at": begin, "low": start, "high": start}]
    bars, marks = [], []
    for day in forecast.days:
        at = _ends(day.date, forecast).isoformat()
        points.append({"at": at, "value": _whole(day.middle_assets)})
        band.append({"at": at, "low": _whole(day.low_assets), "high": _whole(day.high_assets)})
        if day.due_assets:
            bars.append({"at": at, "value": _whole(day.due_assets)})
        if day.opens_assets:
            marks.append({"at": at, "text": f"{_whole(day.opens_assets)} USDT mature or open"})
        if day.date == forecast.first_gap_day:
            marks.append({"at": at, "text": "5 % of the paths have run short by here"})
    return {
        "unit": "USDT",
        "name": "Middle",
        "smooth": True,
        "from": begin,
        "till": forecast.ends_at.isoformat(),
        "points": points,
        "band": {"name": "5 to 95 %:", "points": band},
        "bars": {"name": "Due that day:", "points": bars},
        "limits": [{"value": "0", "text": "nothing left", "tone": "bad"}],
        "marks": marks,
    }


def _ends(day: date, forecast: ForecastView) -> datetime:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    return min(midnight, forecast.ends_at)


def _whole(assets: int) -> str:
    return str(assets // 10**18)
