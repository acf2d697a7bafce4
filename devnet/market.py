"""Prices, trades, liquidity and fees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet.accounts import ADMIN, OPERATOR
from devnet.assets import ASSETS, L1, L2, L3
from devnet.chain import Reverted
from devnet.fund import BPS, Fund

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

    def set_prices(self, prices: Mapping[str, int]) -> Receipt:
        """Sets the oracle's prices by symbol, 18 decimals; NAV follows at the next `update_nav`."""
        tokens = [self.tokens[symbol].address for symbol in prices]
        return self.oracle.send(ADMIN, "setPrices", tokens, list(prices.values()))

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
