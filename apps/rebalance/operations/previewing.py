"""Looking at a plan without making one."""

from datetime import datetime, timedelta

from apps.core.actor import Actor
from apps.core.errors import NotAllowed, Refused
from apps.rebalance import queries
from apps.rebalance.models import EXECUTED, Leg, LegStatus, Preview
from apps.rebalance.rules import frozen, planning
from apps.rebalance.rules.figures import Aim, AimKind, NoPlan
from apps.rebalance.rules.reversing import undo_of


class NothingToDo(Refused):
    """No plan comes of it; the message says why."""


class NothingToReverse(Refused):
    """The plan has done nothing that could be undone."""


class NobodyAsks(NotAllowed):
    """People preview; the clock has ``consider``."""


def preview(*, chain_id: int, aim: Aim, actor: Actor, at: datetime) -> Preview:
    """Plan for the aim as things are now, and keep it for a few minutes for its maker to submit.

    Asks a node, so never inside a transaction. Nothing else changes.

    Raises:
        NothingToDo: no plan comes of it.
        BadTargets: the targets do not sum to 100 % or leave their bands.
        ChainUnavailable, SituationUnknown, NoPolicy.
    """
    return _preview(chain_id=chain_id, aim=aim, reverse_of_id=None, actor=actor, at=at)


def preview_reverse(*, plan_id: int, actor: Actor, at: datetime) -> Preview:
    """Plan the reverse of what a plan really did, at today's prices.

    Raises:
        PlanNotFound.
        NothingToReverse: it is not at its end, or no trade of it succeeded.
        NothingToDo, ChainUnavailable, SituationUnknown, NoPolicy: as :func:`preview`.
    """
    plan = queries.plan(plan_id)
    done = list(Leg.objects.filter(plan=plan, status=LegStatus.DONE).order_by("position"))
    if plan.status not in EXECUTED or not done:
        raise NothingToReverse(f"{plan}: {plan.get_status_display().lower()}; nothing to undo.")
    aim = Aim(kind=AimKind.REVERSE, undo=undo_of(done))
    return _preview(chain_id=plan.chain_id, aim=aim, reverse_of_id=plan.pk, actor=actor, at=at)


def _preview(
    *, chain_id: int, aim: Aim, reverse_of_id: int | None, actor: Actor, at: datetime
) -> Preview:
    if actor.user_id is None:
        raise NobodyAsks("A preview is made by a person, who may submit it.")
    version, parameters = queries.policy()
    situation = queries.situation_now(chain_id=chain_id, at=at)
    blueprint = planning.plan(situation, parameters, aim)
    if isinstance(blueprint, NoPlan):
        raise NothingToDo(blueprint.reason)
    return Preview.objects.create(
        chain_id=chain_id,
        created_by_id=actor.user_id,
        created_by_name=actor.name[:150],
        created_at=at,
        expires_at=at + timedelta(minutes=parameters.preview_minutes),
        aim=frozen.aim_as_json(aim),
        situation=frozen.situation_as_json(situation),
        blueprint=frozen.blueprint_as_json(blueprint),
        content_hash=frozen.content_hash(blueprint, situation),
        policy_version=version,
        reverse_of_id=reverse_of_id,
    )
