"""Why nothing is traded: what stands in the way of each asset that would help, in words."""

from collections.abc import Callable, Iterable

from apps.chain.terms import Tier
from apps.core.units import format_amount, format_bps
from apps.rebalance.rules.figures import AimKind, Holding, Parameters, Situation
from apps.rebalance.rules.goals import Goal
from apps.rebalance.rules.legs import CENT, least_purchase
from apps.rebalance.rules.limits import Limits, coverage_floor, liquid_assets, weight_limit
from apps.rebalance.rules.weights import percent_down, percent_up, share_ceil, share_floor

_NAMED_MAX = 4
_Obstacle = Callable[[Holding], str]


def why_nothing(situation: Situation, parameters: Parameters, goal: Goal, limits: Limits) -> str:
    """Why nothing is traded, naming the limits that hold it up."""
    found = _Obstacles(situation, parameters, goal, limits)
    reasons = list(dict.fromkeys(found.all()))
    known = "; ".join(reasons[:_NAMED_MAX])
    said = "nothing that would help can be bought or sold now"
    return f"{said}: {known}" if known else said


class _Obstacles:
    """What stands in the way of one goal."""

    def __init__(
        self, situation: Situation, parameters: Parameters, goal: Goal, limits: Limits
    ) -> None:
        self._situation, self._parameters = situation, parameters
        self._goal, self._limits = goal, limits

    def all(self) -> Iterable[str]:
        """Each obstacle with the assets that it holds up; the fund's own first."""
        buys, sells = self._concerned()
        if not buys and not sells:
            is_undo = self._goal.aim.kind is AimKind.REVERSE
            yield "its assets are not listed any more" if is_undo else "nothing is off its target"
        if self._goal.aim.kind is AimKind.LIQUIDITY:
            yield from self._of_room()
        if buys:
            yield from self._of_cash(buys, sells)
        yield from self._grouped(buys, self._against_buying)
        yield from self._grouped(sells, self._against_selling)

    def _concerned(self) -> tuple[list[Holding], list[Holding]]:
        """What would be bought, and what would be sold, if anything could be."""
        holdings, goal, kind = self._situation.holdings, self._goal, self._goal.aim.kind
        if kind is AimKind.REVERSE:
            undo = goal.aim.undo
            return (
                [h for h in holdings if undo.get(h.token, 0) > 0],
                [h for h in holdings if undo.get(h.token, 0) < 0],
            )
        if kind is AimKind.LIQUIDITY:
            return [], [h for h in holdings if h.tier is not Tier.L1]
        if kind is AimKind.WEIGHTS:
            buys = [h for h in holdings if h.tier is not Tier.L1 and self._lacks(h)]
            return buys, [h for h in holdings if not self._lacks(h) and h.value > 0]
        lacking = {t for t in Tier if self._situation.tier_assets(t) < goal.tiers[t]} - {Tier.L1}
        above = {t for t in Tier if self._situation.tier_assets(t) > goal.tiers[t]} - {Tier.L1}
        sells = [] if kind is AimKind.DEPLOY else [h for h in holdings if h.tier in above]
        return [h for h in holdings if h.tier in lacking], sells

    def _lacks(self, holding: Holding) -> bool:
        return holding.value < self._goal.assets[holding.token]

    def _of_cash(self, buys: list[Holding], sells: list[Holding]) -> Iterable[str]:
        situation = self._situation
        free = situation.spendable_cash - self._limits.reserve
        if free < CENT and not sells:
            kept = format_amount(self._limits.reserve)
            yield f"no cash is free beyond the {kept} USDT kept for redemptions falling due"
        floor = coverage_floor(situation, self._parameters)
        if any(h.tier is Tier.L3 for h in buys) and floor and liquid_assets(situation) <= floor:
            yield "L1 and L2 are needed for what is owed"

    def _of_room(self) -> Iterable[str]:
        situation, band = self._situation, self._situation.band(Tier.L1)
        first, gross = situation.tier_assets(Tier.L1), situation.gross
        if first >= share_floor(gross, band.max_bps):
            yield f"L1 is {percent_up(first, gross)}, its maximum {format_bps(band.max_bps)}"

    def _grouped(self, holdings: list[Holding], obstacle: _Obstacle) -> Iterable[str]:
        """One sentence for all assets with the same obstacle."""
        by_words: dict[str, list[str]] = {}
        for holding in holdings:
            if words := obstacle(holding):
                by_words.setdefault(words, []).append(holding.symbol)
        for words, symbols in by_words.items():
            more = [f"{len(symbols) - _NAMED_MAX} more"] if len(symbols) > _NAMED_MAX else []
            yield f"{', '.join([*symbols[:_NAMED_MAX], *more])}: {words}"

    def _against_buying(self, holding: Holding) -> str:
        situation, least = self._situation, least_purchase(holding)
        if words := self._against_trading(holding):
            return words
        if not holding.purchasable:
            return "not open for purchases"
        if situation.trade_assets_max is not None and situation.trade_assets_max < least:
            return (
                f"sold for no less than {format_amount(least)} USDT, and no signer may move more"
                f" than {format_amount(situation.trade_assets_max)} at once"
            )
        return self._of_room_for(holding, least)

    def _of_room_for(self, holding: Holding, least: int) -> str:
        """What the limit of one asset, and of three together, leaves of a purchase."""
        gross = self._situation.gross
        limit = weight_limit(self._situation, self._parameters, holding)
        most, room = percent_down(limit, gross), limit - holding.value
        if room < CENT:
            weight = percent_up(holding.value, gross)
            return f"{weight} of the fund, and no more than {most} is allowed"
        if room < least:
            return (
                f"{format_amount(room)} USDT below its limit of {most} of the fund, and sold for no"
                f" less than {format_amount(least)}"
            )
        if self._limits.buys[holding.token] == 0:
            top = format_bps(self._parameters.top3_weight_max_bps)
            return f"the three largest assets are above {top} of the fund"
        return f"sold for no less than {format_amount(least)} USDT" if least else ""

    def _against_selling(self, holding: Holding) -> str:
        situation, parameters = self._situation, self._parameters
        if holding.balance <= 0:
            return "none is held"
        if words := self._against_trading(holding):
            return words
        kind = self._goal.aim.kind
        if kind is AimKind.LIQUIDITY:
            least_bps = situation.band(holding.tier).min_bps
            held = situation.tier_assets(holding.tier)
            if held > share_ceil(situation.gross, least_bps):
                return ""
            ratio = percent_down(held, situation.gross)
            return f"{holding.tier.name} is {ratio}, its minimum {format_bps(least_bps)}"
        limit = weight_limit(situation, parameters, holding)
        if kind is AimKind.WEIGHTS and holding.value <= limit:
            ratio = percent_down(limit, situation.gross)
            is_own = limit > share_floor(situation.gross, parameters.asset_weight_max_bps)
            return f"its own target is {ratio} of the fund" if is_own else ""
        return ""

    def _against_trading(self, holding: Holding) -> str:
        if holding.price <= 0:
            return "its price is not known"
        most_bps = self._parameters.slippage_block_bps
        if holding.expected_slippage_bps > most_bps:
            loss = format_bps(holding.expected_slippage_bps)
            return f"expected to lose {loss} when traded, above {format_bps(most_bps)}"
        return ""
