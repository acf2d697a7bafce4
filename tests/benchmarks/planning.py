"""How long a plan takes: generated funds in disorder, of three and of fifty assets.

Rules, optimiser and all rounding together, in this process; the processor's time beside the wall's,
since a busy machine distorts the latter.
"""

from __future__ import annotations

import time

from apps.rebalance.rules.figures import Blueprint, Parameters, Planner
from apps.rebalance.rules.planning import plan
from tests.benchmarks.report import Report, spread
from tests.rebalance.rules.situations import generated

PLANS = 300
ASSETS = (3, 10, 50)
_SECONDS_MAX = 0.1


def run(report: Report) -> None:
    """Plan for many funds of each size, and tell how often the optimiser was better."""
    for assets in ASSETS:
        by_wall, by_processor = [], []
        better = plans = 0
        for seed in range(PLANS):
            situation, aim = generated(seed, assets)
            wall, processor = time.perf_counter(), time.process_time()
            made = plan(situation, Parameters(), aim)
            # Where there is nothing to do the answer comes at once, and would only flatter.
            if isinstance(made, Blueprint):
                by_wall.append(time.perf_counter() - wall)
                by_processor.append(time.process_time() - processor)
                plans += 1
                better += made.planner is Planner.OPTIMISER
        case = f"{assets} assets"
        report.spread("plan", case, by_wall, p99_seconds_max=_SECONDS_MAX)
        report.add("plan, processor time", case, spread(by_processor))
        report.add("plans of the optimiser", case, f"{better} of {plans}")
