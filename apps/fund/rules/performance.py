"""How NAV per share has done: change, drawdown, annualised return and volatility.

Exact to the context's 50 digits; whoever shows a figure rounds it. What cannot be said (too few
points, too short a time, a NAV of zero) is None, never zero. Nothing is interpolated: a gap makes
one longer step.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal, localcontext
from itertools import pairwise
from typing import TypeVar

YEAR_SECONDS = Decimal(365 * 86_400)
ANNUAL_RETURN_SPAN_MIN = timedelta(days=7)
"""Shorter histories are not extrapolated to a year."""
ANNUAL_RETURN_MAX = Decimal(10**6)
"""A yearly rate beyond a million times says only that the history is too short."""
VOLATILITY_STEPS_MIN = 7
"""Fewer returns say nothing about their spread."""

_CONTEXT = Context(prec=50)


@dataclass(frozen=True, slots=True, order=True)
class NavAt:
    """NAV per share (18-decimals fixed point) at an instant."""

    at: datetime
    nav_per_share: int


Item = TypeVar("Item")


def change(before: int | None, after: int | None) -> Decimal | None:
    """The relative change, ``0.05`` for +5 %; None when either is unknown or ``before`` is zero."""
    if before is None or after is None or before == 0:
        return None
    with localcontext(_CONTEXT):
        return Decimal(after) / Decimal(before) - 1


def value_at(series: Sequence[NavAt], instant: datetime) -> NavAt | None:
    """The last point not after ``instant``; ``series`` ascends. None when it begins later."""
    index = bisect_right(series, instant, key=lambda point: point.at)
    return series[index - 1] if index else None


def change_over(
    series: Sequence[NavAt], *, span: timedelta, tolerance: timedelta
) -> Decimal | None:
    """The change from ``span`` before the last point to the last point.

    None when the last point not after that instant is more than ``tolerance`` older: with a gap
    there, the figure would be of another interval.
    """
    if not series:
        return None
    start = series[-1].at - span
    before = value_at(series, start)
    if before is None or start - before.at > tolerance:
        return None
    return change(before.nav_per_share, series[-1].nav_per_share)


def max_drawdown(series: Iterable[NavAt]) -> Decimal | None:
    """The deepest fall from an earlier peak, ``0.1`` for 10 %; None for an empty series."""
    peak: int | None = None
    deepest = Decimal(0)
    with localcontext(_CONTEXT):
        for point in series:
            if peak is None or point.nav_per_share > peak:
                peak = point.nav_per_share
            if peak:
                deepest = max(deepest, 1 - Decimal(point.nav_per_share) / peak)
    return None if peak is None else deepest


def annualised_return(series: Sequence[NavAt]) -> Decimal | None:
    """The yearly rate that turns the first NAV into the last: (last / first) ^ (year / span) - 1.

    A year is 365 days. None for less than ``ANNUAL_RETURN_SPAN_MIN``, when a NAV is zero, and
    beyond ``ANNUAL_RETURN_MAX``.
    """
    if len(series) < 2:
        return None
    first, last = series[0], series[-1]
    if last.at - first.at < ANNUAL_RETURN_SPAN_MIN:
        return None
    if not first.nav_per_share or not last.nav_per_share:
        return None
    with localcontext(_CONTEXT):
        growth = Decimal(last.nav_per_share) / first.nav_per_share
        rate = growth ** (YEAR_SECONDS / _seconds(last.at - first.at)) - 1
    return rate if rate <= ANNUAL_RETURN_MAX else None


def annualised_volatility(series: Sequence[NavAt]) -> Decimal | None:
    """The yearly standard deviation of log returns, for steps of any length.

    With r the log return and t the years of each of n steps, and the drift m = sum(r) / sum(t):
    variance = sum((r - m t)^2 / t) / (n - 1). For equal steps this is the usual sample variance
    times steps per year. None for fewer than ``VOLATILITY_STEPS_MIN`` steps or a NAV of zero.
    """
    if any(point.nav_per_share == 0 for point in series):
        return None
    with localcontext(_CONTEXT):
        steps = [
            (
                (Decimal(after.nav_per_share) / before.nav_per_share).ln(),
                _seconds(after.at - before.at) / YEAR_SECONDS,
            )
            for before, after in pairwise(series)
            if after.at > before.at
        ]
        if len(steps) < VOLATILITY_STEPS_MIN:
            return None
        zero = Decimal(0)
        drift = sum((r for r, _ in steps), zero) / sum((t for _, t in steps), zero)
        spread = sum(((r - drift * t) ** 2 / t for r, t in steps), zero)
        return (spread / (len(steps) - 1)).sqrt()


def last_per_slot(items: Iterable[Item], slot_of: Callable[[Item], Hashable]) -> list[Item]:
    """Of items in time order, the last of each slot; slots without items are simply absent."""
    chosen: dict[Hashable, Item] = {}
    for item in items:
        chosen[slot_of(item)] = item
    return list(chosen.values())


def thinned(items: Sequence[Item], points_max: int) -> list[Item]:
    """At most ``points_max`` items, evenly picked, the first and the last always among them.

    Raises:
        ValueError: fewer than two points are asked for.
    """
    if points_max < 2:
        raise ValueError("a line needs two points")
    if len(items) <= points_max:
        return list(items)
    last = len(items) - 1
    return [items[index * last // (points_max - 1)] for index in range(points_max)]


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(microseconds=1)) / 1_000_000
