"""Thousands of ways in which the coming days may go, drawn at once with NumPy.

Amounts are floats in units of ``Scale.unit`` base units here, and nowhere else: dividing by the
largest flow first keeps even a uint256 far from a float's limits, and ``Scale`` turns results back
into integers, once, in the direction its method names.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from .flows_history import DAYS_MIN, DayFlow, Floats, age_weights, weekday_factors
from .forecast_calendar import EMERGENCY_DAYS, STANDARD_DAYS, Calendar, Part
from .forecast_inputs import Due, Inputs

Indices = npt.NDArray[np.intp]

OUTFLOW_BAND = (0.8, 1.2)
INFLOW_BAND = (0.5, 1.5)
"""Of what is expected, so much is assumed to flow while there is too little history."""

_BELIEFS = 1_000
"""So many histories are drawn; some paths share one."""

_SINGLY_MAX = 64
"""So many of the largest requests that wait for approval are approved or refused each by itself;
of the others, however many, the expected part is paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Base units to floats and back."""

    unit: int

    @classmethod
    def of(cls, inputs: Inputs) -> "Scale":
        """By the largest flow; liquidity has no part in it, so that more of it changes no draw."""
        flows = [amount for flow in inputs.history for amount in _amounts(flow)]
        flows += [due.assets for due in inputs.due]
        return cls(unit=max([1, *flows]))

    def floats(self, amounts: Sequence[int]) -> Floats:
        """Exact integers as floats, each rounded correctly."""
        return np.array([amount / self.unit for amount in amounts], dtype=np.float64)

    def floor(self, value: float) -> int:
        """Base units, rounded down: what there is, or comes in."""
        return math.floor(Fraction(float(value)) * self.unit)

    def ceil(self, value: float) -> int:
        """Base units, rounded up: what is needed, or goes out."""
        return math.ceil(Fraction(float(value)) * self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """By path (row) and day of the calendar (column): what comes in, what is paid of requests that
    exist, and of requests to come. ``certain`` is what is paid on each day in every path, as exact
    base units and not part of ``confirmed``."""

    inflow: Floats
    confirmed: Floats
    probable: Floats
    certain: tuple[int, ...]


def bootstrapped(
    inputs: Inputs, calendar: Calendar, scale: Scale, rng: np.random.Generator, paths: int
) -> Flows:
    """Each day to come is some day of the history; its requests and its subscriptions stay
    together, and its requests are paid when their channel pays.

    Where the weekday to come is a quieter one, fewer of its days have flows at all, and where it is
    a livelier one, the flows are larger, each by the weekdays' factors.

    Each path happens at one hour of the day, so that of a day that lies in the horizon in part it
    has all or nothing: flows are few and large, and parts of them would look too even.
    """
    weights = age_weights(len(inputs.history))
    drawn = _drawn_days(weights, rng, paths, len(calendar.dates))
    hour, chance = rng.random((paths, 1)), rng.random(drawn.shape)
    past = np.array([flow.day.weekday() for flow in inputs.history])
    coming = np.array(calendar.weekdays())
    in_factors, out_factors = _factors(inputs.history, scale, weights)

    def times(factors: Floats) -> Floats:
        """What each drawn day's flows are multiplied by: nothing where they do not happen."""
        ratio = factors[coming] / factors[:, None]  # by the weekday drawn and the day to come
        of_draw = ratio[past][drawn, np.arange(len(coming))]
        return np.asarray(np.maximum(of_draw, 1.0) * (chance < of_draw))

    def drawn_from(amounts: Sequence[int]) -> Floats:
        return scale.floats(amounts)[drawn]

    asked = times(out_factors)
    subscribed = drawn_from([flow.subscribed for flow in inputs.history]) * times(in_factors)
    return Flows(
        inflow=subscribed * calendar.arriving().has(hour) * float(inputs.inflow_factor),
        confirmed=_if_approved(inputs, calendar, scale, rng, paths),
        probable=_paid(
            calendar,
            lambda part: part.has(hour),
            emergency=drawn_from([flow.emergency for flow in inputs.history]) * asked,
            standard=drawn_from([flow.standard for flow in inputs.history]) * asked,
            scheduled=drawn_from([flow.scheduled for flow in inputs.history]) * asked,
            windows=inputs.windows,
        ),
        certain=_certain(inputs.due, calendar),
    )


