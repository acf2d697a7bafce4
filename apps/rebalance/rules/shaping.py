"""A proposal as it grows: sells and buys tier by tier, asset by asset, within the limits."""

from collections.abc import Collection, Iterable

from apps.chain.terms import Tier
from apps.core.units import BPS_ONE
from apps.rebalance.rules.figures import Holding, Situation
from apps.rebalance.rules.goals import Goal
from apps.rebalance.rules.legs import CENT, least_purchase
from apps.rebalance.rules.limits import Limits


class Shape:
    """What is sold (negative) and bought (positive) so far, in USDT by token.

    ``at_hand`` is the cash that purchases may still spend: the spendable cash beyond the reserve,
    with what sales bring and less what purchases take.
    """

    def __init__(self, situation: Situation, goal: Goal, limits: Limits) -> None:
        self._situation, self._goal, self._limits = situation, goal, limits
        self.proposal: dict[str, int] = {}
        self.at_hand = situation.spendable_cash - limits.reserve

    def raise_cash(self, tier: Tier, wanted: int, *, value_max: int | None = None) -> int:
        """Sell of a tier until it brings so much cash, at most ``value_max`` of value; the cash.

        What is furthest above its target goes first, then the largest.
        """
        raised = sold = 0
        value_max = self._situation.tier_assets(tier) if value_max is None else value_max
        for only_excess in (True, False):
            for holding in self._by_excess(tier):
                left = min(wanted - raised, _proceeds(holding, value_max - sold))
                if left <= 0:
                    continue
                room = self._excess(holding) if only_excess else self._left(holding)
                value = min(room, self._room_to_sell(holding), _value_for(holding, left))
                if value > 0:
                    raised += self.sell(holding, value)
                    sold += value
        return raised

    def sell(self, holding: Holding, value: int) -> int:
        """Sell so much value of one asset, within its limit; the cash it brings."""
        value = min(value, self._room_to_sell(holding))
        if value <= 0:
            return 0
        self.proposal[holding.token] = self.proposal.get(holding.token, 0) - value
        self.at_hand += _proceeds(holding, value)
        return _proceeds(holding, value)

    def invest(self, tier: Tier, wanted: int, *, besides: Collection[str] = ()) -> int:
        """Buy of a tier for at most so much, within the limits; the cash it took.

        What is furthest below its target goes first and gets what it lacks; what is left goes
        where it is least above. ``besides`` are left alone.
        """
        spent = 0
        open_now = [h for h in self._of(tier) if h.token not in besides]
        for only_shortfall in (True, False):
            for holding in sorted(open_now, key=lambda h: (self._excess(h, signed=True), h.token)):
                left = wanted - spent
                part = min(left, -self._excess(holding, signed=True)) if only_shortfall else left
                spent += self.buy(holding, part)
        return spent

    def buy(self, holding: Holding, assets: int) -> int:
        """Buy one asset for so much, within its limit, or not at all when that is less than its
        minimum; the cash it took."""
        bought = max(0, self.proposal.get(holding.token, 0))
        part = min(assets, self._limits.buys[holding.token] - bought) // CENT * CENT
        if part <= 0 or bought + part < least_purchase(holding):
            return 0
        self.proposal[holding.token] = bought + part
        self.at_hand -= part
        return part

    def _of(self, tier: Tier) -> Iterable[Holding]:
        return (holding for holding in self._situation.holdings if holding.tier is tier)

    def _by_excess(self, tier: Tier) -> list[Holding]:
        return sorted(
            self._of(tier),
            key=lambda h: (-self._excess(h, signed=True), -h.value, h.token),
        )

    def _left(self, holding: Holding) -> int:
        return holding.value + self.proposal.get(holding.token, 0)

    def _room_to_sell(self, holding: Holding) -> int:
        return self._limits.sells[holding.token] + min(0, self.proposal.get(holding.token, 0))

    def _excess(self, holding: Holding, *, signed: bool = False) -> int:
        excess = self._left(holding) - self._goal.assets[holding.token]
        return excess if signed else max(0, excess)


def _proceeds(holding: Holding, value: int) -> int:
    return value * (BPS_ONE - max(0, holding.expected_slippage_bps)) // BPS_ONE


def _value_for(holding: Holding, proceeds: int) -> int:
    """The value whose sale brings so much, rounded up."""
    kept_bps = BPS_ONE - max(0, holding.expected_slippage_bps)
    return -(-proceeds * BPS_ONE // kept_bps) if kept_bps > 0 else 0
