"""Prices, trades, liquidity and fees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet.accounts import ADMIN, OPERATOR
from devnet.assets import ASSETS, L1, L2, L3
from devnet.chain import Reverted
from devnet.fund import BPS, Fund, ceil_div
from devnet.price_sources import feed_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devnet.chain import Receipt

# Differences smaller than this share of the fund are not worth a trade.
_TRADE_BPS_MIN = 20


class Market(Fund):
    """The world the fund invests in, and the fund's trades in it.

    Trades are OPERATOR's, fees and prices ADMIN's. Every method refuses with `Reverted` where the
    contract does.
    """

    # ------------------------------------------------------------ prices

    def set_prices(
        self, prices: Mapping[str, int], *, adapter: bool = True, feeds: bool = True
    ) -> None:
        """Sets prices by symbol, 18 decimals; NAV follows at the next `update_nav`.

        Args:
            prices: USDT per whole token.
            adapter: Whether the contracts trade at them from now on.
            feeds: Whether the market, and the feeds that follow it, say so, too.
        """
        tokens = [self.tokens[symbol].address for symbol in prices]
        if adapter:
            self.oracle.send(ADMIN, "setPrices", tokens, list(prices.values()))
        if feeds and self.feeds:
            self.hub.send(ADMIN, "post", tokens, [feed_answer(p) for p in prices.values()])

    def refresh_prices(self) -> None:
        """Says all prices again, so that none is old."""
        self.set_prices({terms.symbol: self.price(terms.symbol) for terms in self.listed()})

    def freeze_feed(self, symbol: str, *, frozen: bool = True) -> Receipt:
        """Lets a feed stop following the market, or follow it again from the next price on."""
        return self.hub.send(ADMIN, "freeze", self.tokens[symbol].address, frozen)

    def distort_feed(
        self, symbol: str, *, price: int | None = None, ahead_seconds: int = 0
    ) -> Receipt:
        """Lets a feed say something wrong until the next price.

        Args:
            symbol: Whose feed.
            price: 18 decimals; zero and less are possible. None keeps what it says.
            ahead_seconds: How far in the future of the chain's clock it claims to be from.
        """
        answer = self.feeds[symbol].read("latestRoundData")["answer"]
        if price is not None:
            answer = feed_answer(price)
        at = self.chain.block().timestamp + ahead_seconds
        return self.hub.send(ADMIN, "distort", self.tokens[symbol].address, answer, at)

    def update_nav(self) -> Receipt:
        """Publishes the NAV, moved or not."""
        return self.vault.send(OPERATOR, "updateNav")

    def move_nav(self, bps: int) -> Receipt:
        """Moves all prices so that NAV per share moves by `bps`, and publishes it."""
        state = self.state()
        invested = sum(self.value(terms.symbol) for terms in self.listed())
        if invested == 0:
            raise Reverted("NothingInvested", ())
        scale = invested * BPS
        moved = {
            terms.symbol: self.price(terms.symbol) * (scale + bps * state.total_assets) // scale
            for terms in self.listed()
        }
        self.set_prices(moved)
        return self.update_nav()

    def set_slippage(self, bps: int) -> None:
        """Makes every counterparty trade that much worse than the oracle's price."""
        for desk in self.desks:
            desk.send(ADMIN, "setSlippage", bps)

    def value(self, symbol: str) -> int:
        """What the vault holds of an asset, in USDT base units."""
        decimals = next(t.decimals for t in ASSETS if t.symbol == symbol)
        return self.holding(symbol) * self.price(symbol) // int(10**decimals)

    # ------------------------------------------------------------ trades

    def purchase(self, symbol: str, assets: int) -> Receipt:
        """Buys for that much USDT; below the asset's minimum the event says 0 and nothing moves."""
        return self.controller.send(OPERATOR, "purchaseAsset", self.tokens[symbol].address, assets)

    def redeem(self, symbol: str, tokens: int) -> Receipt:
        """Sells that many token base units."""
        return self.controller.send(OPERATOR, "redeemAsset", self.tokens[symbol].address, tokens)

    def allocate(self, tier: int, assets: int) -> Receipt:
        """Spreads cash over a tier; more than there is does nothing."""
        return self.controller.send(OPERATOR, "allocateToLayer", tier, assets)

    def waterfall(self, assets: int, tier_max: int = L2) -> Receipt:
        """Sells L1 yield assets, then L2, to raise that much cash."""
        return self.controller.send(OPERATOR, "executeWaterfallLiquidation", assets, tier_max)

    def rebalance_buffer(self) -> Receipt:
        """Brings L1 to its target when it is off by more than two points."""
        return self.controller.send(OPERATOR, "rebalanceBuffer")

    def compound_yield(self, symbol: str, tokens: int) -> Receipt:
        """Lets an asset earn that many of its own base units and takes them."""
        token = self.tokens[symbol]
        token.send(ADMIN, "accrueYield", self.vault.address, tokens)
        return self.controller.send(OPERATOR, "compoundYield", token.address)

    # ------------------------------------------------------------ fees

    def collect_fees(self) -> Receipt:
        """Takes management and performance fees."""
        return self.controller.send(ADMIN, "collectFees")

    def withdraw_redemption_fees(self, assets: int | None = None) -> Receipt:
        """Pays redemption fees out; everything withdrawable when no amount is given."""
        if assets is None:
            assets = self.vault.read("withdrawableRedemptionFees")
        return self.controller.send(ADMIN, "withdrawRedemptionFees", assets)

    # ------------------------------------------------------------ liquidity

    def rebalance_to(self, *, cash_bps: int, yield_bps: int, money_market_bps: int) -> None:
        """Trades until cash, L1 yield assets and L2 have these shares of gross assets; L3 the rest.

        Differences too small to trade stay.
        """
        gross = self.state().gross_assets
        targets = {L1: yield_bps, L2: money_market_bps}
        targets[L3] = BPS - cash_bps - yield_bps - money_market_bps
        excess = {
            tier: sum(self.value(t.symbol) for t in self.listed() if t.tier == tier)
            - gross * share // BPS
            for tier, share in targets.items()
        }
        smallest = gross * _TRADE_BPS_MIN // BPS
        for tier, amount in excess.items():
            if amount > smallest:
                self._sell_from(tier, amount)
        for tier, amount in excess.items():
            if amount < -smallest:
                self._buy_into(tier, -amount)

    def drain_liquidity(self, liquidity_bps: int) -> None:
        """Moves L1 and L2 into L3 until they make that share of gross assets."""
        cash_bps = liquidity_bps // 2
        self.rebalance_to(cash_bps=cash_bps, yield_bps=0, money_market_bps=liquidity_bps - cash_bps)

    def drain_l1(self, l1_bps: int = 700) -> None:
        """Moves what L1 has beyond that share of gross assets into L2; L3 stays as it is."""
        state = self.state()
        l3_bps = ceil_div(state.layer3 * BPS, state.gross_assets)
        self.rebalance_to(
            cash_bps=l1_bps - l1_bps // 2,
            yield_bps=l1_bps // 2,
            money_market_bps=BPS - l1_bps - l3_bps,
        )

    def restore_liquidity(self) -> None:
        """Back to an ordinary day: L1 13 % (9 cash, 4 yield), L2 29 %, L3 58 %."""
        self.rebalance_to(cash_bps=900, yield_bps=400, money_market_bps=2_900)

    def _sell_from(self, tier: int, amount: int) -> None:
        values = {t.symbol: self.value(t.symbol) for t in self.listed() if t.tier == tier}
        total = sum(values.values())
        for symbol, value in values.items():
            tokens = self.holding(symbol) * min(amount, total) // total if value else 0
            if tokens:
                self.redeem(symbol, tokens)

    def _buy_into(self, tier: int, amount: int) -> None:
        cash = self.vault.read("availableCash")
        for terms in self.listed():
            part = min(amount, cash) * terms.allocation_bps // BPS
            if terms.tier == tier and part >= terms.min_purchase:
                self.purchase(terms.symbol, part)
