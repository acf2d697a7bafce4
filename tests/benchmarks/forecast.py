"""How long a forecast takes, and how well its bands hold what they promise, on invented funds."""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal

from apps.risk.management.commands.backtest_forecast import table
from apps.risk.queries.backtesting import over_invented_history
from apps.risk.rules.figures import Horizon
from apps.risk.rules.forecast_inputs import INFLOW_FACTOR
from apps.risk.rules.forecasting import PATHS, forecast
from apps.risk.rules.synthetic import BEGINS, invented
from tests.benchmarks.report import Report, spread

FORECASTS = 200
_SECONDS_MAX = 0.2
_STORIES = 4
_PATHS_OF_A_CALIBRATION = 2_000


def run(report: Report) -> None:
    """Forecast each horizon many times, then compare with what came."""
    stories = [invented(seed) for seed in range(_STORIES)]
    for horizon in Horizon:
        seconds, by_processor = [], []
        for number in range(FORECASTS):
            origin = BEGINS + timedelta(days=150 + number % 180, hours=number % 24)
            inputs = stories[number % _STORIES].inputs_at(origin, horizon, liquid_assets=10**24)
            began, spent = time.perf_counter(), time.process_time()
            forecast(inputs, seed=number)
            seconds.append(time.perf_counter() - began)
            by_processor.append(time.process_time() - spent)
        case = f"{horizon.value}, {PATHS:,} paths"
        report.spread("forecast", case, seconds, p99_seconds_max=_SECONDS_MAX)
        report.add("forecast, processor time", case, spread(by_processor))
    for factor in (INFLOW_FACTOR, Decimal(1)):
        rows = over_invented_history(seed=1, paths=_PATHS_OF_A_CALIBRATION, inflow_factor=factor)
        report.console.say(f"        inflow × {factor}\n{table(rows)}")
        for row in rows:
            report.add(
                "outcomes in the 5–95 % band",
                f"{row.horizon.value}, inflow × {factor}",
                f"{row.inside_share * 100:.1f} % of {row.count}, {row.below} below",
            )
