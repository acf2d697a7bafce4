"""Invented flows of a fund, to see how forecasts do where what follows is known.

Requests and subscriptions come at random hours, fewer at weekends, their sizes spread widely as in
life; now and then there is an uneasy week, in which people ask for more than usual.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from .figures import Horizon
from .flows_history import DayFlow, whole_days
from .forecast_calendar import EMERGENCY_DAYS, STANDARD_DAYS, Calendar
from .forecast_inputs import Due, Inputs

BEGINS = datetime(2025, 1, 6, tzinfo=UTC)
_USDT = 10**18
_WEEKDAYS = (1.2, 1.1, 1.0, 1.0, 1.2, 0.5, 0.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Asked for at ``made_at`` and paid at ``paid_at``; base units of USDT."""

    made_at: datetime
    paid_at: datetime
    assets: int
    urgent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All flows of a fund from ``BEGINS`` on."""

    days: int
    requests: tuple[Request, ...]
    subscriptions: tuple[tuple[datetime, int], ...]

    def inputs_at(self, origin: datetime, horizon: Horizon, *, liquid_assets: int) -> Inputs:
        """What was known at an instant of the story."""
        calendar = Calendar.over(origin, horizon.days)
        return Inputs(
            origin=origin,
            horizon=horizon,
            l1_assets=liquid_assets // 4,
            l2_assets=liquid_assets - liquid_assets // 4,
            due=tuple(self._due(calendar)),
            history=self._history(origin),
        )

    def net_flow(self, *, after: datetime, until: datetime) -> int:
        """What came in less what was paid in (``after``, ``until``]."""
        came = sum(assets for at, assets in self.subscriptions if after < at <= until)
        paid = sum(one.assets for one in self.requests if after < one.paid_at <= until)
        return came - paid

    def _due(self, calendar: Calendar) -> Iterator[Due]:
        for request in self.requests:
            if request.made_at <= calendar.origin < request.paid_at:
                place = calendar.index_of(request.paid_at)
                if place is not None:
                    yield Due(day=calendar.dates[place], assets=request.assets)

    def _history(self, origin: datetime) -> tuple[DayFlow, ...]:
        known: dict[date, dict[str, int]] = {}
        for request in self.requests:
            if request.made_at < origin:
                day = known.setdefault(request.made_at.date(), {})
                channel = "emergency" if request.urgent else "standard"
                day[channel] = day.get(channel, 0) + request.assets
        for at, assets in self.subscriptions:
            if at < origin:
                day = known.setdefault(at.date(), {})
                day["subscribed"] = day.get("subscribed", 0) + assets
        flows = {day: DayFlow(day=day, **amounts) for day, amounts in known.items()}
        return whole_days(
            flows, began=BEGINS.date() - timedelta(days=1), today=origin.astimezone(UTC).date()
        )


def invented(seed: int, *, days: int = 400) -> Story:
    """A story; the same seed tells the same one."""
    rng = np.random.Generator(np.random.PCG64(seed))
    asks, subscribes, urgent = rng.uniform(0.6, 3.0), rng.uniform(0.5, 2.5), rng.uniform(0, 0.12)
    size = rng.uniform(15_000, 60_000)
    uneasy = rng.random(days) < 0.012  # begins of an uneasy week
    requests: list[Request] = []
    subscriptions: list[tuple[datetime, int]] = []
    for number in range(days):
        midnight = BEGINS + timedelta(days=number)
        busy = _WEEKDAYS[midnight.weekday()]
        unease = 3.0 if uneasy[max(number - 6, 0) : number + 1].any() else 1.0
        for at, assets in _arrivals(rng, midnight, asks * busy * unease, size):
            quick = bool(rng.random() < urgent * unease)
            wait = timedelta(days=EMERGENCY_DAYS if quick else STANDARD_DAYS)
            late = timedelta(minutes=float(rng.uniform(0, 40)))
            requests.append(
                Request(made_at=at, paid_at=at + wait + late, assets=assets, urgent=quick)
            )
        subscriptions += _arrivals(rng, midnight, subscribes * busy, size)
    return Story(days=days, requests=tuple(requests), subscriptions=tuple(subscriptions))


def _arrivals(
    rng: np.random.Generator, midnight: datetime, rate: float, size: float
) -> list[tuple[datetime, int]]:
    """So many on average in a day, with sizes whose logarithms are normal (base units)."""
    count = int(rng.poisson(rate))
    hours = np.sort(rng.uniform(0, 24, count))
    sizes = rng.lognormal(np.log(size), 0.8, count)
    return [
        (midnight + timedelta(hours=float(hour)), int(usdt) * _USDT)
        for hour, usdt in zip(hours, sizes, strict=True)
    ]
