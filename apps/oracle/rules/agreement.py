"""When several sources agree on a price, and when nobody knows it.

Of the figures that sources gave, those that are no price (zero, negative, absurd, dated in the
future) and those that are too old are put aside, then those more than ``APART_BPS`` off the median
of the rest. The price is the median of what is left, if that is at least ``QUORUM`` figures.
Otherwise it is unknown. Two figures alone are compared with each other: both are equally near to
their mean, so nobody can say which of them is off, and further apart than ``APART_BPS`` of it there
is no price.

Prices are USDT per whole token with 18 decimals; basis points are compared in exact integers and
rounded towards zero only to be shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.core.units import BPS_ONE, format_bps

APART_BPS = 200
QUORUM = 2
AHEAD_MAX = timedelta(seconds=60)
"""Clocks differ a little; a figure dated further ahead than this is not believed."""
PRICE_MAX = 10**36
"""10**18 USDT for one token: beyond it a figure is a mistake."""
SHOWN_BPS_MAX = 10**9
_PAIR = 2


class Verdict(StrEnum):
    """What was made of a source's figure."""

    USED = "USED"
    STALE = "STALE"
    OUTLIER = "OUTLIER"
    INVALID = "INVALID"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one source gave.

    ``price`` is None when it gave nothing, and ``error`` says why. ``as_of`` is the instant that
    the source names, ``now`` the one that its age counts from: a block's own time for what was read
    on chain, the wall clock for the rest.
    """

    source_id: int
    price: int | None
    as_of: datetime
    now: datetime
    stale_after: timedelta
    error: str = ""

    @property
    def age(self) -> timedelta:
        """How old the figure is; never less than nothing."""
        return max(self.now - self.as_of, timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A figure with what was made of it; ``deviation_bps`` is signed, from the median, None where
    there is none to compare with."""

    figure: Figure
    verdict: Verdict
    deviation_bps: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The price, or why there is none; and what was made of each figure, in the order given.

    ``oldest`` is the age of the oldest figure that was used, ``spread_bps`` how far apart the
    lowest and the highest of them are.
    """

    price: int | None
    reason: str
    judged: tuple[Judged, ...]
    oldest: timedelta | None
    spread_bps: int | None

    @property
    def used(self) -> int:
        """How many figures count."""
        return sum(one.verdict is Verdict.USED for one in self.judged)


def agree(figures: Sequence[Figure]) -> Agreement:
    """Find the price that the sources agree on."""
    refused = {figure.source_id: _refused(figure) for figure in figures}
    fresh = [figure for figure in figures if refused[figure.source_id] is None]
    centre = median([_price(figure) for figure in fresh]) if fresh else None
    near = [
        figure
        for figure in fresh
        if centre is not None and not is_apart(_price(figure), centre, centre)
    ]
    prices = [_price(figure) for figure in near]
    candidate = median(prices) if prices else None
    reason = _why_not(figures, fresh, prices)
    reference = candidate if candidate is not None else centre
    judged = tuple(
        refused[figure.source_id] or _compared(figure, reference, used=figure in near)
        for figure in figures
    )
    known = not reason
    return Agreement(
        price=candidate if known else None,
        reason=reason,
        judged=judged,
        oldest=max(figure.age for figure in near) if known else None,
        spread_bps=bps_apart(max(prices), min(prices), candidate) if known and candidate else None,
    )


def median(prices: Sequence[int]) -> int:
    """The middle price; of an even number, the mean of the middle two, rounded down."""
    ordered = sorted(prices)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) // 2


def is_apart(one: int, other: int, of: int) -> bool:
    """Whether two prices differ by more than ``APART_BPS`` of a third one."""
    return abs(one - other) * BPS_ONE > APART_BPS * of


def bps_apart(one: int, other: int, of: int) -> int:
    """``one − other`` in basis points of a third price, signed, rounded towards zero; no more than
    ``SHOWN_BPS_MAX`` either way."""
    distance = min(abs(one - other) * BPS_ONE // of, SHOWN_BPS_MAX)
    return distance if one >= other else -distance


def _refused(figure: Figure) -> Judged | None:
    """What rules a figure out by itself."""
    if figure.price is None:
        return Judged(figure=figure, verdict=Verdict.FAILED, error=figure.error)
    if not 0 < figure.price <= PRICE_MAX:
        words = "zero" if figure.price == 0 else "negative" if figure.price < 0 else "absurdly high"
        return Judged(figure=figure, verdict=Verdict.INVALID, error=f"The figure is {words}.")
    if figure.as_of - figure.now > AHEAD_MAX:
        ahead = int((figure.as_of - figure.now).total_seconds())
        words = f"The figure is dated {ahead} s in the future."
        return Judged(figure=figure, verdict=Verdict.INVALID, error=words)
    if figure.age > figure.stale_after:
        words = (
            f"The figure is {int(figure.age.total_seconds())} s old;"
            f" {int(figure.stale_after.total_seconds())} s are allowed."
        )
        return Judged(figure=figure, verdict=Verdict.STALE, error=words)
    return None


def _compared(figure: Figure, reference: int | None, *, used: bool) -> Judged:
    away = bps_apart(_price(figure), reference, reference) if reference else None
    verdict = Verdict.USED if used else Verdict.OUTLIER
    return Judged(figure=figure, verdict=verdict, deviation_bps=away)


def _why_not(given: Sequence[Figure], fresh: Sequence[Figure], near: Sequence[int]) -> str:
    """Why there is no price; empty when there is one. ``near`` are the prices near the median."""
    if len(given) < QUORUM:
        return f"{_sources(len(given))}; a price needs {QUORUM}."
    if len(fresh) < QUORUM:
        return (
            f"{len(fresh)} of {len(given)} sources gave a figure that counts;"
            f" a price needs {QUORUM}."
        )
    prices = near if len(near) >= QUORUM else [_price(figure) for figure in fresh]
    centre, low, high = median(prices), min(prices), max(prices)
    is_pair_apart = len(near) == _PAIR and is_apart(high, low, centre)
    if len(near) < QUORUM or is_pair_apart:
        apart = format_bps(_bps_apart_up(high, low, centre))
        return f"The sources are {apart} apart; {format_bps(APART_BPS)} is allowed."
    return ""


def _bps_apart_up(high: int, low: int, of: int) -> int:
    """The distance rounded up, so that what is too far never reads as what is allowed."""
    return min(-(-(high - low) * BPS_ONE // of), SHOWN_BPS_MAX)


def _sources(count: int) -> str:
    return "One source" if count == 1 else "No source"


def _price(figure: Figure) -> int:
    if figure.price is None:
        raise ValueError("a figure that was put aside is not counted")
    return figure.price
