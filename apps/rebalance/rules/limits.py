"""What no plan may do, whoever planned it: bounds by asset before, and a judgement after.

All bounds are exact integers. What is outside its band or below critical already must not get
further out than by what trading itself costs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.chain.terms import Tier
from apps.core.units import BPS_ONE, UINT256_MAX, format_amount, format_bps
from apps.rebalance.rules.figures import (
    ActionKind,
    Aim,
    AimKind,
    Holding,
    Parameters,
    Situation,
)
from apps.rebalance.rules.legs import CENT, Draft, least_purchase, worth
from apps.rebalance.rules.weights import (
    is_above,
    percent_down,
    percent_up,
    share_ceil,
    share_floor,
    target_assets,
    top_assets,
)

# A wish that would take more trades of one asset than this waits for the next plan.
PARTS_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """By token, the most value that may be sold and the most USDT that may be spent; ``reserve`` is
    the spendable cash that stays, for redemptions falling due."""

    sells: Mapping[str, int]
    buys: Mapping[str, int]
    reserve: int


def limits_of(situation: Situation, parameters: Parameters, aim: Aim) -> Limits:
    """The bounds of each asset under an aim."""
    return Limits(
        sells={h.token: _sale_max(situation, parameters, h) for h in situation.holdings},
        buys={h.token: _purchase_max(situation, parameters, aim, h) for h in situation.holdings},
        reserve=min(situation.spendable_cash, situation.due_assets),
    )


def weight_limit(situation: Situation, parameters: Parameters, holding: Holding) -> int:
    """The most that an asset may be worth: its limit, or its own target where that is higher."""
    limit = share_floor(situation.gross, parameters.asset_weight_max_bps)
    return max(limit, target_assets(situation, holding))


def coverage_floor(situation: Situation, parameters: Parameters) -> int:
    """What L1 and L2 must keep together: enough for critical coverage, or all they have."""
    needed = share_ceil(situation.liability_assets, parameters.coverage_critical_bps)
    return min(needed, liquid_assets(situation))


def liquid_assets(situation: Situation) -> int:
    """L1 and L2 together."""
    return situation.tier_assets(Tier.L1) + situation.tier_assets(Tier.L2)


def _sale_max(situation: Situation, parameters: Parameters, holding: Holding) -> int:
    tradable = holding.price > 0 and holding.balance > 0 and _is_tradable(parameters, holding)
    return min(holding.value, _parts_max(situation)) if tradable else 0


def _purchase_max(situation: Situation, parameters: Parameters, aim: Aim, holding: Holding) -> int:
    if not (holding.purchasable and holding.price > 0 and _is_tradable(parameters, holding)):
        return 0
    # Cash is as liquid as anything in L1: it is spent on it only to undo a sale.
    if holding.tier is Tier.L1 and aim.kind is not AimKind.REVERSE:
        return 0
    limit = weight_limit(situation, parameters, holding)
    if aim.kind is AimKind.WEIGHTS and _is_top_heavy(situation, parameters):
        limit = min(limit, share_floor(situation.gross, parameters.top3_weight_max_bps) // 3)
    most = min(limit - holding.value, _parts_max(situation))
    least = least_purchase(holding)
    if situation.trade_assets_max is not None and situation.trade_assets_max < least:
        return 0
    return most if most >= max(least, CENT) else 0


def _is_top_heavy(situation: Situation, parameters: Parameters) -> bool:
    top = top_assets(situation.holdings)
    return is_above(top, situation.gross, parameters.top3_weight_max_bps)


def _parts_max(situation: Situation) -> int:
    if situation.trade_assets_max is None:
        return UINT256_MAX
    return max(0, situation.trade_assets_max) * PARTS_MAX


def _is_tradable(parameters: Parameters, holding: Holding) -> bool:
    """Not when it would lose more than the checks before execution let through."""
    most_bps = min(parameters.slippage_block_bps, BPS_ONE - 1)
    return holding.expected_slippage_bps <= most_bps


# -- Afterwards ------------------------------------------------------------------------------------


def violation(situation: Situation, parameters: Parameters, aim: Aim, draft: Draft) -> str:
    """Why a draft must not become a plan, in words; empty when it may."""
    return (
        _of_size(parameters, aim, draft)
        or _of_cash(situation, draft)
        or _of_assets(situation, parameters, draft)
        or _of_tiers(situation, draft)
        or _of_liquidity(situation, parameters, draft)
    )


def _of_size(parameters: Parameters, aim: Aim, draft: Draft) -> str:
    if not draft.actions:
        return "nothing would be traded"
    # What falls due is raised however little it is.
    urgent = aim.kind is AimKind.LIQUIDITY and aim.raise_assets > 0
    if draft.amount_assets < parameters.plan_assets_min and not urgent:
        return (
            f"{format_amount(draft.amount_assets)} USDT would move, below the minimum of"
            f" {format_amount(parameters.plan_assets_min)}"
        )
    if any(max(action.assets, action.tokens) > UINT256_MAX for action in draft.actions):
        return "an amount is larger than a contract can hold"
    return ""


def _of_cash(situation: Situation, draft: Draft) -> str:
    at_hand = situation.spendable_cash
    for action in draft.actions:
        at_hand += action.assets if action.kind is ActionKind.REDEEM else -action.assets
        if at_hand < 0:
            return f"cash would not suffice for {action.symbol}"
    reserve = min(situation.spendable_cash, situation.due_assets)
    if at_hand < reserve:
        return f"{format_amount(reserve)} USDT of cash are needed for redemptions falling due"
    return ""


def _of_assets(situation: Situation, parameters: Parameters, draft: Draft) -> str:
    minimums = {h.token: h.min_purchase_assets for h in situation.holdings}
    for action in draft.actions:
        if action.kind is ActionKind.PURCHASE and action.assets < minimums[action.token]:
            return f"{action.symbol} is not sold for less than its minimum"
    for holding in situation.holdings:
        after = draft.values[holding.token]
        if draft.balances[holding.token] < 0:
            return f"more {holding.symbol} would be sold than there is"
        if after <= holding.value:
            continue
        if not holding.purchasable:
            return f"{holding.symbol} is not open for purchases"
        if after > weight_limit(situation, parameters, holding):
            return (
                f"{holding.symbol} would be {percent_up(after, situation.gross)} of the fund, above"
                f" {format_bps(parameters.asset_weight_max_bps)}"
            )
    return ""


def _of_tiers(situation: Situation, draft: Draft) -> str:
    costs = _costs(situation, draft)
    for band in situation.bands:
        before, after = situation.tier_assets(band.tier), draft.tier_assets(band.tier)
        least = share_ceil(draft.gross, band.min_bps)
        if after < keeps_at_least(before, least, costs):
            ratio, limit = percent_down(after, draft.gross), format_bps(band.min_bps)
            return f"{band.tier.name} would be {ratio}, below its minimum of {limit}"
        most = share_floor(draft.gross, band.max_bps)
        if after > max(most, before if before <= most else before + costs):
            ratio, limit = percent_up(after, draft.gross), format_bps(band.max_bps)
            return f"{band.tier.name} would be {ratio}, above its maximum of {limit}"
    return ""


def _of_liquidity(situation: Situation, parameters: Parameters, draft: Draft) -> str:
    first, first_after = situation.tier_assets(Tier.L1), draft.tier_assets(Tier.L1)
    costs = _costs(situation, draft)
    needed = share_ceil(draft.gross, parameters.l1_critical_bps)
    if first_after < keeps_at_least(first, needed, costs):
        ratio, limit = (
            percent_down(first_after, draft.gross),
            format_bps(parameters.l1_critical_bps),
        )
        return f"L1 would be {ratio}, worse than critical ({limit})"
    liquid_after = first_after + draft.tier_assets(Tier.L2)
    needed = share_ceil(situation.liability_assets, parameters.coverage_critical_bps)
    if liquid_after < keeps_at_least(liquid_assets(situation), needed, costs):
        ratio = percent_down(liquid_after, situation.liability_assets)
        return f"coverage would be {ratio}, worse than critical"
    return ""


def keeps_at_least(before: int, least: int, costs: int) -> int:
    """What must be left: the least there should be, or, of less than that, all but the costs."""
    return least if before >= least else before - costs


def _costs(situation: Situation, draft: Draft) -> int:
    """What trading is expected to cost, and what rounding leaves as cash: cents, and tokens."""
    tokens = {holding.token: worth(holding, 1) + 1 for holding in situation.holdings}
    left = sum(CENT + tokens[action.token] for action in draft.actions)
    return draft.slippage_assets + left
