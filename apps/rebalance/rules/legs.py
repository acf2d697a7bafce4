"""A proposal becomes actions: whole tokens and cents, split, and what comes of them.

A proposal is signed USDT by token: negative sells so much value, positive spends so much cash. All
rounding is down; what rounding loses is counted as slippage, so that value is conserved exactly.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from apps.chain.terms import Tier
from apps.core.units import BPS_ONE
from apps.rebalance.rules.figures import (
    Action,
    ActionKind,
    Aim,
    Holding,
    Parameters,
    Situation,
)
from apps.rebalance.rules.ordering import in_order

CENT = 10**16
"""Purchases are for whole cents, so that amounts read well."""

Proposal = Mapping[str, int]
Explain = Callable[[Holding, ActionKind], str]
"""The reason in words why an asset is sold or bought."""

_REASON_CHARACTERS_MAX = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Actions in order, and the fund after them as projected; gas is not paid by the fund."""

    actions: tuple[Action, ...]
    cash: int
    spendable_cash: int
    values: Mapping[str, int]
    balances: Mapping[str, int]
    tiers: Mapping[Tier, int]
    sold_assets: int
    bought_assets: int

    @property
    def gross(self) -> int:
        """Cash and the value of all holdings."""
        return sum(self.tiers.values())

    @property
    def amount_assets(self) -> int:
        """What changes places: the larger of all that is sold and all that is bought."""
        return max(self.sold_assets, self.bought_assets)

    @property
    def slippage_assets(self) -> int:
        """What trading is expected to lose."""
        return sum(action.slippage_assets for action in self.actions)

    @property
    def gas_assets(self) -> int:
        """What the gas of all trades is worth."""
        return sum(action.gas_assets for action in self.actions)

    def tier_assets(self, tier: Tier) -> int:
        """A tier's value; cash is L1's."""
        return self.tiers[tier]


def draft_of(
    situation: Situation, parameters: Parameters, aim: Aim, proposal: Proposal, explain: Explain
) -> Draft:
    """Make actions of a proposal; what is too small to be traded is left out."""
    lots: list[Action] = []
    cash, spendable = situation.cash, situation.spendable_cash
    reserve = min(spendable, situation.due_assets)
    values = {holding.token: holding.value for holding in situation.holdings}
    balances = {holding.token: holding.balance for holding in situation.holdings}
    tiers = {tier: situation.tier_assets(tier) for tier in Tier}
    sold = bought = 0
    for holding, wish in _wishes(situation, proposal):
        if wish < 0:
            trades = _sales(situation, parameters, holding, -wish)
        else:
            trades = _purchases(situation, parameters, holding, min(wish, spendable - reserve))
        for trade in trades:
            lots.append(replace(trade, reason=_short(explain(holding, trade.kind))))
            if trade.kind is ActionKind.REDEEM:
                gone, gain = trade.assets + trade.slippage_assets, trade.assets
                balances[holding.token] -= trade.tokens
                sold += gone
            else:
                gone, gain = trade.slippage_assets - trade.assets, -trade.assets
                balances[holding.token] += trade.tokens
                bought += trade.assets
            values[holding.token] -= gone
            tiers[holding.tier] -= gone
            tiers[Tier.L1] += gain
            cash, spendable = cash + gain, spendable + gain
    return Draft(
        actions=in_order(situation, parameters, aim, lots),
        cash=cash,
        spendable_cash=spendable,
        values=values,
        balances=balances,
        tiers=tiers,
        sold_assets=sold,
        bought_assets=bought,
    )


def _wishes(situation: Situation, proposal: Proposal) -> list[tuple[Holding, int]]:
    """What can be traded of a proposal: sales first, then the purchases from the smallest up."""
    wishes = [(h, proposal.get(h.token, 0)) for h in situation.holdings if h.price > 0]
    sales = [wish for wish in wishes if wish[1] < 0]
    purchases = [wish for wish in wishes if wish[1] > 0]
    return sales + sorted(
        _affordable(situation, sales, purchases), key=lambda w: (w[1], w[0].token)
    )


