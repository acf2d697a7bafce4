"""Months of believable activity, ending now.

`seed_activity(scenario)` plays from the chain's present clock up to the real now: a first round of
subscriptions, daily prices, later subscriptions and redemptions of every channel and outcome, a
three-day emergency, fees, rebalancing. What is left open for people to work on: requests waiting
for approval, two falling due minutes after the end, some due in days, one at the next window.
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from devnet.accounts import APPROVER_1, APPROVER_2, INVESTORS
from devnet.assets import L3
from devnet.errors import DevnetError
from devnet.fund import BPS, usdt
from devnet.scenario import DAY_SECONDS, HOUR_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devnet.accounts import Actor
    from devnet.investing import Requested
    from devnet.scenario import Scenario

_DAYS_MIN = 60
_BEHIND_SECONDS = 5
_MINUTE_SECONDS = 60

# First subscriptions in thousands of USDT, in the order of INVESTORS.
_FIRST_SUBSCRIPTIONS = (2_400, 1_850, 1_600, 420, 1_250, 1_100, 310, 2_100, 260, 780, 1_350, 640)

_REJECTIONS = (
    "Source of funds not documented",
    "Receiver is not on the allow-list",
    "Owner asked to wait for the next window",
)


def seed_activity(scenario: Scenario, *, seed: int = 7, days_behind: float = 0) -> None:
    """Fills the time from the chain's clock to now; the same seed gives the same story.

    The node should mine each transaction at once. ``days_behind`` ends the story that long ago, so
    that the clock can still jump over a settlement period.

    Raises:
        DevnetError: The clock is less than 60 days behind the real time.
    """
    start = scenario.now()
    end = int(time.time() - days_behind * DAY_SECONDS) - _BEHIND_SECONDS
    if end - start < _DAYS_MIN * DAY_SECONDS:
        raise DevnetError(
            f"the chain's clock is only {(end - start) // DAY_SECONDS} days behind; "
            f"history needs {_DAYS_MIN}: start the node with genesis_days_ago"
        )
    _Story(scenario, Random(seed), start, end).play()


@dataclass(order=True)
class _Scene:
    at: int
    order: int
    act: Callable[[], None] = field(compare=False)


class _Story:
    """A queue of scenes by time; a scene may add later ones."""

    def __init__(self, scenario: Scenario, rng: Random, start: int, end: int) -> None:
        self._fund = scenario
        self._rng = rng
        self._start = start
        self._end = end
        self._scenes: list[_Scene] = []
        self._order = count()
        self._prices = {terms.symbol: terms.price for terms in scenario.listed()}

    def play(self) -> None:
        self._write()
        chain = self._fund.chain
        clock = self._start
        while self._scenes:
            scene = heapq.heappop(self._scenes)
            if scene.at > clock:
                clock = chain.advance_to(scene.at).timestamp
            scene.act()
        if self._end > chain.block().timestamp:
            chain.advance_to(self._end)

    # ------------------------------------------------------------ the plot

    def _write(self) -> None:
        self._write_beginning()
        self._write_days()
        self._write_flows()
        self._write_emergency()
        self._write_windows()
        self._write_end()

    def _write_beginning(self) -> None:
        first_days = zip(INVESTORS, _FIRST_SUBSCRIPTIONS, strict=True)
        for number, (investor, thousands) in enumerate(first_days):
            at = self._day(number * 0.45 + 0.1)
            self._at(at, self._subscribes(investor, usdt(thousands * 1_000)))
        for day in (0.5, 2.2, 4.2, 6.0):
            self._at(self._day(day), self._fund.restore_liquidity)

    def _write_days(self) -> None:
        days = (self._end - self._start) // DAY_SECONDS
        for day in range(1, days):
            self._at(self._day(day), self._new_prices)
            if day % 7 == 0 and day > 7:
                self._at(self._day(day + 0.02), self._fund.restore_liquidity)
            if day % 14 == 0:
                self._at(self._day(day + 0.3), self._compounds)
            if day % 30 == 0:
                self._at(self._day(day + 0.4), self._takes_fees)
        self._at(self._end - 2 * _MINUTE_SECONDS, self._new_prices)

    def _write_flows(self) -> None:
        """Arrivals at an even rate, so that no week looks like a run on the fund."""
        last = self._end - 12 * HOUR_SECONDS
        for at in self._arrivals(self._day(8), last, days=(1.2, 3.6)):
            investor = self._rng.choice(INVESTORS)
            amount = usdt(self._rng.randrange(15_000, 140_000, 500))
            self._at(at, self._subscribes(investor, amount))
        # What `_write_end` adds takes the place of the last days' arrivals.
        for at in self._arrivals(self._day(9), last - 4 * DAY_SECONDS, days=(0.9, 2.2)):
            large = self._rng.random() < 0.22
            thousands = self._rng.uniform(104, 190) if large else self._rng.triangular(4, 80, 14)
            self._at(at, self._requests(self._rng.choice(INVESTORS), usdt(int(thousands * 1_000))))

    def _write_emergency(self) -> None:
        begin = self._day(62)
        self._at(begin, lambda: self._switches_emergency(True))
        self._at(begin + HOUR_SECONDS, self._requests_urgently(INVESTORS[5], usdt(18_500)))
        self._at(begin + 5 * HOUR_SECONDS, self._requests_urgently(INVESTORS[2], usdt(64_000)))
        self._at(self._day(65), lambda: self._switches_emergency(False))

    def _write_windows(self) -> None:
        self._at(self._day(18), self._requests(INVESTORS[7], usdt(330_000)))
        before_end = self._end - 11 * DAY_SECONDS
        self._at(before_end, self._requests_for_window(INVESTORS[10], usdt(95_000)))

    def _write_end(self) -> None:
        """Work for the people who look at it now."""
        week_ago = self._end - 7 * DAY_SECONDS
        small = ((INVESTORS[4], 12_400, 3), (INVESTORS[8], 21_750, 25))
        for investor, amount, minutes in small:
            due = week_ago + minutes * _MINUTE_SECONDS
            self._at(due, self._requests(investor, usdt(amount)))
        waiting = ((INVESTORS[1], 118_000, 9 * 60), (INVESTORS[0], 156_500, 40))
        for investor, amount, minutes in waiting:
            self._at(self._end - minutes * _MINUTE_SECONDS, self._waits(investor, usdt(amount)))

    # ------------------------------------------------------------ scenes

    def _new_prices(self) -> None:
        for terms in self._fund.listed():
            noise = self._rng.gauss(0, 6 if terms.tier == L3 else 0.4)
            move = 1 + (terms.yearly_bps / 365 + noise) / BPS
            self._prices[terms.symbol] = int(self._prices[terms.symbol] * move)
        self._fund.set_prices(self._prices)
        self._fund.update_nav()

    def _subscribes(self, investor: Actor, assets: int) -> Callable[[], None]:
        return lambda: self._ignore(self._fund.subscribe(investor, assets))

    def _requests(self, investor: Actor, assets: int) -> Callable[[], None]:
        def act() -> None:
            shares = self._shares(investor, assets)
            if shares and not self._fund.manager.read("paused"):
                self._follow(investor, self._fund.request_standard(investor, shares))

        return act

    def _requests_urgently(self, investor: Actor, assets: int) -> Callable[[], None]:
        def act() -> None:
            shares = self._fund.shares_worth(assets)
            asked = self._fund.request_emergency(investor, shares)
            if asked.requires_approval:
                self._at(self._fund.now() + HOUR_SECONDS, lambda: self._approves(asked.id))
            else:
                self._settle_when_due(asked.id, asked.settlement_time)

        return act

    def _requests_for_window(self, investor: Actor, assets: int) -> Callable[[], None]:
        def act() -> None:
            shares = self._fund.shares_worth(assets)
            self._fund.request_scheduled(investor, shares)

        return act

    def _waits(self, investor: Actor, assets: int) -> Callable[[], None]:
        return lambda: self._ignore(
            self._fund.request_standard(investor, self._fund.shares_worth(assets))
        )

    def _follow(self, investor: Actor, asked: Requested) -> None:
        """Decides what becomes of a request, hours later, and pays it when due."""
        if not asked.requires_approval:
            self._settle_when_due(asked.id, asked.settlement_time)
            return
        at = self._fund.now() + int(self._rng.uniform(1.5, 16) * HOUR_SECONDS)
        fate = self._rng.random()
        if fate < 0.76:
            self._at(at, lambda: self._approves(asked.id))
        elif fate < 0.9:
            reason = self._rng.choice(_REJECTIONS)
            self._at(at, lambda: self._ignore(self._fund.reject(asked.id, reason, by=APPROVER_2)))
        else:
            self._at(at, lambda: self._ignore(self._fund.cancel(investor, asked.id)))

    def _approves(self, request_id: int) -> None:
        approver = self._rng.choice((APPROVER_1, APPROVER_2))
        receipt = self._fund.approve(request_id, by=approver)
        due = receipt.event("RedemptionApproved").args["settlementTime"]
        self._settle_when_due(request_id, due)

    def _settle_when_due(self, request_id: int, due: int) -> None:
        at = due + self._rng.randrange(2, 40) * _MINUTE_SECONDS
        self._at(at, lambda: self._ignore(self._fund.settle(request_id)))

    def _switches_emergency(self, enabled: bool) -> None:
        self._fund.set_emergency_mode(enabled)
        if enabled:
            self._fund.pause("redemption_manager")
        else:
            self._fund.unpause("redemption_manager")

    def _compounds(self) -> None:
        held = self._fund.holding("HRBR")
        if held:
            self._fund.compound_yield("HRBR", held * 12 // BPS)

    def _takes_fees(self) -> None:
        self._fund.collect_fees()
        if self._fund.vault.read("withdrawableRedemptionFees"):
            self._fund.withdraw_redemption_fees()

    # ------------------------------------------------------------ stagecraft

    def _day(self, number: float) -> int:
        return self._start + int(number * DAY_SECONDS)

    def _at(self, at: int, act: Callable[[], None]) -> None:
        """Puts a scene on; what would come after the end never happens."""
        if at <= self._end:
            heapq.heappush(self._scenes, _Scene(at, next(self._order), act))

    def _arrivals(self, begin: int, last: int, *, days: tuple[float, float]) -> Iterator[int]:
        at = begin
        while at < last:
            yield at
            at += int(self._rng.uniform(*days) * DAY_SECONDS)

    def _shares(self, investor: Actor, assets: int) -> int:
        """Shares worth that much, or half of what the investor has when that is less."""
        return min(self._fund.shares_worth(assets), self._fund.shares_of(investor) // 2)

    @staticmethod
    def _ignore(_result: object) -> None:
        """A scene answers nothing."""
