"""Something asks for a plan: one is made, it is recorded on the open one, or it is said why not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from apps.approvals.operations import TooFewEligible
from apps.approvals.queries import NoRule
from apps.chain.terms import Tier
from apps.core.actor import Actor
from apps.rebalance import queries
from apps.rebalance.models import OPEN, Plan, PlanStatus, TriggerEvent, TriggerKind, TriggerOutcome
from apps.rebalance.rules import planning
from apps.rebalance.rules.figures import Aim, AimKind, Blueprint, NoPlan, Parameters, Situation

from ._common import GAVE_WAY, chain_lock
from .making import make_plan

ONE_ROW = timedelta(hours=12)
"""What says the same within this time is the same row, so that the list stays readable."""

_IN_VAIN = (PlanStatus.CANCELLED, PlanStatus.FAILED)


def consider(
    *, chain_id: int, trigger: str, reason: str, aim: Aim, actor: Actor, at: datetime
) -> TriggerEvent:
    """Make a plan for the aim, unless one is open; write down what asked, and what came of it.

    Asks a node, so never inside a transaction. A trigger that says the same as an earlier one of
    these hours, and leads to the same, only counts up.

    Raises:
        ChainUnavailable: no node answers; nothing is written.
        BadTargets: the aim cannot be wanted.
        NoPolicy: no parameters are in force.
    """
    asked = _Asked(chain_id, trigger, reason[:500], at)
    recorded = _on_the_open_plan(asked)
    if recorded is not None:
        return recorded
    version, parameters = queries.policy()
    try:
        situation = queries.situation_now(chain_id=chain_id, at=at)
    except queries.SituationUnknown as unknown:
        return _nothing(asked, unknown.message)
    found = planning.plan(situation, parameters, aim)
    if isinstance(found, NoPlan):
        return _nothing(asked, found.reason)
    try:
        return _plan(asked, found, situation, version, parameters, actor)
    except (NoRule, TooFewEligible) as refused:
        return _nothing(asked, refused.message)  # nobody could decide about it


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks on which chain, and why."""

    chain_id: int
    kind: str
    reason: str
    at: datetime


@transaction.atomic
def _on_the_open_plan(asked: _Asked) -> TriggerEvent | None:
    chain_lock(asked.chain_id)
    plan = queries.open_plan(chain_id=asked.chain_id)
    if plan is None:
        return None
    words = f"{plan} is open: {plan.get_status_display().lower()}."
    return _write(asked, TriggerOutcome.RECORDED, words, plan)


@transaction.atomic
def _nothing(asked: _Asked, why: str) -> TriggerEvent:
    """No plan comes of it; one that was opened meanwhile takes it."""
    return _on_the_open_plan(asked) or _write(asked, TriggerOutcome.NOTHING, why, None)


@transaction.atomic
def _plan(
    asked: _Asked,
    blueprint: Blueprint,
    situation: Situation,
    version: int,
    parameters: Parameters,
    actor: Actor,
) -> TriggerEvent:
    recorded = _on_the_open_plan(asked)
    if recorded is not None:
        return recorded
    rests_until = _rests_until(asked, situation, parameters, blueprint.aim)
    if rests_until is not None and asked.at < rests_until:
        words = f"Cooldown until {rests_until:%Y-%m-%d %H:%M} UTC after the last plan."
        return _write(asked, TriggerOutcome.NOTHING, words, None)
    plan = make_plan(
        situation=situation,
        blueprint=blueprint,
        parameters=parameters,
        policy_version=version,
        trigger=asked.kind,
        reason=asked.reason,
        actor=actor,
        at=asked.at,
    )
    return _write(asked, TriggerOutcome.PLANNED, plan.approval, plan)


def _rests_until(
    asked: _Asked, situation: Situation, parameters: Parameters, aim: Aim
) -> datetime | None:
    """Until when no further plan is made, None when at once.

    Cash that is needed does not wait; but what people have just rejected, or has just failed, is
    not asked again at once even then.
    """
    ended = Plan.objects.filter(chain_id=asked.chain_id).exclude(status__in=OPEN)
    last = ended.order_by("-finished_at").first()
    if last is None or last.finished_at is None:
        return None
    gave_way = last.outcome.startswith(GAVE_WAY)
    in_vain = last.trigger == TriggerKind.LIQUIDITY and last.status in _IN_VAIN and not gave_way
    urgent = asked.kind == TriggerKind.LIQUIDITY and _needs_cash(situation, parameters, aim)
    if urgent and not in_vain:
        return None
    return last.finished_at + timedelta(minutes=parameters.cooldown_minutes)


def _needs_cash(situation: Situation, parameters: Parameters, aim: Aim) -> bool:
    l1 = situation.ratio_bps(Tier.L1)
    low = l1 is not None and l1 < parameters.l1_low_bps
    return aim.raise_assets > 0 or (aim.kind is AimKind.LIQUIDITY and low)


def _write(
    asked: _Asked, outcome: TriggerOutcome, explanation: str, plan: Plan | None
) -> TriggerEvent:
    """A row, or one more time on the one which says the same; under the chain's lock."""
    said = {
        "chain_id": asked.chain_id,
        "kind": asked.kind,
        "reason": asked.reason,
        "outcome": outcome,
        "explanation": explanation[:500],
        "plan": plan,
    }
    before = TriggerEvent.objects.filter(**said, last_at__gt=asked.at - ONE_ROW).first()
    if before is None:
        return TriggerEvent.objects.create(**said, first_at=asked.at, last_at=asked.at)
    before.last_at, before.times = max(asked.at, before.last_at), before.times + 1
    before.save(update_fields=["last_at", "times"])
    return before
