"""The plan as people would make it: the written order of sources and uses, one step at a time."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.chain.terms import Tier
from apps.core.units import BPS_ONE
from apps.rebalance.rules.figures import AimKind, Holding, Parameters, Situation
from apps.rebalance.rules.goals import Goal
from apps.rebalance.rules.legs import CENT, Proposal
from apps.rebalance.rules.limits import (
    Limits,
    coverage_floor,
    liquid_assets,
    weight_limit,
)
from apps.rebalance.rules.shaping import Shape
from apps.rebalance.rules.triggers import asset_weights, due_beyond
from apps.rebalance.rules.weights import (
    heaviest,
    is_below,
    share_ceil,
    share_floor,
    top_assets,
)

_UPPER = (Tier.L2, Tier.L3)
_TRIALS_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is proposed, and the tier values it is meant to lead to."""

    proposal: Proposal
    tiers: Mapping[Tier, int]


def propose(situation: Situation, parameters: Parameters, goal: Goal, limits: Limits) -> Wish:
    """What the rules propose for a goal."""
    kind = goal.aim.kind
    before = {tier: situation.tier_assets(tier) for tier in Tier}
    if kind is AimKind.LIQUIDITY:
        return _refill(situation, parameters, goal, limits)
    if kind is AimKind.DEPLOY:
        return _towards(situation, parameters, goal, limits, _deployed(situation, parameters, goal))
    if kind is AimKind.WEIGHTS:
        return Wish(proposal=_diversify(situation, parameters, goal, limits), tiers=before)
    if kind is AimKind.REVERSE:
        return Wish(proposal=_undo(situation, goal, limits), tiers=before)
    return _towards(situation, parameters, goal, limits, goal.tiers)


def _refill(situation: Situation, parameters: Parameters, goal: Goal, limits: Limits) -> Wish:
    """L1 back to target, and what is to be raised beyond: L2 down to its minimum, then L3.

    What is to be raised may come from L1's own yield assets, too: first of all, unless so much
    falls due that only L3 helps, once there is cash for it.
    """
    shape = Shape(situation, goal, limits)
    gross, first = situation.gross, situation.tier_assets(Tier.L1)
    low = is_below(first, gross, parameters.l1_low_bps)
    refill = max(0, goal.tiers[Tier.L1] - first) if low else 0
    wanted = goal.aim.raise_assets
    beside = wanted
    if due_beyond(situation, parameters):
        beside = min(wanted, max(0, situation.due_assets - situation.spendable_cash))
    raised = shape.raise_cash(Tier.L1, beside)
    to_come = min(refill + wanted - raised, _room_in_first(situation))
    near = min(to_come, refill + beside - raised)
    from_second = shape.raise_cash(Tier.L2, near, value_max=_above_minimum(situation, Tier.L2))
    rest = to_come - from_second
    shape.raise_cash(Tier.L3, rest, value_max=_above_minimum(situation, Tier.L3))
    tiers = {
        Tier.L1: first + refill + max(0, wanted - raised),
        **{t: situation.tier_assets(t) - _sold(situation, shape, t) for t in _UPPER},
    }
    return Wish(proposal=shape.proposal, tiers=tiers)


def _deployed(situation: Situation, parameters: Parameters, goal: Goal) -> dict[Tier, int]:
    """L1's surplus over target goes to the tier furthest below its target first."""
    first = situation.tier_assets(Tier.L1)
    kept = max(goal.tiers[Tier.L1], share_ceil(situation.gross, parameters.l1_critical_bps))
    surplus = max(0, first - kept)
    tiers = {tier: situation.tier_assets(tier) for tier in Tier}
    for tier in sorted(_UPPER, key=lambda t: (tiers[t] - goal.tiers[t], t)):
        part = min(surplus, max(0, goal.tiers[tier] - tiers[tier]))
        tiers[tier] += part
        tiers[Tier.L1] -= part
        surplus -= part
    return tiers


