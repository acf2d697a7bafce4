"""A modest stream of life: one random act of investors or markets at a time.

    rng = Random(1)
    while True:
        print(live_step(scenario, rng))

Staff's part is left to staff: nothing here decides, settles or trades. `live_event` is what happens
rarely, and gives them something to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet.accounts import INVESTORS
from devnet.chain import Reverted
from devnet.fund import BPS, usdt

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from devnet.accounts import Actor
    from devnet.scenario import Scenario


def live_step(scenario: Scenario, rng: Random) -> str:
    """Does one thing and says in a sentence what; a refusal by the contracts is said as well."""
    act = rng.choices(
        (_prices_move, _subscription, _small_redemption, _large_redemption, _change_of_mind),
        weights=(40, 27, 27, 4, 2),
    )[0]
    return _said(act, scenario, rng)


def live_event(scenario: Scenario, rng: Random) -> str:
    """Does something out of the ordinary: a subscription so large that it waits to be invested."""
    return _said(_large_subscription, scenario, rng)


def _said(act: Callable[[Scenario, Random], str], scenario: Scenario, rng: Random) -> str:
    try:
        return act(scenario, rng)
    except Reverted as refusal:
        return f"refused: {refusal}"


def _prices_move(scenario: Scenario, rng: Random) -> str:
    prices = {
        terms.symbol: int(scenario.price(terms.symbol) * (1 + rng.gauss(0.1, 1.5) / BPS))
        for terms in scenario.listed()
    }
    scenario.set_prices(prices)
    moved = scenario.update_nav().event("NavUpdated").args
    return f"NAV {moved['oldNav'] / 1e18:.6f} -> {moved['newNav'] / 1e18:.6f}"


def _subscription(scenario: Scenario, rng: Random) -> str:
    return _subscribes(scenario, rng.choice(INVESTORS), rng.randrange(1_000, 14_000, 50))


def _large_subscription(scenario: Scenario, rng: Random) -> str:
    return _subscribes(scenario, rng.choice(INVESTORS), rng.randrange(150_000, 600_000, 5_000))


def _subscribes(scenario: Scenario, investor: Actor, amount: int) -> str:
    scenario.subscribe(investor, usdt(amount))
    return f"{investor.name} subscribed {amount} USDT"


def _small_redemption(scenario: Scenario, rng: Random) -> str:
    return _redemption(scenario, rng.choice(INVESTORS), rng.randrange(1_000, 9_000, 50))


def _large_redemption(scenario: Scenario, rng: Random) -> str:
    return _redemption(scenario, rng.choice(INVESTORS), rng.randrange(101_000, 130_000, 500))


def _redemption(scenario: Scenario, investor: Actor, amount: int) -> str:
    asked = scenario.request_standard(investor, scenario.shares_worth(usdt(amount)))
    note = ", needs approval" if asked.requires_approval else ""
    return f"{investor.name} asked for {amount} USDT (request {asked.id}{note})"


def _change_of_mind(scenario: Scenario, rng: Random) -> str:
    pending = scenario.manager.read("getPendingApprovals")
    if not pending:
        return _small_redemption(scenario, rng)
    request_id = rng.choice(pending)
    owner = scenario.request(request_id)["owner"]
    investor = next(actor for actor in INVESTORS if actor.address == owner)
    scenario.cancel(investor, request_id)
    return f"{investor.name} cancelled request {request_id}"
