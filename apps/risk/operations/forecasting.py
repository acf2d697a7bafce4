"""Forecasts of liquidity, each hour and soon after what changes them; and what came of them."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.chain import queries as chain
from apps.core import bus
from apps.core.locks import transaction_lock
from apps.core.units import UINT256_MAX, format_amount
from apps.fund import queries as fund
from apps.redemptions import queries as redemptions
from apps.risk.events import ForecastMade
from apps.risk.models import Forecast
from apps.risk.queries.flows import net_flow_between
from apps.risk.queries.forecast_inputs import inputs_now
from apps.risk.queries.forecasts import day_as_json
from apps.risk.rules.figures import Advice, EventType, Horizon, Severity, Unit
from apps.risk.rules.forecast_inputs import Inputs, as_json
from apps.risk.rules.forecasting import Outlook, forecast, seed_of
from apps.risk.rules.recommending import EMERGENCY_FROM, PREPARE_FROM

from .raising import raise_event, settle_event

AGAIN_AFTER = timedelta(minutes=5)
"""New requests are in a forecast after so long at most, and make one no more often."""
MOVED_SHARE = 100
"""Liquidity that moved by more than this part of gross assets is news."""

_SEVERITIES = {
    Advice.PREPARE_LIQUIDITY: (Severity.WARNING, PREPARE_FROM),
    Advice.EMERGENCY: (Severity.CRITICAL, EMERGENCY_FROM),
}
_SIGNED_MAX = 10**77
_SCORED_AT_ONCE = 500


def make_forecasts(*, at: datetime) -> list[int]:
    """Make what is due: every horizon once for each full hour, and again when requests were made,
    decided or taken back since the newest forecast, or liquidity has become another; return the
    ids of what was made.

    Safe late, twice and at the same time: a slot has one forecast of each horizon. An hour in which
    nobody asked has none.

    Raises:
        FiguresTooOld: the fund was not read lately; ask again.
    """
    slot = _due_slot(at)
    if slot is None:
        return []
    inputs = inputs_now(at=at)
    outlooks: dict[Horizon, tuple[Outlook, int]] = {}
    for horizon, known in inputs.items():
        began = time.perf_counter()
        outlook = forecast(known, seed=seed_of(horizon, int(slot.timestamp()) // 60))
        outlooks[horizon] = (outlook, round((time.perf_counter() - began) * 1_000))
    return _keep(slot, inputs, outlooks, at=at)


def score_forecasts(*, at: datetime) -> int:
    """Write down what came of forecasts that have ended; return of how many.

    A forecast's outcome is the net flow of its span, from the block it began at (exclusive) to its
    end (inclusive) by block time: subscriptions less redemptions paid, net of fees. It is known
    once a final block is past the end and every final log is applied.
    """
    chain_id = chain.fund_chain().chain_id
    final = chain.final_block(chain_id)
    if final is None or not chain.is_applied(chain_id):
        return 0
    # Strictly past: another block may still have the very time of the end.
    ended = Forecast.objects.filter(outcome_at__isnull=True, ends_at__lt=final.time)
    ids = list(ended.order_by("ends_at").values_list("pk", flat=True)[:_SCORED_AT_ONCE])
    return sum(_score(forecast_id, at=at) for forecast_id in ids)


@transaction.atomic
def _keep(
    slot: datetime,
    inputs: Mapping[Horizon, Inputs],
    outlooks: Mapping[Horizon, tuple[Outlook, int]],
    *,
    at: datetime,
) -> list[int]:
    transaction_lock("risk:forecast")
    there = set(Forecast.objects.filter(slot=slot).values_list("horizon", flat=True))
    made = []
    for horizon, (outlook, duration_ms) in outlooks.items():
        if horizon.value in there:
            continue
        row = _row(slot, inputs[horizon], outlook, duration_ms, at=at)
        row.save(force_insert=True)
        made.append(row.pk)
        _tell(row, outlook, at=at)
    return made


def _due_slot(at: datetime) -> datetime | None:
    """The hour when it has no forecasts yet, else these five minutes when something is new."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    if Forecast.objects.filter(slot__gte=hour).values("horizon").distinct().count() < len(Horizon):
        return hour
    newest = Forecast.objects.order_by("-slot").first()
    if newest is None or at - newest.made_at < AGAIN_AFTER or not _is_behind(newest):
        return None
    minutes = AGAIN_AFTER // timedelta(minutes=1)
    return hour.replace(minute=at.minute // minutes * minutes)


def _is_behind(newest: Forecast) -> bool:
    """Whether the fund has been read since with requests that the forecast lacks, or with L1 + L2
    that differ from the forecast's by more than 1 % of gross assets."""
    overview = fund.latest_overview()
    if overview is None:
        return False
    moved = abs(overview.liquid_assets - newest.l1_assets - newest.l2_assets)
    if moved * MOVED_SHARE > overview.aum_assets:
        return True
    origin = newest.ends_at - timedelta(days=Horizon(newest.horizon).days)
    span = (origin, overview.block_at)
    news = redemptions.every().filter(
        Q(requested_at__gt=span[0], requested_at__lte=span[1])
        | Q(decided_at__gt=span[0], decided_at__lte=span[1])
        | Q(cancelled_at__gt=span[0], cancelled_at__lte=span[1]),
        chain_id=overview.chain_id,
    )
    return bool(news.order_by().exists())


def _row(
    slot: datetime, inputs: Inputs, outlook: Outlook, duration_ms: int, *, at: datetime
) -> Forecast:
    return Forecast(
        made_at=at,
        slot=slot,
        horizon=inputs.horizon.value,
        ends_at=inputs.origin + timedelta(days=inputs.horizon.days),
        method=outlook.method.value,
        history_days=len(inputs.history),
        seed=outlook.seed,
        paths=outlook.paths,
        inputs=as_json(inputs),
        duration_ms=duration_ms,
        l1_assets=inputs.l1_assets,
        l2_assets=inputs.l2_assets,
        available_assets=_unsigned(outlook.available_assets),
        confirmed_outflow_assets=_unsigned(outlook.confirmed_assets),
        probable_outflow_assets=_unsigned(outlook.probable_assets),
        expected_outflow_assets=_unsigned(outlook.outflow_assets),
        expected_inflow_assets=_unsigned(outlook.inflow_assets),
        net_flow_assets=_signed(outlook.net_assets),
        projected_assets=_signed(outlook.projected_assets),
        lower_net_assets=_signed(outlook.low_net_assets),
        upper_net_assets=_signed(outlook.high_net_assets),
        shortfall_probability=outlook.shortfall_probability,
        shortfall_assets=_unsigned(outlook.shortfall_assets),
        first_gap_day=outlook.first_gap_day,
        days=[day_as_json(day) for day in outlook.days],
        advice=outlook.recommendation.advice.value,
        advice_assets=_unsigned(outlook.recommendation.assets),
        advice_reason=outlook.recommendation.reason[:500],
    )


def _tell(row: Forecast, outlook: Outlook, *, at: datetime) -> None:
    """Open, change or settle the risk event of the horizon, and publish the forecast."""
    advice = outlook.recommendation.advice
    indicator = f"shortfall_{row.horizon}"
    if advice in _SEVERITIES:
        severity, threshold = _SEVERITIES[advice]
        raise_event(
            type=EventType.FORECAST,
            indicator=indicator,
            severity=severity,
            message=outlook.recommendation.reason,
            value=outlook.shortfall_probability,
            threshold=threshold,
            unit=Unit.SHARE.value,
            details=_details(outlook),
            at=at,
        )
    else:
        settle_event(
            type=EventType.FORECAST,
            indicator=indicator,
            resolution=outlook.recommendation.reason,
            at=at,
        )
    bus.publish(ForecastMade(forecast_id=row.pk, horizon=row.horizon, advice=advice.value, at=at))


def _details(outlook: Outlook) -> dict[str, str]:
    first = outlook.first_gap_day
    return {
        "To raise": _usdt(outlook.recommendation.assets),
        "Missing on average where it runs short": _usdt(outlook.shortfall_assets),
        "First day of a gap": f"{first:%Y-%m-%d} (UTC)" if first else "none",
        "Available": _usdt(outlook.available_assets),
        "Confirmed outflow": _usdt(outlook.confirmed_assets),
        "Probable outflow": _usdt(outlook.probable_assets),
        "Inflow counted on": _usdt(outlook.inflow_assets),
    }


@transaction.atomic
def _score(forecast_id: int, *, at: datetime) -> bool:
    """Write one outcome; False when it was written meanwhile."""
    row = Forecast.objects.select_for_update().get(pk=forecast_id)
    if row.outcome_at is not None:
        return False
    began = row.ends_at - timedelta(days=Horizon(row.horizon).days)
    outcome = _signed(net_flow_between(after=began, until=row.ends_at).net_assets)
    row.outcome_net_assets, row.outcome_at = outcome, at
    row.inside = row.lower_net_assets <= outcome <= row.upper_net_assets
    row.save(update_fields=["outcome_net_assets", "outcome_at", "inside"])
    return True


def _usdt(assets: int) -> str:
    return f"{format_amount(assets)} USDT"


def _unsigned(assets: int) -> int:
    """As a column keeps it: sums of absurd amounts stop at the largest uint256."""
    return min(assets, UINT256_MAX)


def _signed(assets: int) -> int:
    return max(-_SIGNED_MAX, min(assets, _SIGNED_MAX))