def in_uniform_band(
    inputs: Inputs, calendar: Calendar, scale: Scale, rng: np.random.Generator, paths: int
) -> Flows:
    """Flows as expected from what little history there is, times one factor for a whole path: 0.8
    to 1.2 for what goes out, confirmed or not, and 0.5 to 1.5 for what comes in."""
    weights = age_weights(len(inputs.history))
    days = np.ones((1, len(calendar.dates)))

    def channel(amounts: Sequence[int]) -> Floats:
        return np.asarray(days * float((scale.floats(amounts) * weights).sum()))

    inflow = channel([f.subscribed for f in inputs.history]) * calendar.arriving().share
    probable = _paid(
        calendar,
        lambda part: part.share,
        emergency=channel([f.emergency for f in inputs.history]),
        standard=channel([f.standard for f in inputs.history]),
        scheduled=channel([f.scheduled for f in inputs.history]),
        windows=inputs.windows,
    )
    confirmed = _expected(inputs.due, calendar, scale, float(inputs.approval_rate))
    out = rng.uniform(*OUTFLOW_BAND, size=(paths, 1))
    into = rng.uniform(*INFLOW_BAND, size=(paths, 1))
    return Flows(
        inflow=inflow * float(inputs.inflow_factor) * into,
        confirmed=confirmed * out,
        probable=probable * out,
        certain=(0,) * len(calendar.dates),
    )


def has_enough(history: Sequence[DayFlow]) -> bool:
    """Whether there are days enough to draw from."""
    return len(history) >= DAYS_MIN


def _amounts(flow: DayFlow) -> tuple[int, ...]:
    return (flow.emergency, flow.standard, flow.scheduled, flow.subscribed)


def _factors(history: Sequence[DayFlow], scale: Scale, weights: Floats) -> tuple[Floats, Floats]:
    """Weekday factors of subscriptions, and of requests of all channels together."""
    weekdays = np.array([flow.day.weekday() for flow in history])
    came = scale.floats([flow.subscribed for flow in history])
    asked = scale.floats([flow.requested for flow in history])
    return weekday_factors(came, weekdays, weights), weekday_factors(asked, weekdays, weights)


def _drawn_days(weights: Floats, rng: np.random.Generator, paths: int, days: int) -> Indices:
    """For each path and day to come the place of a day of the history, the later ones more often.

    Each path draws from a history that it believes in, itself drawn from the real one with as many
    days as that is worth by its weights: a mean that rests on few days is not known well, and the
    paths have to spread by that as well.
    """
    worth = max(round(1 / float((weights**2).sum())), 1)
    beliefs = min(paths, _BELIEFS)
    bounds = np.cumsum(weights)[:-1]
    believed = np.searchsorted(bounds, rng.random((beliefs, worth)), side="right")
    picked = rng.integers(worth, size=(paths, days))
    return np.asarray(believed[np.arange(paths)[:, None] % beliefs, picked])


def _paid(
    calendar: Calendar,
    weigh: Callable[[Part], Floats],
    *,
    emergency: Floats,
    standard: Floats,
    scheduled: Floats,
    windows: Sequence[datetime],
) -> Floats:
    """Requests by the day on which they are made, as payments on the days they fall due; ``weigh``
    says how much of a day's requests the part of it that counts has."""
    paid = np.zeros_like(emergency)
    for asked, days in ((emergency, EMERGENCY_DAYS), (standard, STANDARD_DAYS)):
        if days < paid.shape[1]:
            paid[:, days:] += (asked * weigh(calendar.paid_after(days)))[:, :-days]
    for place, part in calendar.paid_at(windows):
        paid[:, place] += (scheduled * weigh(part)).sum(axis=1)
    return paid


def _certain(dues: Sequence[Due], calendar: Calendar) -> tuple[int, ...]:
    """What is due on each day, exactly."""
    return tuple(
        sum(due.assets for due in dues if due.day == day and not due.waits)
        for day in calendar.dates
    )


def _if_approved(
    inputs: Inputs, calendar: Calendar, scale: Scale, rng: np.random.Generator, paths: int
) -> Floats:
    """What requests that wait for approval are paid where they get it."""
    waiting = sorted((d for d in inputs.due if d.waits), key=lambda d: (-d.assets, d.day))
    singly, others = waiting[:_SINGLY_MAX], waiting[_SINGLY_MAX:]
    rate = float(inputs.approval_rate)
    paid = np.repeat(_expected(others, calendar, scale, rate), paths, axis=0)
    approved = rng.random((paths, len(singly))) < rate
    for number, due in enumerate(singly):
        paid[:, calendar.dates.index(due.day)] += approved[:, number] * (due.assets / scale.unit)
    return paid


def _expected(dues: Sequence[Due], calendar: Calendar, scale: Scale, rate: float) -> Floats:
    """One row: what is paid on each day, where an approval counts by how often it is given."""
    row = np.zeros((1, len(calendar.dates)))
    for due in dues:
        likely = rate if due.waits else 1.0
        row[0, calendar.dates.index(due.day)] += due.assets / scale.unit * likely
    return row
