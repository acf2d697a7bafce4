"""How much liquidity is likely to be left in a day, a week and a month, and whether it may run out.

- Confirmed outflow: open redemptions that settle within the horizon; one that waits for approval
  counts from its earliest possible settlement, by how often approvals are given.
- Probable outflow: requests to come, drawn from the last 90 days, as far as they are *paid* within
  the horizon: an emergency request a day after it is made, a standard one after seven, a scheduled
  one at its window. So nothing that is confirmed is counted a second time, and what is asked for
  tomorrow in the standard channel does not burden the week.
- Inflow: subscriptions to come, drawn in the same way, of which half is counted on.
- Available: L1 + L2, and L3 assets that mature or open within the horizon, from their day on.

A path is short when at the end of any day more has left than was there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from .figures import Horizon
from .flows_history import Floats
from .forecast_calendar import Calendar
from .forecast_inputs import Due, Inputs
from .forecast_paths import Flows, Scale, bootstrapped, has_enough, in_uniform_band
from .recommending import MONITOR_FROM, Recommendation, recommend

Booleans = npt.NDArray[np.bool_]

PATHS = 10_000
_LOW, _MIDDLE, _HIGH = 5, 50, 95


class Method(StrEnum):
    """How paths were drawn."""

    BOOTSTRAP = "BOOTSTRAP"
    UNIFORM = "UNIFORM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One UTC day of the horizon (the first and the last in part); base units of USDT.

    ``due_assets`` is confirmed outflow as expected, ``opens_assets`` what matures or opens. The
    bands are percentiles of the liquidity left at its end, negative when it is missing;
    ``short_share`` is the share of paths that have run short by then.
    """

    date: date
    due_assets: int
    probable_assets: int
    inflow_assets: int
    opens_assets: int
    low_assets: int
    middle_assets: int
    high_assets: int
    short_share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A forecast. Amounts are base units of USDT; outflows are rounded up and inflows down.

    ``low_net_assets`` … ``high_net_assets`` hold 90 % of the paths' net flows. ``shortfall_assets``
    is what is missing at the worst day, on average over the paths that run short.
    ``first_gap_day`` is the first by which 5 % of the paths have run short; None when none is.
    """

    method: Method
    seed: int
    paths: int
    confirmed_assets: int
    probable_assets: int
    inflow_assets: int
    available_assets: int
    low_net_assets: int
    high_net_assets: int
    shortfall_probability: Decimal
    shortfall_assets: int
    first_gap_day: date | None
    days: tuple[Day, ...]
    recommendation: Recommendation

    @property
    def outflow_assets(self) -> int:
        """Confirmed and probable."""
        return self.confirmed_assets + self.probable_assets

    @property
    def net_assets(self) -> int:
        """What is expected to come in less what is expected to go out."""
        return self.inflow_assets - self.outflow_assets

    @property
    def projected_assets(self) -> int:
        """Liquidity expected at the end."""
        return self.available_assets + self.net_assets


def forecast(inputs: Inputs, *, seed: int, paths: int = PATHS) -> Outlook:
    """The outlook of a horizon; the same inputs, seed and number of paths give the same one."""
    calendar = Calendar.over(inputs.origin, inputs.horizon.days)
    scale = Scale.of(inputs)
    rng = np.random.Generator(np.random.PCG64(seed))
    method = Method.BOOTSTRAP if has_enough(inputs.history) else Method.UNIFORM
    draw = bootstrapped if method is Method.BOOTSTRAP else in_uniform_band
    flows = draw(inputs, calendar, scale, rng, paths)

    # What differs from path to path; what does not is added as exact integers.
    gone = np.cumsum(flows.confirmed + flows.probable - flows.inflow, axis=1)
    certain, opened = list(accumulate(flows.certain)), _opened(inputs, calendar)
    fixed = [due - there for due, there in zip(certain, opened, strict=True)]
    # What must have been there at the beginning for the path not to be short by a day.
    needed = np.maximum.accumulate(gone + scale.floats(fixed), axis=1)
    liquid = inputs.liquid_assets / scale.unit
    short = needed > liquid
    worst = needed[:, -1]
    probability = _share(short[:, -1], paths)
    missing = _missing(worst, inputs, scale)
    low, high = np.percentile(-gone[:, -1], (_LOW, _HIGH))
    return Outlook(
        method=method,
        seed=seed,
        paths=paths,
        confirmed_assets=_confirmed_assets(inputs.due, inputs.approval_rate),
        probable_assets=scale.ceil(flows.probable.sum(axis=1).mean()),
        inflow_assets=scale.floor(flows.inflow.sum(axis=1).mean()),
        available_assets=inputs.liquid_assets + inputs.opening_assets,
        low_net_assets=scale.floor(low) - certain[-1],
        high_net_assets=scale.ceil(high) - certain[-1],
        shortfall_probability=probability,
        shortfall_assets=_shortfall(worst, short[:, -1], inputs, scale),
        first_gap_day=_first_gap(calendar, short, paths),
        days=_days(inputs, calendar, scale, flows, gone, fixed, short),
        recommendation=recommend(
            horizon=inputs.horizon, probability=probability, missing_assets=missing
        ),
    )


def seed_of(horizon: Horizon, number: int) -> int:
    """The seed of a horizon's forecast number ``number``: for instance the hour since 1970."""
    return number * len(Horizon) + tuple(Horizon).index(horizon)