def _towards(
    situation: Situation,
    parameters: Parameters,
    goal: Goal,
    limits: Limits,
    tiers: Mapping[Tier, int],
) -> Wish:
    """Bring tiers to values: sell of those above no more than those below can take.

    L1 has the first claim on what is sold; the rest is invested where most is lacking.
    """
    first_off = tiers[Tier.L1] - situation.tier_assets(Tier.L1)
    excess = {t: max(0, situation.tier_assets(t) - tiers[t]) for t in _UPPER}
    lacking = {t: max(0, tiers[t] - situation.tier_assets(t)) for t in _UPPER}
    keeps = liquid_assets(situation) - coverage_floor(situation, parameters)
    lacking[Tier.L3] = min(lacking[Tier.L3], keeps)

    trial = Shape(situation, goal, limits)
    takes = sum(trial.invest(t, lacking[t]) for t in _UPPER)
    trial = Shape(situation, goal, limits)
    brings = sum(trial.raise_cash(t, excess[t], value_max=excess[t]) for t in _UPPER)
    grows, surplus = max(0, first_off), max(0, -first_off)
    invested = max(0, min(takes, surplus + brings - grows))

    shape = Shape(situation, goal, limits)
    needed = min(brings, max(0, invested + grows - surplus))
    for tier in sorted(_UPPER, key=lambda t: (-excess[t], t)):
        needed -= shape.raise_cash(tier, needed, value_max=excess[tier])
    if shape.at_hand < invested:
        shape.raise_cash(Tier.L1, invested - shape.at_hand)
    invested = min(invested, shape.at_hand)
    for tier in sorted(_UPPER, key=lambda t: (-lacking[t], t)):
        invested -= shape.invest(tier, min(invested, lacking[tier]))
    return Wish(proposal=shape.proposal, tiers=tiers)


def _diversify(
    situation: Situation, parameters: Parameters, goal: Goal, limits: Limits
) -> Proposal:
    """What weighs too much is sold down to its limit, into others of its tier by distance to
    target, then into the tiers that lack most, the rest into L1 as far as it may grow. What is
    merely off its target is exchanged within its tier, as far as others lack it."""
    shape = Shape(situation, goal, limits)
    forced = _too_heavy(situation, parameters, goal)
    optional = {}
    if asset_weights(situation, parameters):
        optional = {
            h.token: max(0, h.value - goal.assets[h.token] - forced.get(h.token, 0))
            for h in situation.holdings
        }
    left_over, room = 0, _room_in_first(situation)
    for tier in (Tier.L3, Tier.L2):
        rest = _exchange(situation, goal, limits, shape, tier, (forced, optional), room)
        left_over, room = left_over + rest, room - rest
    for holding in situation.holdings:
        if holding.tier is Tier.L1:
            shape.sell(holding, forced.get(holding.token, 0))
    _reinvest(situation, goal, shape, left_over, set(shape.proposal))
    return shape.proposal


def _exchange(
    situation: Situation,
    goal: Goal,
    limits: Limits,
    shape: Shape,
    tier: Tier,
    sales: tuple[Mapping[str, int], Mapping[str, int]],
    room: int,
) -> int:
    """Sell the forced and, as far as others take it, the optional of a tier, and buy others of it;
    the cash left over, which is at most ``room``."""
    forced, optional = sales
    held = [h for h in heaviest(situation.holdings) if h.tier is tier]
    sellers = {h.token for h in held if forced.get(h.token, 0) or optional.get(h.token, 0)}
    elsewhere = min(room, _above_minimum(situation, tier))
    lacking = sum(max(0, goal.assets[h.token] - h.value) for h in held if h.token not in sellers)
    needed = sum(forced.get(h.token, 0) for h in held)
    takes = max(needed, min(lacking, sum(optional.get(h.token, 0) for h in held) + needed))
    for _ in range(_TRIALS_MAX):
        trial = Shape(situation, goal, limits)
        raised = _sell_some(trial, held, forced, min(needed, takes + elsewhere))
        raised += _sell_some(trial, held, optional, takes - raised)
        # For less than a minimum nothing can be had: then less is offered.
        taken = Shape(situation, goal, limits).invest(tier, min(raised, takes), besides=sellers)
        if raised - taken <= elsewhere + CENT * len(held):
            break
        takes = taken
    else:
        takes = 0
    raised = _sell_some(shape, held, forced, min(needed, takes + elsewhere))
    raised += _sell_some(shape, held, optional, takes - raised)
    return raised - shape.invest(tier, min(raised, takes), besides=sellers)


