"""Forecasts made again as of past days, by what was known then, and what came of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from apps.chain import queries as chain
from apps.fund import queries as fund
from apps.risk.rules.calibrating import Calibration, Outcome, calibrate
from apps.risk.rules.figures import Horizon
from apps.risk.rules.flows_history import DAYS_MIN
from apps.risk.rules.forecast_inputs import Inputs
from apps.risk.rules.forecasting import forecast
from apps.risk.rules.synthetic import BEGINS, invented

from .flows import net_flow_between
from .forecast_inputs import inputs_at

STORIES = 8
STORY_DAYS = 330
_HISTORY_FIRST = 120
_STEP_DAYS = 5
_PLENTY = 10**30
"""Liquidity plays no part in flows."""


def over_stored_history(*, days: int, paths: int, inflow_factor: Decimal) -> list[Calibration]:
    """Each horizon over the last days of the fund's history, one forecast for each 00:00 UTC.

    A day counts where 30 whole days were known before it and its horizon has ended in what is final
    and applied.
    """
    chain_id = chain.fund_chain().chain_id
    began, final = fund.inception(chain_id=chain_id), chain.final_block(chain_id)
    if began is None or final is None or not chain.is_applied(chain_id):
        return []
    midnight = _midnight(final.time)
    # The day it began on does not count as a whole one.
    known_from = _midnight(began) + timedelta(days=DAYS_MIN + 1)
    first = max(midnight - timedelta(days=days), known_from)
    found: dict[Horizon, list[Outcome]] = {horizon: [] for horizon in Horizon}
    origin = midnight - timedelta(days=1)
    while origin >= first:
        over = [one for one in Horizon if origin + timedelta(days=one.days) < final.time]
        known = inputs_at(
            chain_id=chain_id, origin=origin, l1_assets=_PLENTY, l2_assets=0, horizons=over
        )
        for horizon, inputs in known.items():
            ends_at = origin + timedelta(days=horizon.days)
            came = net_flow_between(after=origin, until=ends_at).net_assets
            found[horizon].append(_outcome(inputs, came, paths, inflow_factor))
        origin -= timedelta(days=1)
    return _calibrations(found)


def over_invented_history(*, seed: int, paths: int, inflow_factor: Decimal) -> list[Calibration]:
    """The same over several invented funds of most of a year, where all that follows is known; each
    span is compared once, or for the shorter ones every fifth day."""
    found: dict[Horizon, list[Outcome]] = {horizon: [] for horizon in Horizon}
    for number in range(STORIES):
        story = invented(seed * STORIES + number, days=STORY_DAYS)
        for horizon in Horizon:
            for origin in _origins(horizon):
                inputs = story.inputs_at(origin, horizon, liquid_assets=_PLENTY)
                ends_at = origin + timedelta(days=horizon.days)
                came = story.net_flow(after=origin, until=ends_at)
                found[horizon].append(_outcome(inputs, came, paths, inflow_factor))
    return _calibrations(found)


def _midnight(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _origins(horizon: Horizon) -> Iterator[datetime]:
    last = STORY_DAYS - horizon.days
    for day in range(_HISTORY_FIRST, last, max(horizon.days, _STEP_DAYS)):
        # Not always at the same hour: horizons begin and end within days.
        yield BEGINS + timedelta(days=day, hours=day * 5 % 24)


def _outcome(inputs: Inputs, came: int, paths: int, inflow_factor: Decimal) -> Outcome:
    seed = int(inputs.origin.timestamp())
    made = forecast(replace(inputs, inflow_factor=inflow_factor), seed=seed, paths=paths)
    return Outcome(
        net_assets=made.net_assets,
        low_net_assets=made.low_net_assets,
        high_net_assets=made.high_net_assets,
        came_assets=came,
    )


def _calibrations(found: dict[Horizon, list[Outcome]]) -> list[Calibration]:
    all_of = (calibrate(horizon, outcomes) for horizon, outcomes in found.items())
    return [one for one in all_of if one is not None]
