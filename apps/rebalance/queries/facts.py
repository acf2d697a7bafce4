"""The figures of a plan that people vote on."""

from typing import Any

from apps.chain import queries as chain
from apps.chain.terms import Tier
from apps.rebalance.models import Plan
from apps.rebalance.rules import frozen
from apps.rebalance.rules.calls import call_of


def facts_of(plan: Plan, *, risk_level: str) -> dict[str, Any]:
    """A plan's figures from its rows, the same as long as nobody has touched them.

    ``risk_level`` is the fund's at the time of asking ("" when unknown); it is no figure of the
    plan, but rules may approve by it.
    """
    legs = list(plan.legs.order_by("position"))
    calls = [call_of(plan.chain_id, leg) for leg in legs]
    blueprint = frozen.blueprint_from_json(plan.blueprint)
    situation = frozen.situation_from_json(plan.situation)
    return {
        "planId": plan.pk,
        "trigger": plan.trigger,
        "riskLevel": risk_level,
        "amount": plan.amount_assets,
        "cost": plan.slippage_assets + plan.gas_assets,
        "tiers": [
            {
                "tier": row.tier.name,
                "before": row.before,
                "after": row.after,
                "targetBps": row.target_bps,
                "beforeBps": row.before_bps,
                "afterBps": row.after_bps,
            }
            for row in blueprint.tiers
        ],
        "legs": [
            {
                "position": leg.position,
                "kind": leg.kind,
                "symbol": leg.symbol,
                "token": leg.token,
                "tier": Tier(leg.tier_from if leg.kind == "REDEEM" else leg.tier_to).name,
                "assets": leg.assets,
                "tokens": leg.tokens,
                "reason": leg.reason,
            }
            for leg in legs
        ],
        "calls": [{"sentence": call.sentence, "hash": chain.calls_hash([call])} for call in calls],
        "situationBlock": situation.block_number,
        "contentHash": frozen.content_hash(blueprint, situation),
    }
