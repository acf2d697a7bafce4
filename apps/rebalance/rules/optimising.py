"""The cheaper way to the same goal: a small mixed-integer linear program, solved by HiGHS.

It may trade the same assets within the same limits as the rules, must bring every tier at least as
close to where the rules meant it to be, and minimises cost plus remaining drift (``scoring``).
Floats stay in here: what comes out is a proposal in integers, which is judged like any other. The
unknowns are scaled so that the whole fund is 10 000.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from apps.chain.terms import Tier
from apps.core.units import BPS_ONE
from apps.rebalance.rules.by_rules import Wish
from apps.rebalance.rules.figures import AimKind, Holding, Parameters, Situation
from apps.rebalance.rules.goals import Goal
from apps.rebalance.rules.legs import CENT, Draft, least_purchase, worth
from apps.rebalance.rules.limits import Limits, coverage_floor, keeps_at_least
from apps.rebalance.rules.weights import share_ceil, share_floor

_SCALE = 10_000
_SECONDS_MAX = 0.25
# How near to the best a solution may be; the rest is not worth the time.
_GAP = 5e-3
# Solutions come as floats: so much, of a fund of 10 000, is nothing.
_NOTHING = 1e-7
_FRACTION_BITS = 40

_Row = dict[int, float]


class Unsolved(Exception):
    """The program has no solution, or none was found in time; the message says which."""


def optimise(
    situation: Situation,
    parameters: Parameters,
    goal: Goal,
    limits: Limits,
    wish: Wish,
    ruled: Draft,
) -> dict[str, int]:
    """The best proposal for a goal, at least as good for its tiers as what the rules reached.

    Raises:
        Unsolved: there is none, or none was found in time.
    """
    program = _Program(situation, parameters, goal, limits)
    program.keep_within_bands(situation, ruled)
    program.keep_liquid(situation, parameters)
    program.reach(situation, goal, wish, ruled)
    return program.solve(situation, limits)


class _Program:
    """Unknowns: for each asset what is sold, what is bought, whether it is bought at all, and how
    far it ends off its target; for each tier how far it ends off."""

    def __init__(
        self, situation: Situation, parameters: Parameters, goal: Goal, limits: Limits
    ) -> None:
        self._gross = situation.gross
        drift_bps = parameters.tier_drift_weight_bps + parameters.asset_drift_weight_bps
        self._benefit_bps = 2 * drift_bps
        self._situation = situation
        self._costs: list[float] = []
        self._uppers: list[float] = []
        self._integral: list[int] = []
        self._rows: list[_Row] = []
        self._lows: list[float] = []
        self._highs: list[float] = []
        self._sold: dict[str, int] = {}
        self._bought: dict[str, int] = {}
        sells, buys = _permitted(situation, goal, limits)
        self._tiers: dict[Tier, _Row] = {tier: {} for tier in Tier}
        self._cash: _Row = {}
        self._loss: _Row = {}
        for holding in situation.holdings:
            self._add_trades(holding, sells[holding.token], buys[holding.token])
            self._add_asset_drift(holding, goal, parameters)
        for tier in Tier:
            off = self._scaled(situation.tier_assets(tier) - goal.tiers[tier])
            self._add_drift(self._tiers[tier], off, parameters.tier_drift_weight_bps, both=True)
        at_hand = situation.spendable_cash - limits.reserve - self._margin()
        self._require(self._cash, low=-self._scaled(max(0, at_hand)))

    def keep_within_bands(self, situation: Situation, ruled: Draft) -> None:
        """No tier leaves its band, or gets further out."""
        for band in situation.bands:
            before = situation.tier_assets(band.tier)
            low = min(before, share_ceil(self._gross, band.min_bps))
            # The fund shrinks by what trading costs, and its bands with it.
            shrunk = self._gross - 2 * ruled.slippage_assets
            high = max(before, share_floor(shrunk, band.max_bps) - self._margin())
            self._require(
                self._tiers[band.tier],
                low=self._scaled(low - before),
                high=self._scaled(high - before),
            )

    def keep_liquid(self, situation: Situation, parameters: Parameters) -> None:
        """L1 and coverage get no worse than critical, costs aside when they are already."""
        first = situation.tier_assets(Tier.L1)
        liquid = first + situation.tier_assets(Tier.L2)
        both = _sum(self._tiers[Tier.L1], self._tiers[Tier.L2])
        for row, before, critical in (
            (self._tiers[Tier.L1], first, share_ceil(self._gross, parameters.l1_critical_bps)),
            (both, liquid, coverage_floor(situation, parameters)),
        ):
            least = keeps_at_least(before, critical, 0) + self._margin()
            if before >= critical:
                self._require(row, low=self._scaled(min(before, least) - before))
            else:
                self._require(_sum(row, self._loss), low=0.0)

    def reach(self, situation: Situation, goal: Goal, wish: Wish, ruled: Draft) -> None:
        """Every tier ends between where the rules meant it to be and where they brought it."""
        # Half of what is tolerated: rounding needs the rest.
        costs, nothing = tolerance(situation, ruled) // 2, situation.gross // 1_000_000
        for tier in Tier:
            before, meant, reached = (
                situation.tier_assets(tier),
                wish.tiers[tier],
                ruled.tier_assets(tier),
            )
            # Costs may differ where something is traded; L1 is not what they are taken from.
            slack = costs if reached != before else nothing
            refilled = goal.aim.kind is AimKind.LIQUIDITY and tier is Tier.L1
            low = min(meant, reached) - (nothing if tier is Tier.L1 else slack)
            high = max(meant, reached) + (nothing if refilled else slack)
            row = self._tiers[tier]
            self._require(row, low=self._scaled(low - before), high=self._scaled(high - before))
        if goal.aim.kind is AimKind.LIQUIDITY:
            raised = ruled.spendable_cash - situation.spendable_cash
            self._require(self._cash, low=self._scaled(raised))
        if goal.aim.kind is AimKind.WEIGHTS:
            for holding in situation.holdings:
                after = ruled.values[holding.token]
                if after < holding.value:
                    row = self._change(holding)
                    self._require(row, high=self._scaled(after - holding.value))

    def solve(self, situation: Situation, limits: Limits) -> dict[str, int]:
        """Hand it to HiGHS and make integers of the answer."""
        matrix = np.zeros((len(self._rows), len(self._costs)))
        for number, row in enumerate(self._rows):
            for column, factor in row.items():
                matrix[number, column] = factor
        answer = milp(
            c=np.array(self._costs),
            integrality=np.array(self._integral),
            bounds=Bounds(np.zeros(len(self._costs)), np.array(self._uppers)),
            constraints=LinearConstraint(matrix, np.array(self._lows), np.array(self._highs)),
            options={"time_limit": _SECONDS_MAX, "mip_rel_gap": _GAP},
        )
        if answer.x is None:
            raise Unsolved(str(answer.message).split("(", maxsplit=1)[0].strip())
        return self._proposal(situation, limits, answer.x)

    # -- Unknowns ----------------------------------------------------------------------------------

    def _add_trades(self, holding: Holding, sell_max: int, buy_max: int) -> None:
        loss = max(0, holding.expected_slippage_bps) / BPS_ONE
        cost, gas = float(holding.expected_slippage_bps), self._scaled(holding.gas_assets) * BPS_ONE
        tier = self._tiers[holding.tier]
        first = self._tiers[Tier.L1]
        if sell_max > 0:
            sold = self._sold[holding.token] = self._unknown(cost, self._scaled(sell_max))
            tier[sold] = tier.get(sold, 0.0) - 1.0
            first[sold] = first.get(sold, 0.0) + 1.0 - loss
            self._cash[sold], self._loss[sold] = 1.0 - loss, loss
        if buy_max > 0:
            most, least = self._scaled(buy_max), self._scaled(least_purchase(holding))
            bought = self._bought[holding.token] = self._unknown(cost, most)
            tier[bought] = tier.get(bought, 0.0) + 1.0 - loss
            first[bought] = first.get(bought, 0.0) - 1.0
            self._cash[bought], self._loss[bought] = -1.0, loss
            if holding.min_purchase_assets > 0:
                whether = self._unknown(gas, 1.0, integral=True)
                self._require({bought: 1.0, whether: -least}, low=0.0)
                self._require({bought: 1.0, whether: -most}, high=0.0)
                if (sold_of := self._sold.get(holding.token)) is not None:
                    # Else it would buy a minimum and sell what is too much of it.
                    limit = self._scaled(sell_max)
                    self._require({sold_of: 1.0, whether: limit}, high=limit)

    def _add_asset_drift(self, holding: Holding, goal: Goal, parameters: Parameters) -> None:
        row = self._change(holding)
        if row:
            off = self._scaled(holding.value - goal.assets[holding.token])
            both = holding.tier is not Tier.L1
            self._add_drift(row, off, parameters.asset_drift_weight_bps, both=both)

    def _add_drift(self, row: _Row, off: float, weight_bps: int, *, both: bool) -> None:
        """A new unknown, at least as large as what is off after the changes of the row."""
        drift = self._unknown(float(weight_bps), np.inf)
        self._require(_sum(row, {drift: -1.0}), high=-off)
        if both:
            self._require(_sum(row, {drift: 1.0}), low=-off)

    def _change(self, holding: Holding) -> _Row:
        """By how much the value of an asset changes."""
        row = {}
        if (sold := self._sold.get(holding.token)) is not None:
            row[sold] = -1.0
        if (bought := self._bought.get(holding.token)) is not None:
            row[bought] = 1.0 - max(0, holding.expected_slippage_bps) / BPS_ONE
        return row

    def _unknown(self, cost: float, upper: float, *, integral: bool = False) -> int:
        self._costs.append(cost)
        self._uppers.append(upper)
        self._integral.append(int(integral))
        return len(self._costs) - 1

    def _require(self, row: _Row, *, low: float = -np.inf, high: float = np.inf) -> None:
        self._rows.append(row)
        self._lows.append(low)
        self._highs.append(high)

    # -- Between integers and floats ---------------------------------------------------------------

    def _scaled(self, assets: int) -> float:
        return assets * _SCALE / self._gross

    def _margin(self) -> int:
        """What rounding down may lose over all trades: cents, and a token of each asset."""
        tokens = (worth(holding, 1) + 1 for holding in self._situation.holdings)
        return CENT * len(self._situation.holdings) + sum(tokens) + self._gross // 10**9

    def _proposal(
        self, situation: Situation, limits: Limits, answer: Sequence[float]
    ) -> dict[str, int]:
        proposal = {}
        nothing = self._gross // 10**8
        for holding in situation.holdings:
            token = holding.token
            sold = self._amount(answer, self._sold.get(token), limits.sells[token])
            bought = self._amount(answer, self._bought.get(token), limits.buys[token])
            net = bought - sold
            minimum = least_purchase(holding)
            if 0 < net < minimum:
                # A whole purchase that floats made a little less than its minimum.
                net = minimum if net + max(nothing, minimum // 10**5) >= minimum else 0
            # Too small to bring what its gas costs, however far off everything is.
            worthless = abs(net) * self._benefit_bps < holding.gas_assets * BPS_ONE
            if abs(net) > max(CENT, nothing) and not worthless:
                proposal[token] = net
        return proposal

    def _amount(self, answer: Sequence[float], column: int | None, most: int) -> int:
        if column is None or answer[column] <= 0:
            return 0
        if answer[column] >= self._scaled(most) - _NOTHING:
            return most
        fraction = round(float(answer[column]) * 2**_FRACTION_BITS)
        return int(min(most, fraction * self._gross // (_SCALE << _FRACTION_BITS)))


def tolerance(situation: Situation, ruled: Draft) -> int:
    """How far a tier may stay behind the rules' result: their costs and a thousandth of a point."""
    return ruled.slippage_assets + situation.gross // 100_000


def _permitted(
    situation: Situation, goal: Goal, limits: Limits
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """What may be sold and bought for a goal at all."""
    kind, nothing = goal.aim.kind, dict.fromkeys(limits.sells, 0)
    if kind is AimKind.LIQUIDITY:
        return limits.sells, nothing
    if kind is AimKind.DEPLOY:
        first = {h.token for h in situation.holdings if h.tier is Tier.L1}
        sells = {t: most if t in first else 0 for t, most in limits.sells.items()}
        return sells, limits.buys
    return limits.sells, limits.buys


def _sum(*rows: _Row) -> _Row:
    total: _Row = {}
    for row in rows:
        for column, factor in row.items():
            total[column] = total.get(column, 0.0) + factor
    return total
