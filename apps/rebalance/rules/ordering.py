"""The order of a plan's actions: what is urgent first, sales before what they pay for."""

from collections.abc import Iterable
from dataclasses import replace

from apps.chain.terms import Tier
from apps.rebalance.rules.figures import (
    Action,
    ActionKind,
    Aim,
    AimKind,
    Parameters,
    Situation,
)
from apps.rebalance.rules.weights import share_ceil


def in_order(
    situation: Situation, parameters: Parameters, aim: Aim, lots: list[Action]
) -> tuple[Action, ...]:
    """Number the actions by priority, sales before purchases, the most liquid tier first."""
    ordered = sorted(_prioritised(aim, lots), key=_place)
    numbered = [replace(action, position=n) for n, action in enumerate(ordered, start=1)]
    return tuple(_depending(_free_cash(situation, parameters), numbered))


def _place(action: Action) -> tuple[int, bool, int, int, str]:
    purchase = action.kind is ActionKind.PURCHASE
    tier = action.tier_to if purchase else action.tier_from
    return action.priority, purchase, tier, -action.assets, action.token


def _prioritised(aim: Aim, lots: list[Action]) -> Iterable[Action]:
    """Cash that falls due comes first, then what refills L1; all else serves to deploy."""
    sales = sorted((lot for lot in lots if lot.kind is ActionKind.REDEEM), key=_place)
    purchases = [lot for lot in lots if lot.kind is ActionKind.PURCHASE]
    into_first = sum(sale.assets for sale in sales if sale.tier_from is not Tier.L1)
    out_of_first = sum(lot.assets for lot in purchases if lot.tier_to is not Tier.L1)
    refills = into_first > out_of_first
    due = aim.raise_assets if aim.kind is AimKind.LIQUIDITY else 0
    for sale in sales:
        if due > 0:
            priority, due = 0, due - sale.assets
        else:
            priority = int(sale.tier_from) if refills and sale.tier_from is not Tier.L1 else 3
        yield replace(sale, priority=priority)
    yield from purchases


def _depending(at_hand: int, actions: list[Action]) -> Iterable[Action]:
    """A purchase for which the cash at hand does not suffice depends on the sales that pay it."""
    proceeds: list[list[int]] = []
    for action in actions:
        if action.kind is ActionKind.REDEEM:
            proceeds.append([action.position, action.assets])
            yield action
            continue
        needed, payers = max(0, action.assets - at_hand), []
        at_hand = max(0, at_hand - action.assets)
        while needed > 0 and proceeds:
            position, left = proceeds[0]
            payers.append(position)
            if left > needed:
                proceeds[0][1] = left - needed
            else:
                proceeds.pop(0)
            needed -= min(left, needed)
        yield replace(action, depends_on=tuple(payers))


def _free_cash(situation: Situation, parameters: Parameters) -> int:
    """Cash that may be spent even if no sale succeeds: not what falls due, nor what L1 needs."""
    critical = share_ceil(situation.gross, parameters.l1_critical_bps)
    beyond = situation.tier_assets(Tier.L1) - critical
    return max(0, min(situation.spendable_cash - situation.due_assets, beyond))
