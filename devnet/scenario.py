"""Everything that can happen to the fund on the development chain, one method each.

    scenario = Scenario.connect(Path("var/devnet/chains.toml"))
    scenario.subscribe(INVESTORS[0], usdt(250_000))
    asked = scenario.request_standard(INVESTORS[0], scenario.shares_worth(usdt(120_000)))
    scenario.approve(asked.id, by=APPROVER_1)
    scenario.advance_time(7 * DAY_SECONDS)
    scenario.settle(asked.id)

Investors' actions are in `investing`, staff's in `operating`, prices and trades in `market`,
blocks and time in `chain`. A contract that refuses raises `Reverted` with its custom error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet.accounts import INVESTORS
from devnet.investing import Investing
from devnet.market import Market
from devnet.operating import Operating

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devnet.accounts import Actor
    from devnet.chain import Block, Reorg
    from devnet.investing import Requested

HOUR_SECONDS = 3_600
DAY_SECONDS = 86_400
_SMALL_REQUEST = 1_000 * 10**18
_LOW_LIQUIDITY_BPS = 1_300
_CRITICAL_LIQUIDITY_BPS = 800


class Scenario(Investing, Operating, Market):
    """The fund and everybody around it. Open one with `connect`."""

    # ------------------------------------------------------------ time and blocks

    def now(self) -> int:
        """The head's timestamp."""
        return self.chain.block().timestamp

    def advance_time(self, seconds: int) -> Block:
        """See `Chain.advance_time`: never past the real now."""
        return self.chain.advance_time(seconds)

    def mine(self, count: int = 1) -> Block:
        """See `Chain.mine`."""
        return self.chain.mine(count)

    def reorg(self, depth: int, transactions: Sequence[tuple[dict[str, str], int]] = ()) -> Reorg:
        """See `Chain.reorg`."""
        return self.chain.reorg(depth, transactions)

    def snapshot(self) -> str:
        """See `Chain.snapshot`."""
        return self.chain.snapshot()

    def revert(self, snapshot: str) -> None:
        """See `Chain.revert`."""
        self.chain.revert(snapshot)

    # ------------------------------------------------------------ situations

    def trigger_low_liquidity_alert(self, investor: Actor = INVESTORS[0]) -> Requested:
        """Drains L1 + L2 to 13 % and asks for a small redemption, which raises the alert."""
        return self.trigger_liquidity_alert_at(_LOW_LIQUIDITY_BPS, investor=investor)

    def trigger_critical_liquidity_alert(self, investor: Actor = INVESTORS[0]) -> Requested:
        """Drains L1 + L2 to 8 % and asks for a small redemption, which raises the alert."""
        return self.trigger_liquidity_alert_at(_CRITICAL_LIQUIDITY_BPS, investor=investor)

    def trigger_liquidity_alert_at(
        self, liquidity_bps: int, *, investor: Actor = INVESTORS[0]
    ) -> Requested:
        """Drains L1 + L2 to that share of gross assets and asks for a small redemption."""
        if self.shares_of(investor) < self.shares_worth(_SMALL_REQUEST):
            self.subscribe(investor, 2 * _SMALL_REQUEST)
        self.drain_liquidity(liquidity_bps)
        quiet_until = self.manager.read("lastAlertTime") + HOUR_SECONDS
        if self.now() < quiet_until:
            self.chain.advance_to(quiet_until)
        return self.request_standard(investor, self.shares_worth(_SMALL_REQUEST))
