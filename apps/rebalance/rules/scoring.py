"""What a draft costs and what it leaves undone: one measure for every planner."""

from collections.abc import Mapping, Sequence

from apps.chain.terms import Tier
from apps.core.units import BPS_ONE
from apps.rebalance.rules.figures import (
    Action,
    ActionKind,
    Aim,
    Parameters,
    Planner,
    Score,
    Situation,
)
from apps.rebalance.rules.goals import Goal, targets_of
from apps.rebalance.rules.legs import Draft


def score_of(
    planner: Planner, situation: Situation, parameters: Parameters, goal: Goal, draft: Draft
) -> Score:
    """Measure a draft after rounding: its cost, and the drift it leaves."""
    return Score(
        planner=planner,
        cost_assets=draft.slippage_assets + draft.gas_assets,
        drift_assets=_drift(situation, parameters, goal, draft.tiers, draft.values),
    )


def benefit_of(
    situation: Situation, parameters: Parameters, aim: Aim, actions: Sequence[Action]
) -> int:
    """What actions are worth: by how much they lower the weighted drift; negative when they raise
    it."""
    goal = targets_of(situation, aim)
    tiers = {tier: situation.tier_assets(tier) for tier in Tier}
    values = {holding.token: holding.value for holding in situation.holdings}
    before = _drift(situation, parameters, goal, tiers, values)
    for action in actions:
        if action.kind is ActionKind.REDEEM:
            tier, change, cash = (
                action.tier_from,
                -action.assets - action.slippage_assets,
                action.assets,
            )
        else:
            tier, change, cash = (
                action.tier_to,
                action.assets - action.slippage_assets,
                -action.assets,
            )
        values[action.token] = values.get(action.token, 0) + change
        tiers[tier] += change
        tiers[Tier.L1] += cash
    return before - _drift(situation, parameters, goal, tiers, values)


def _drift(
    situation: Situation,
    parameters: Parameters,
    goal: Goal,
    tiers: Mapping[Tier, int],
    values: Mapping[str, int],
) -> int:
    """How far tiers and assets are from their targets, weighted, floor."""
    of_tiers = sum(abs(tiers[tier] - goal.tiers[tier]) for tier in Tier)
    of_assets = sum(
        asset_drift(holding.tier, values[holding.token], goal.assets[holding.token])
        for holding in situation.holdings
    )
    tier_bps, asset_bps = parameters.tier_drift_weight_bps, parameters.asset_drift_weight_bps
    return (of_tiers * tier_bps + of_assets * asset_bps) // BPS_ONE


def asset_drift(tier: Tier, value: int, target: int) -> int:
    """How far an asset is off; in L1 only what is above counts, since cash stands in for it."""
    return max(0, value - target) if tier is Tier.L1 else abs(value - target)