def _opened(inputs: Inputs, calendar: Calendar) -> list[int]:
    """What has matured or opened by the end of each day."""
    return [sum(o.assets for o in inputs.openings if o.day <= day) for day in calendar.dates]


def _confirmed_assets(dues: Iterable[Due], rate: Decimal) -> int:
    """Confirmed outflow, exactly: what is due, and what waits times the approval rate, ceil."""
    certain = waiting = 0
    for due in dues:
        if due.waits:
            waiting += due.assets
        else:
            certain += due.assets
    numerator, denominator = rate.as_integer_ratio()
    return certain - (-waiting * numerator // denominator)


def _missing(worst: Floats, inputs: Inputs, scale: Scale) -> int:
    """What more liquidity would leave fewer than 5 % of the paths short, ceil."""
    allowed = int(MONITOR_FROM * len(worst) - Decimal("1e-9"))  # strictly fewer than 5 %
    enough = np.partition(worst, len(worst) - 1 - allowed)[len(worst) - 1 - allowed]
    return max(scale.ceil(enough) - inputs.liquid_assets, 0)


def _shortfall(worst: Floats, short: Booleans, inputs: Inputs, scale: Scale) -> int:
    if not short.any():
        return 0
    return max(scale.ceil(worst[short].mean()) - inputs.liquid_assets, 1)


def _first_gap(calendar: Calendar, short: Booleans, paths: int) -> date | None:
    for place, day in enumerate(calendar.dates):
        if _share(short[:, place], paths) >= MONITOR_FROM:
            return day
    return None


def _days(
    inputs: Inputs,
    calendar: Calendar,
    scale: Scale,
    flows: Flows,
    gone: Floats,
    fixed: list[int],
    short: Booleans,
) -> tuple[Day, ...]:
    bands = np.percentile(-gone, (_LOW, _MIDDLE, _HIGH), axis=0)
    probable, inflow = flows.probable.mean(axis=0), flows.inflow.mean(axis=0)
    found = []
    for place, day in enumerate(calendar.dates):
        there = inputs.liquid_assets - fixed[place]
        low, middle, high = (there + scale.floor(band[place]) for band in bands)
        due = (one for one in inputs.due if one.day == day)
        found.append(
            Day(
                date=day,
                due_assets=_confirmed_assets(due, inputs.approval_rate),
                probable_assets=scale.ceil(probable[place]),
                inflow_assets=scale.floor(inflow[place]),
                opens_assets=sum(one.assets for one in inputs.openings if one.day == day),
                low_assets=low,
                middle_assets=middle,
                high_assets=high,
                short_share=_share(short[:, place], len(short)),
            )
        )
    return tuple(found)


def _share(which: Booleans, paths: int) -> Decimal:
    return Decimal(int(which.sum())) / paths
