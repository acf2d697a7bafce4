"""Why an asset is traded, and what a plan leaves undone, in words."""

from collections.abc import Iterable

from apps.chain.terms import Tier
from apps.core.units import format_amount, format_bps
from apps.rebalance.rules.figures import ActionKind, AimKind, Holding, Parameters, Situation
from apps.rebalance.rules.goals import Goal
from apps.rebalance.rules.legs import Draft, Explain
from apps.rebalance.rules.limits import weight_limit
from apps.rebalance.rules.weights import is_below, percent_down, percent_up, share_floor


def explaining(situation: Situation, parameters: Parameters, goal: Goal) -> Explain:
    """The words for each trade of a plan with this goal."""

    def explain(holding: Holding, kind: ActionKind) -> str:
        if goal.aim.kind is AimKind.REVERSE:
            return "undoes a sale" if kind is ActionKind.PURCHASE else "undoes a purchase"
        if kind is ActionKind.REDEEM:
            return _why_sold(situation, parameters, goal, holding)
        return _why_bought(situation, goal, holding)

    return explain


def _why_sold(situation: Situation, parameters: Parameters, goal: Goal, holding: Holding) -> str:
    tier, gross = holding.tier, situation.gross
    if goal.aim.kind is AimKind.LIQUIDITY:
        return f"{_need(situation, parameters, goal)} {_source(situation, goal, tier)}"
    limit = weight_limit(situation, parameters, holding)
    if goal.aim.kind is AimKind.WEIGHTS and holding.value > limit:
        return (
            f"{holding.symbol} is {percent_up(holding.value, gross)} of the fund, above"
            f" {percent_down(limit, gross)}"
        )
    if tier is Tier.L1:
        return f"{_stands(situation, goal, Tier.L1)}: its surplus is invested"
    if goal.aim.kind is not AimKind.WEIGHTS and situation.tier_assets(tier) > goal.tiers[tier]:
        return _stands(situation, goal, tier)
    return f"{_weighs(situation, goal, holding)}: exchanged for assets that are further below"


def _why_bought(situation: Situation, goal: Goal, holding: Holding) -> str:
    tier = holding.tier
    if goal.aim.kind is AimKind.WEIGHTS:
        return _weighs(situation, goal, holding)
    if goal.aim.kind is AimKind.DEPLOY:
        surplus = f"L1 is {_ratio(situation, Tier.L1)}: surplus into {tier.name}"
        return f"{surplus}, {_ratio(situation, tier)} of a target of {_target(goal, tier)}"
    if situation.tier_assets(tier) < goal.tiers[tier]:
        return _stands(situation, goal, tier)
    return _weighs(situation, goal, holding)


def _need(situation: Situation, parameters: Parameters, goal: Goal) -> str:
    first, gross = situation.tier_assets(Tier.L1), situation.gross
    needs = []
    if goal.aim.raise_assets:
        needs.append(f"{format_amount(goal.aim.raise_assets)} USDT are to be raised")
    if is_below(first, gross, parameters.l1_low_bps):
        mark = format_bps(parameters.l1_low_bps)
        ratio = percent_down(first, gross)
        needs.append(f"L1 is {ratio}, below {mark}: back to {_target(goal, Tier.L1)}")
    return " and ".join(needs)


def _source(situation: Situation, goal: Goal, tier: Tier) -> str:
    if tier is Tier.L1:
        return "from L1's yield assets"
    least = f"not below {format_bps(situation.band(tier).min_bps)}"
    excess = situation.tier_assets(tier) - goal.tiers[tier]
    if tier is Tier.L2 and excess > 0:
        lacking = max(0, goal.tiers[Tier.L1] - situation.tier_assets(Tier.L1))
        enough = excess >= lacking + goal.aim.raise_assets
        return "from L2's excess over target" + ("" if enough else f" and beyond it, {least}")
    return f"from {tier.name}, {least}"


def _stands(situation: Situation, goal: Goal, tier: Tier) -> str:
    return f"{tier.name} is {_ratio(situation, tier)}, target {_target(goal, tier)}"


def _weighs(situation: Situation, goal: Goal, holding: Holding) -> str:
    weight = percent_down(holding.value, situation.gross)
    target = percent_down(goal.assets[holding.token], situation.gross)
    return f"{holding.symbol} is {weight} of the fund, target {target}"


def _ratio(situation: Situation, tier: Tier) -> str:
    return percent_down(situation.tier_assets(tier), situation.gross)


def _target(goal: Goal, tier: Tier) -> str:
    return format_bps(goal.target_bps[tier])


# -- Warnings --------------------------------------------------------------------------------------


def warnings_of(
    situation: Situation, parameters: Parameters, goal: Goal, draft: Draft
) -> Iterable[str]:
    """What people should know of a plan before they agree."""
    yield from _unreached(situation, goal, draft)
    for action in draft.actions:
        if action.slippage_bps > parameters.slippage_warn_bps:
            loss = format_bps(action.slippage_bps)
            yield f"{action.symbol} is expected to lose {loss} when traded"
    for holding in situation.holdings:
        if holding.balance > 0 and holding.expected_slippage_bps > parameters.slippage_block_bps:
            loss = format_bps(holding.expected_slippage_bps)
            yield f"{holding.symbol} is left alone: it is expected to lose {loss} when traded"
        after = draft.values[holding.token]
        if after > weight_limit(situation, parameters, holding):
            ratio = percent_up(after, draft.gross)
            limit = format_bps(parameters.asset_weight_max_bps)
            yield f"{holding.symbol} stays at {ratio} of the fund, above {limit}"


def _unreached(situation: Situation, goal: Goal, draft: Draft) -> Iterable[str]:
    """Tiers the plan should bring to target but cannot: closed windows, minimums, limits."""
    # Rounding and costs are no failure: a hundredth of a point is.
    tolerance = share_floor(draft.gross, 1) + draft.slippage_assets
    concerned = {
        AimKind.LIQUIDITY: (),
        AimKind.DEPLOY: (Tier.L1,),
        AimKind.TIERS: tuple(Tier),
        AimKind.EXACT: tuple(Tier),
        AimKind.WEIGHTS: (),
        AimKind.REVERSE: (),
    }[goal.aim.kind]
    for tier in concerned:
        after = draft.tier_assets(tier)
        if abs(after - goal.tiers[tier]) > tolerance:
            ratio = percent_down(after, draft.gross)
            yield f"{tier.name} will be {ratio}, not {_target(goal, tier)}"
    if goal.aim.kind is AimKind.LIQUIDITY:
        yield from _not_raised(situation, goal, draft, tolerance)
    if goal.aim.kind is AimKind.REVERSE:
        yield from _not_undone(goal, draft)


def _not_raised(situation: Situation, goal: Goal, draft: Draft, tolerance: int) -> Iterable[str]:
    raised = draft.spendable_cash - situation.spendable_cash
    if raised + tolerance < goal.aim.raise_assets:
        wanted = format_amount(goal.aim.raise_assets)
        yield f"{format_amount(raised)} of the {wanted} USDT wanted can be raised within the bands"


def _not_undone(goal: Goal, draft: Draft) -> Iterable[str]:
    wanted = sum(abs(assets) for assets in goal.aim.undo.values())
    done = draft.sold_assets + draft.bought_assets
    # What the trades themselves cost, and cents, cannot be undone.
    if done + draft.slippage_assets + share_floor(wanted, 10) < wanted:
        yield f"{format_amount(done)} of {format_amount(wanted)} USDT can be undone"