def _sell_some(shape: Shape, held: list[Holding], parts: Mapping[str, int], wanted: int) -> int:
    """Sell of these, each at most its part, about so much together; the cash it brings."""
    raised = 0
    for holding in held:
        raised += shape.sell(holding, min(parts.get(holding.token, 0), wanted - raised))
    return raised


def _reinvest(
    situation: Situation, goal: Goal, shape: Shape, assets: int, besides: set[str]
) -> None:
    """What its own tier cannot take goes to the tier that lacks most; the rest stays in L1."""
    short = {t: goal.tiers[t] - situation.tier_assets(t) for t in _UPPER}
    for tier in sorted(_UPPER, key=lambda t: (-short[t], t)):
        if assets > 0 and short[tier] > 0:
            assets -= shape.invest(tier, min(assets, short[tier]), besides=besides)


def _too_heavy(situation: Situation, parameters: Parameters, goal: Goal) -> dict[str, int]:
    """By token, what concentration wants gone: beyond the limit of one asset; and of the three
    largest, from the largest down, what they are above their limit together."""
    forced = {
        h.token: h.value - weight_limit(situation, parameters, h)
        for h in situation.holdings
        if h.value > weight_limit(situation, parameters, h)
    }
    limit = share_floor(situation.gross, parameters.top3_weight_max_bps)
    above = top_assets(situation.holdings) - limit - sum(forced.values())
    for holding in heaviest(situation.holdings)[:3]:
        if above <= 0:
            break
        level = max(limit // 3, goal.assets[holding.token])
        part = min(above, max(0, holding.value - forced.get(holding.token, 0) - level))
        if part:
            forced[holding.token] = forced.get(holding.token, 0) + part
            above -= part
    return forced


def _undo(situation: Situation, goal: Goal, limits: Limits) -> Proposal:
    """Sales as far as there is something to sell, then purchases as far as the cash goes."""
    shape = Shape(situation, goal, limits)
    wishes: list[tuple[Holding, int]] = [
        (h, goal.aim.undo.get(h.token, 0)) for h in situation.holdings
    ]
    for holding, wish in wishes:
        if wish < 0:
            shape.sell(holding, -wish)
    for holding, wish in wishes:
        if wish > 0:
            shape.buy(holding, min(wish, shape.at_hand))
    return shape.proposal


def _above_minimum(situation: Situation, tier: Tier) -> int:
    least = share_ceil(situation.gross, situation.band(tier).min_bps)
    return max(0, situation.tier_assets(tier) - least)


def _room_in_first(situation: Situation) -> int:
    """How much L1 may grow without leaving its band, whatever trading costs."""
    most = share_floor(situation.gross, situation.band(Tier.L1).max_bps)
    room = max(0, most - situation.tier_assets(Tier.L1))
    worst_bps = max((h.expected_slippage_bps for h in situation.holdings), default=0)
    return room * (BPS_ONE - min(BPS_ONE, max(0, worst_bps))) // BPS_ONE


def _sold(situation: Situation, shape: Shape, tier: Tier) -> int:
    of_tier = (h.token for h in situation.holdings if h.tier is tier)
    return -sum(min(0, shape.proposal.get(token, 0)) for token in of_tier)
