"""Forecasts as they were made, and how right they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, F, Q
from django.db.models.functions import Abs

from apps.risk.models import Forecast
from apps.risk.rules.figures import Advice, Horizon
from apps.risk.rules.forecast_inputs import Inputs, from_json
from apps.risk.rules.forecasting import Day

ACCURACY_DAYS = 180
"""Accuracy is told of forecasts that ended within so many days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastView:
    """One forecast; amounts are base units of USDT, outflows and inflows within the horizon.

    ``net_assets`` is inflow less outflow (negative when more leaves), of which 90 % of the paths
    lie in [``lower_net_assets``, ``upper_net_assets``]. ``origin`` is the block time it begins at.
    ``inside`` and ``outcome_net_assets`` are None until it has ended.
    """

    id: int
    horizon: Horizon
    made_at: datetime
    slot: datetime
    origin: datetime
    ends_at: datetime
    method: str
    history_days: int
    seed: int
    paths: int
    duration_ms: int
    l1_assets: int
    l2_assets: int
    available_assets: int
    confirmed_outflow_assets: int
    probable_outflow_assets: int
    outflow_assets: int
    inflow_assets: int
    net_assets: int
    projected_assets: int
    lower_net_assets: int
    upper_net_assets: int
    shortfall_probability: Decimal
    shortfall_assets: int
    first_gap_day: date | None
    days: tuple[Day, ...]
    advice: Advice
    advice_assets: int
    advice_reason: str
    outcome_net_assets: int | None
    outcome_at: datetime | None
    inside: bool | None
    inputs: Inputs

    @property
    def is_band(self) -> bool:
        """Whether there was too little history to draw from."""
        return self.method == Forecast.Method.UNIFORM


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyView:
    """How forecasts of a horizon that ended in the last 180 days compare with what came.

    Amounts are base units of USDT, None without any. ``bias_assets`` is the mean of forecast less
    outcome of the net flow: negative when more was left than forecast, which counting only half of
    the inflow makes likely. Forecasts of neighbouring hours share most of their days;
    ``apart`` is how many of them would fit one after another. ``below`` and ``above`` count
    outcomes outside the interval: below it, less was left than 95 % of the paths had.
    """

    horizon: Horizon
    count: int
    apart: int
    inside_share: Decimal | None
    below: int
    above: int
    mean_error_assets: int | None
    bias_assets: int | None
    since: datetime | None


def latest(horizon: Horizon | str) -> ForecastView | None:
    """The newest forecast of a horizon; None before the first."""
    found = history(horizon, 1)
    return found[0] if found else None


def history(horizon: Horizon | str, limit: int) -> list[ForecastView]:
    """The newest forecasts of a horizon, the newest first."""
    rows = Forecast.objects.filter(horizon=Horizon(horizon)).order_by("-slot")
    return [forecast_view(row) for row in rows[:limit]]


def ended(horizon: Horizon | str, limit: int) -> list[ForecastView]:
    """The newest forecasts of a horizon whose outcome is known, the newest first."""
    rows = Forecast.objects.filter(horizon=Horizon(horizon), outcome_at__isnull=False)
    return [forecast_view(row) for row in rows.order_by("-slot")[:limit]]


def accuracy(horizon: Horizon | str, *, at: datetime | None = None) -> AccuracyView:
    """How right forecasts of a horizon were; ``at`` limits it to those of the 180 days before."""
    horizon = Horizon(horizon)
    rows = Forecast.objects.filter(horizon=horizon, outcome_at__isnull=False)
    if at is not None:
        rows = rows.filter(outcome_at__gt=at - timedelta(days=ACCURACY_DAYS))
    error = F("net_flow_assets") - F("outcome_net_assets")
    sums = rows.order_by().aggregate(
        count=Count("pk"),
        inside=Count("pk", filter=Q(inside=True)),
        below=Count("pk", filter=Q(outcome_net_assets__lt=F("lower_net_assets"))),
        above=Count("pk", filter=Q(outcome_net_assets__gt=F("upper_net_assets"))),
        mean_error=Avg(Abs(error)),
        bias=Avg(error),
    )
    ends = list(rows.order_by("ends_at").values_list("ends_at", flat=True))
    count = sums["count"]
    return AccuracyView(
        horizon=horizon,
        count=count,
        apart=_apart(ends, timedelta(days=horizon.days)),
        inside_share=Decimal(sums["inside"]) / count if count else None,
        below=sums["below"],
        above=sums["above"],
        mean_error_assets=int(sums["mean_error"]) if count else None,
        bias_assets=int(sums["bias"]) if count else None,
        since=ends[0] - timedelta(days=horizon.days) if ends else None,
    )


def forecast_view(row: Forecast) -> ForecastView:
    """A forecast's row as a value."""
    horizon = Horizon(row.horizon)
    outcome = row.outcome_net_assets
    return ForecastView(
        id=row.pk,
        horizon=horizon,
        made_at=row.made_at,
        slot=row.slot,
        origin=row.ends_at - timedelta(days=horizon.days),
        ends_at=row.ends_at,
        method=row.method,
        history_days=row.history_days,
        seed=row.seed,
        paths=row.paths,
        duration_ms=row.duration_ms,
        l1_assets=row.l1_assets,
        l2_assets=row.l2_assets,
        available_assets=row.available_assets,
        confirmed_outflow_assets=row.confirmed_outflow_assets,
        probable_outflow_assets=row.probable_outflow_assets,
        outflow_assets=row.expected_outflow_assets,
        inflow_assets=row.expected_inflow_assets,
        net_assets=int(row.net_flow_assets),
        projected_assets=int(row.projected_assets),
        lower_net_assets=int(row.lower_net_assets),
        upper_net_assets=int(row.upper_net_assets),
        shortfall_probability=row.shortfall_probability,
        shortfall_assets=row.shortfall_assets,
        first_gap_day=row.first_gap_day,
        days=tuple(day_from_json(day) for day in row.days),
        advice=Advice(row.advice),
        advice_assets=row.advice_assets,
        advice_reason=row.advice_reason,
        outcome_net_assets=None if outcome is None else int(outcome),
        outcome_at=row.outcome_at,
        inside=row.inside,
        inputs=from_json(row.inputs),
    )


def day_as_json(day: Day) -> dict[str, str]:
    """A day as a forecast stores it; amounts are text."""
    return {
        "date": day.date.isoformat(),
        "due": str(day.due_assets),
        "probable": str(day.probable_assets),
        "inflow": str(day.inflow_assets),
        "opens": str(day.opens_assets),
        "low": str(day.low_assets),
        "middle": str(day.middle_assets),
        "high": str(day.high_assets),
        "short": str(day.short_share),
    }


def day_from_json(stored: Mapping[str, Any]) -> Day:
    """What :func:`day_as_json` made."""
    return Day(
        date=date.fromisoformat(stored["date"]),
        due_assets=int(stored["due"]),
        probable_assets=int(stored["probable"]),
        inflow_assets=int(stored["inflow"]),
        opens_assets=int(stored["opens"]),
        low_assets=int(stored["low"]),
        middle_assets=int(stored["middle"]),
        high_assets=int(stored["high"]),
        short_share=Decimal(stored["short"]),
    )


def _apart(ends: Sequence[datetime], span: timedelta) -> int:
    """How many of the spans that end then fit one after another."""
    count, free_at = 0, None
    for end in ends:
        if free_at is None or end - span >= free_at:
            count, free_at = count + 1, end
    return count
