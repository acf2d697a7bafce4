"""What was asked for and what came in, day by day, and how much each of those days says about the
days to come. Amounts are base units of USDT; NumPy's floats are weights and factors, never money.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DAYS_MAX = 90
DAYS_MIN = 30
"""With fewer days a weekday has been seen three times or less: nothing is bootstrapped then."""
HALF_LIFE_DAYS = 45
"""A day so much older counts half."""

_PRIOR_DAYS = 4.0
"""A weekday's own mean is trusted like one that was seen on so many ordinary days besides."""
_FACTOR_MIN, _FACTOR_MAX = 1 / 4, 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFlow:
    """One whole UTC day: what holders asked to be paid, by channel (net of the estimated fee; what
    was refused or taken back is left out), and what they subscribed."""

    day: date
    emergency: int = 0
    standard: int = 0
    scheduled: int = 0
    subscribed: int = 0

    @property
    def requested(self) -> int:
        """All channels together."""
        return self.emergency + self.standard + self.scheduled


def whole_days(
    known: Mapping[date, DayFlow], *, began: date | None, today: date
) -> tuple[DayFlow, ...]:
    """The days before ``today``, at most ``DAYS_MAX``, oldest first and none missing.

    A day on which nothing moved is a day of nothing. The day on which the fund began and those
    before it are left out: it was not there the whole day, so they say nothing about its flows.
    """
    if began is None:
        return ()
    first = max(began + timedelta(days=1), today - timedelta(days=DAYS_MAX))
    count = max((today - first).days, 0)
    days = (first + timedelta(days=number) for number in range(count))
    return tuple(known.get(day) or DayFlow(day=day) for day in days)


def age_weights(count: int) -> Floats:
    """How much each of ``count`` days counts, oldest first; they sum to one."""
    ages = np.arange(count, 0, -1, dtype=np.float64)
    weights = np.exp2(-ages / HALF_LIFE_DAYS)
    return np.asarray(weights / weights.sum()) if count else weights


def weekday_factors(amounts: Floats, weekdays: npt.NDArray[Any], weights: Floats) -> Floats:
    """How far each weekday (Monday first) lies above or below an average day.

    A weekday's mean is drawn towards the average by ``_PRIOR_DAYS`` ordinary days, so that few days
    cannot make a factor of nothing or of many times; an all-quiet history has factors of one.
    """
    factors = np.ones(7)
    mean = float((amounts * weights).sum())
    if mean <= 0:
        return factors
    for weekday in range(7):
        mine = weekdays == weekday
        seen, weight = int(mine.sum()), float(weights[mine].sum())
        if seen and weight > 0:
            own = float((amounts[mine] * weights[mine]).sum()) / weight / mean
            factors[weekday] = (seen * own + _PRIOR_DAYS) / (seen + _PRIOR_DAYS)
    return np.clip(factors, _FACTOR_MIN, _FACTOR_MAX)
