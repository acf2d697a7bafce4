"""A plan judged from outside: by its actions and the situation alone."""

from apps.chain.terms import Tier
from apps.core.units import BPS_ONE, UINT256_MAX
from apps.rebalance.rules.figures import (
    Action,
    ActionKind,
    AimKind,
    Blueprint,
    Holding,
    Parameters,
    Situation,
)


def judge(situation: Situation, parameters: Parameters, blueprint: Blueprint) -> None:
    """Fail on whatever a plan must not do."""
    conserves_value(situation, blueprint)
    stays_within_means(situation, blueprint)
    respects_terms(situation, parameters, blueprint)
    keeps_bands(situation, blueprint)
    keeps_liquidity(situation, parameters, blueprint)
    is_worth_it(parameters, blueprint)
    is_in_order(blueprint)


def conserves_value(situation: Situation, blueprint: Blueprint) -> None:
    """What goes out of one place comes in at another, but for the slippage that is told."""
    change = dict.fromkeys(Tier, 0)
    for action in blueprint.actions:
        assert action.slippage_assets >= 0
        if action.kind is ActionKind.REDEEM:
            change[action.tier_from] -= action.assets + action.slippage_assets
            change[Tier.L1] += action.assets
        else:
            change[Tier.L1] -= action.assets
            change[action.tier_to] += action.assets - action.slippage_assets
    for figures in blueprint.tiers:
        assert figures.before == situation.tier_assets(figures.tier)
        assert figures.after == figures.before + change[figures.tier]
        assert figures.after >= 0
    before = sum(figures.before for figures in blueprint.tiers)
    after = sum(figures.after for figures in blueprint.tiers)
    assert before - after == blueprint.slippage_assets


def stays_within_means(situation: Situation, blueprint: Blueprint) -> None:
    """No balance and no cash is overdrawn at any step; what falls due stays."""
    left = {holding.token: holding.balance for holding in situation.holdings}
    cash = situation.spendable_cash
    for action in blueprint.actions:
        if action.kind is ActionKind.REDEEM:
            left[action.token] -= action.tokens
            cash += action.assets
        else:
            cash -= action.assets
        assert cash >= 0
        assert left[action.token] >= 0
    assert cash >= min(situation.spendable_cash, situation.due_assets)


def respects_terms(situation: Situation, parameters: Parameters, blueprint: Blueprint) -> None:
    """Windows, minimums, prices, the limit of one trade and of one asset."""
    holdings = {holding.token: holding for holding in situation.holdings}
    for action in blueprint.actions:
        holding = holdings[action.token]
        assert 0 < action.assets <= UINT256_MAX
        assert 0 < action.tokens <= UINT256_MAX
        if situation.trade_assets_max is not None:
            assert action.assets <= situation.trade_assets_max
        if action.kind is ActionKind.PURCHASE:
            assert holding.purchasable
            assert action.assets >= holding.min_purchase_assets
            assert action.assets == action.assets_min
            assert 0 <= action.tokens_min <= action.tokens
            assert worth(holding, action.tokens) <= action.assets
        else:
            assert action.tokens == action.tokens_min
            assert 0 <= action.assets_min <= action.assets
    for token, bought in _bought(blueprint).items():
        holding = holdings[token]
        target = situation.band(holding.tier).target_bps * holding.target_bps
        limit = max(parameters.asset_weight_max_bps * BPS_ONE, target)
        assert (holding.value + bought) * BPS_ONE**2 <= situation.gross * limit
    sold = {a.token for a in blueprint.actions if a.kind is ActionKind.REDEEM}
    assert not sold & set(_bought(blueprint))


def keeps_bands(situation: Situation, blueprint: Blueprint) -> None:
    """Every tier stays in its band, or gets no further out than trading costs."""
    gross = sum(figures.after for figures in blueprint.tiers)
    costs = _costs(situation, blueprint)
    for figures in blueprint.tiers:
        band = situation.band(figures.tier)
        if figures.after * BPS_ONE < band.min_bps * gross:
            assert figures.before * BPS_ONE < band.min_bps * gross
            assert figures.after >= figures.before - costs
        if figures.after * BPS_ONE > band.max_bps * gross:
            assert figures.after <= figures.before + costs


def keeps_liquidity(situation: Situation, parameters: Parameters, blueprint: Blueprint) -> None:
    """L1 and coverage: at least critical, or no worse than before but for what trading costs."""
    before = {figures.tier: figures.before for figures in blueprint.tiers}
    after = {figures.tier: figures.after for figures in blueprint.tiers}
    costs = _costs(situation, blueprint)
    if after[Tier.L1] * BPS_ONE < parameters.l1_critical_bps * sum(after.values()):
        assert before[Tier.L1] * BPS_ONE < parameters.l1_critical_bps * sum(before.values())
        assert after[Tier.L1] >= before[Tier.L1] - costs
    liquid, liquid_after = before[Tier.L1] + before[Tier.L2], after[Tier.L1] + after[Tier.L2]
    critical = parameters.coverage_critical_bps * situation.liability_assets
    if liquid_after * BPS_ONE < critical:
        assert liquid * BPS_ONE < critical
        assert liquid_after >= liquid - costs


def is_worth_it(parameters: Parameters, blueprint: Blueprint) -> None:
    """Not below the minimum, unless it raises what falls due."""
    urgent = blueprint.aim.kind is AimKind.LIQUIDITY and blueprint.aim.raise_assets > 0
    assert urgent or blueprint.amount_assets >= parameters.plan_assets_min
    sold = sum(
        a.assets + a.slippage_assets for a in blueprint.actions if a.kind is ActionKind.REDEEM
    )
    assert blueprint.amount_assets == max(sold, sum(_spent(a) for a in blueprint.actions))
    assert blueprint.scores[0].planner is blueprint.planner
    assert blueprint.scores[0].total == min(score.total for score in blueprint.scores)
    assert blueprint.scores[0].cost_assets == blueprint.cost_assets


def is_in_order(blueprint: Blueprint) -> None:
    """Numbered by priority, each after what it depends on."""
    actions = blueprint.actions
    assert [action.position for action in actions] == list(range(1, len(actions) + 1))
    assert [action.priority for action in actions] == sorted(a.priority for a in actions)
    for action in actions:
        assert 0 < len(action.reason) <= 300
        for position in action.depends_on:
            assert position < action.position
            assert actions[position - 1].kind is ActionKind.REDEEM


def worth(holding: Holding, tokens: int) -> int:
    """Value of tokens, floor."""
    return tokens * holding.price // 10**holding.decimals


def _spent(action: Action) -> int:
    return action.assets if action.kind is ActionKind.PURCHASE else 0


def _bought(blueprint: Blueprint) -> dict[str, int]:
    bought: dict[str, int] = {}
    for action in blueprint.actions:
        if action.kind is ActionKind.PURCHASE:
            gained = action.assets - action.slippage_assets
            bought[action.token] = bought.get(action.token, 0) + gained
    return bought


def _costs(situation: Situation, blueprint: Blueprint) -> int:
    """Slippage, and what rounding leaves as cash: a cent and a token of each trade."""
    tokens = {holding.token: worth(holding, 1) + 1 for holding in situation.holdings}
    rounding = sum(10**16 + tokens[action.token] for action in blueprint.actions)
    return blueprint.slippage_assets + rounding