def _affordable(
    situation: Situation, sales: list[tuple[Holding, int]], purchases: list[tuple[Holding, int]]
) -> Iterable[tuple[Holding, int]]:
    """Sales bring a little less than was wished, by rounding: those purchases make do with less
    that are furthest above their minimum."""
    cash = max(0, situation.spendable_cash - situation.due_assets)
    for holding, wish in sales:
        tokens = worth(holding, 1) + 1
        cash += max(0, (-wish - tokens) * _kept_bps(holding) // BPS_ONE)
    short = sum(wish for _, wish in purchases) - cash
    for holding, wish in sorted(purchases, key=lambda w: least_purchase(w[0]) - w[1]):
        cut = min(max(0, short), max(0, wish - least_purchase(holding)))
        short -= cut
        yield holding, wish - cut


def _short(reason: str) -> str:
    return reason[:_REASON_CHARACTERS_MAX]


def least_purchase(holding: Holding) -> int:
    """The least that is worth wishing for: the asset's minimum, and of a coarse token, whose price
    rounds to less, one token more."""
    token = worth(holding, 1) + 1
    kept_bps = _kept_bps(holding)
    if token < CENT or kept_bps == 0:
        return holding.min_purchase_assets
    return holding.min_purchase_assets + -(-token * BPS_ONE // kept_bps) + CENT


def worth(holding: Holding, tokens: int) -> int:
    """Value of so many tokens, floor."""
    return int(tokens * holding.price // 10**holding.decimals)


def _sales(
    situation: Situation, parameters: Parameters, holding: Holding, value: int
) -> Iterable[Action]:
    unit = 10**holding.decimals
    tokens = holding.balance if value >= holding.value else value * unit // holding.price
    left, left_value = holding.balance, holding.value
    part_max = left
    if situation.trade_assets_max is not None:
        part_max = max(0, situation.trade_assets_max) * unit // holding.price
    tokens = min(tokens, left) if part_max else 0
    while tokens > 0:
        part = min(tokens, part_max)
        tokens, left = tokens - part, left - part
        gone = min(worth(holding, part), left_value) if left else left_value
        assets = min(gone, worth(holding, part)) * _kept_bps(holding) // BPS_ONE
        left_value -= gone
        if assets == 0:
            continue
        yield _action(
            holding,
            kind=ActionKind.REDEEM,
            assets=assets,
            tokens=part,
            assets_min=min(assets, gone * (BPS_ONE - parameters.slippage_block_bps) // BPS_ONE),
            tokens_min=part,
            slippage_assets=gone - assets,
        )


def _purchases(
    situation: Situation, parameters: Parameters, holding: Holding, assets: int
) -> Iterable[Action]:
    unit, kept_bps = 10**holding.decimals, _kept_bps(holding)
    for part in _parts(situation.trade_assets_max, least_purchase(holding), assets):
        tokens = part * kept_bps * unit // (BPS_ONE * holding.price)
        if tokens == 0:
            continue
        # Of a coarse token no more is paid than whole ones cost.
        needed = -(-tokens * holding.price * BPS_ONE // (unit * kept_bps))
        spent = min(part, -(-needed // CENT) * CENT)
        if spent < holding.min_purchase_assets:
            continue
        accepted_bps = BPS_ONE - parameters.slippage_block_bps
        yield _action(
            holding,
            kind=ActionKind.PURCHASE,
            assets=spent,
            tokens=tokens,
            assets_min=spent,
            tokens_min=min(tokens, spent * accepted_bps * unit // (BPS_ONE * holding.price)),
            slippage_assets=spent - worth(holding, tokens),
        )


def _parts(part_max: int | None, minimum: int, assets: int) -> list[int]:
    """A purchase in parts that one trade may move, each of whole cents and at least the minimum.

    An amount between the minimum and the next whole cent below it is the minimum itself.
    """
    whole = assets // CENT * CENT
    if whole < minimum:
        whole = minimum if minimum <= assets else 0
    if part_max is None or whole <= part_max:
        return [whole] if whole else []
    part = max(part_max // CENT * CENT, minimum)
    if part == 0 or part > part_max:
        return []
    count, rest = divmod(whole, part)
    parts = [part] * count
    if rest >= max(minimum, 1):
        return [*parts, rest]
    # What is left over is too little for a trade of its own: the last two share.
    half = (part + rest) // 2 // CENT * CENT
    if rest and half >= minimum:
        return [*parts[:-1], part + rest - half, half]
    return parts


def _action(
    holding: Holding,
    *,
    kind: ActionKind,
    assets: int,
    tokens: int,
    assets_min: int,
    tokens_min: int,
    slippage_assets: int,
) -> Action:
    sale = kind is ActionKind.REDEEM
    return Action(
        position=0,
        kind=kind,
        priority=3,
        tier_from=holding.tier if sale else Tier.L1,
        tier_to=Tier.L1 if sale else holding.tier,
        token=holding.token,
        symbol=holding.symbol,
        decimals=holding.decimals,
        assets=assets,
        tokens=tokens,
        assets_min=assets_min,
        tokens_min=tokens_min,
        method=holding.method,
        slippage_bps=holding.expected_slippage_bps,
        slippage_assets=slippage_assets,
        gas_assets=holding.gas_assets,
        reason="",
    )


def _kept_bps(holding: Holding) -> int:
    return min(BPS_ONE, max(0, BPS_ONE - holding.expected_slippage_bps))
