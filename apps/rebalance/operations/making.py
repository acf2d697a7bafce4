"""From a blueprint to a plan: its rows, who has to approve it, and the ticket that asks them."""

from datetime import datetime, timedelta

from apps.approvals import operations as approvals
from apps.chain import queries as chain
from apps.chain.calls import Call
from apps.core import bus
from apps.core.actor import Actor
from apps.core.units import format_amount
from apps.fund import queries as fund
from apps.rebalance import queries
from apps.rebalance.events import PlanSubmitted
from apps.rebalance.models import Leg, Plan, PlanStatus, Preview
from apps.rebalance.rules import frozen
from apps.rebalance.rules.assessing import assess
from apps.rebalance.rules.calls import call_of
from apps.rebalance.rules.figures import Action, Blueprint, Parameters, Situation

from ._common import note
from .bell import ring_for_the_next_step


def make_plan(
    *,
    situation: Situation,
    blueprint: Blueprint,
    parameters: Parameters,
    policy_version: int,
    trigger: str,
    reason: str,
    actor: Actor,
    at: datetime,
    preview: Preview | None = None,
) -> Plan:
    """Write the plan down and ask for its approval, if it needs one.

    Call it in a transaction that holds the chain's lock and has found no open plan.

    Raises:
        approvals.NoRule, approvals.TooFewEligible: nobody could decide about it.
    """
    calls = [call_of(situation.chain_id, action) for action in blueprint.actions]
    plan = Plan.objects.create(
        chain_id=situation.chain_id,
        trigger=trigger,
        trigger_reason=reason[:500],
        aim=blueprint.aim.kind.value,
        planner=blueprint.planner.value,
        amount_assets=blueprint.amount_assets,
        slippage_assets=blueprint.slippage_assets,
        gas_assets=blueprint.gas_assets,
        situation=frozen.situation_as_json(situation),
        blueprint=frozen.blueprint_as_json(blueprint),
        policy_version=policy_version,
        calls_hash=chain.calls_hash(calls),
        preview=preview,
        reverse_of_id=preview.reverse_of_id if preview else None,
        created_by_id=actor.user_id,
        created_by_name=actor.name[:150],
        created_at=at,
        expires_at=at + timedelta(hours=parameters.approved_hours),
    )
    Leg.objects.bulk_create(
        _leg(plan, action, call) for action, call in zip(blueprint.actions, calls, strict=True)
    )
    note(
        plan,
        "submitted",
        actor=actor,
        at=at,
        after={
            "trigger": trigger,
            "reason": reason,
            "amount_assets": str(plan.amount_assets),
            "calls_hash": plan.calls_hash,
            "policy_version": policy_version,
        },
    )
    needed = queries.approval_of(
        chain_id=plan.chain_id, amount_assets=plan.amount_assets, calls=calls, at=at
    )
    if needed.kind is None:
        plan.to_review = True
        plan.approve(why=needed.why, at=at)
    else:
        _ask(plan, needed.kind, needed.why, situation, blueprint, parameters, actor=actor, at=at)
    plan.save()
    if plan.status == PlanStatus.APPROVED:
        ring_for_the_next_step()
    bus.publish(
        PlanSubmitted(
            plan_id=plan.pk,
            chain_id=plan.chain_id,
            trigger=plan.trigger,
            amount_assets=plan.amount_assets,
            at=at,
            ticket_id=plan.ticket_id,
            approval=plan.approval,
        )
    )
    return plan


def _leg(plan: Plan, action: Action, call: Call) -> Leg:
    return Leg(
        plan=plan,
        position=action.position,
        kind=action.kind.value,
        priority=action.priority,
        tier_from=action.tier_from,
        tier_to=action.tier_to,
        token=action.token,
        symbol=action.symbol,
        decimals=action.decimals,
        assets=action.assets,
        tokens=action.tokens,
        assets_min=action.assets_min,
        tokens_min=action.tokens_min,
        method=action.method,
        slippage_bps=action.slippage_bps,
        slippage_assets=action.slippage_assets,
        gas_assets=action.gas_assets,
        reason=action.reason[:300],
        depends_on=list(action.depends_on),
        call_hash=chain.calls_hash([call]),
    )


def _ask(
    plan: Plan,
    kind: str,
    why: str,
    situation: Situation,
    blueprint: Blueprint,
    parameters: Parameters,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Open the ticket; the rule itself may have approved it when it comes back."""
    state = fund.risk_state(at=at)
    risk_level = state.level if state else ""
    trades = f"{len(blueprint.actions)} trade{'' if len(blueprint.actions) == 1 else 's'}"
    ticket = approvals.open_ticket(
        kind=kind,
        subject_id=plan.subject_id,
        title=f"{plan}: {format_amount(plan.amount_assets)} USDT in {trades}",
        requester_name=actor.name,
        maker_user_id=actor.user_id,
        party_wallets=[],
        amount=plan.amount_assets,
        currency="USDT",
        facts=queries.facts_of(plan, risk_level=risk_level),
        conditions=[{"text": why, "met": True}],
        assessment=assess(
            situation=situation,
            blueprint=blueprint,
            parameters=parameters,
            risk_level=risk_level,
        ),
        calls_hash=plan.calls_hash,
        chain_id=plan.chain_id,
        actor=actor,
        at=at,
        idempotency_key=f"rebalance:{plan.pk}",
    )
    plan.ask(ticket_id=ticket.pk, why=why)
    plan.save()
    if ticket.status == "APPROVED":
        plan.approve(why=f"{ticket.auto_approved_by}: {ticket.outcome_reason}"[:300], at=at)
