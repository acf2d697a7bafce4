"""A run on the fund and its end: what investors and markets do, one step each.

    run = BankRun(scenario)
    run.holders_ask(share_bps=4_000)      # over STANDARD, in requests that stay it
    run.liquidity_drains()                # and the contract raises CriticalLiquidityAlert
    run.holders_ask_urgently()            # over EMERGENCY, once that mode is on
    run.assets_are_sold()
    run.requests_are_paid()
    run.deposits_come_back(usdt(500_000))

What the fund's people do in between is left to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet.accounts import INVESTORS
from devnet.fund import APPROVED, BPS, PENDING, SCHEDULED

if TYPE_CHECKING:
    from devnet.accounts import Actor
    from devnet.chain import Receipt
    from devnet.investing import Requested
    from devnet.scenario import Scenario

STANDARD_BPS_MAX = 190
"""Of total assets; from 2 % on the contract makes a scheduled request of it."""
URGENT_BPS = 20
CRITICAL_BPS = 800


class BankRun:
    """Everybody wants their money back at once."""

    def __init__(self, scenario: Scenario) -> None:
        """Acts on this fund; nothing happens before the first step."""
        self._fund = scenario

    def holders_ask(self, *, share_bps: int = 4_000) -> list[Requested]:
        """Holders ask for that share of all shares, the largest first, in many requests."""
        left = self._fund.state().total_supply * share_bps // BPS
        asked = []
        for holder in self._holders():
            while (shares := self._next(holder, left)) > 0:
                asked.append(self._fund.request_standard(holder, shares))
                left -= shares
        return asked

    def liquidity_drains(self, *, liquidity_bps: int = CRITICAL_BPS) -> Requested:
        """Only so much is left in L1 and L2; the next request makes the contract raise alarm."""
        return self._fund.trigger_liquidity_alert_at(liquidity_bps, investor=self._holders()[0])

    def holders_ask_urgently(self, *, count: int = 3) -> list[Requested]:
        """Some ask over EMERGENCY, a little each; only in emergency mode."""
        shares = self._shares(URGENT_BPS)
        holders = [one for one in self._holders() if self._fund.shares_of(one) >= shares]
        return [self._fund.request_emergency(one, shares) for one in holders[:count]]

    def assets_are_sold(self) -> None:
        """L2 and L3 are sold until liquidity is that of an ordinary day."""
        self._fund.restore_liquidity()

    def requests_are_paid(self) -> list[Receipt]:
        """The chain's clock goes on until what needs no decision any more is due, and it is paid;
        where L1 is short, assets are sold before.

        Raises:
            Reverted: The contract refuses.
        """
        found = {n: self._fund.request(n) for n in self._fund.request_ids(PENDING, APPROVED)}
        due = [
            (one["settlementTime"], number)
            for number, one in found.items()
            if one["channel"] != SCHEDULED
        ]
        paid = []
        for settles_at, number in sorted(due):
            if self._fund.now() < settles_at:
                self._fund.chain.advance_to(settles_at)
            if self._fund.state().layer1 < 2 * found[number]["grossAmount"]:
                self.assets_are_sold()
            paid.append(self._fund.settle(number))
        return paid

    def deposits_come_back(self, assets: int) -> Receipt:
        """Somebody trusts the fund again."""
        return self._fund.subscribe(INVESTORS[0], assets)

    def _next(self, holder: Actor, left: int) -> int:
        """What is asked is owed from then on, so that the largest request becomes smaller."""
        return min(self._shares(STANDARD_BPS_MAX), left, self._fund.shares_of(holder))

    def _holders(self) -> list[Actor]:
        return sorted(INVESTORS, key=self._fund.shares_of, reverse=True)

    def _shares(self, bps: int) -> int:
        return self._fund.shares_worth(self._fund.state().total_assets * bps // BPS)
