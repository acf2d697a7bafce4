"""A preview becomes a plan; a plan that has not begun is taken back, or runs out of time."""

from datetime import datetime

from django.db import transaction

from apps.accounts import queries as accounts
from apps.accounts.rules.roles import ADMINISTRATOR_ROLES
from apps.approvals import operations as approvals
from apps.core.actor import Actor
from apps.core.errors import NotAllowed, Refused
from apps.core.text import visible_line
from apps.rebalance import queries
from apps.rebalance.models import Plan, PlanStatus, Preview, TriggerKind
from apps.rebalance.queries.approval import TICKET_KINDS
from apps.rebalance.rules import checks, frozen
from apps.rebalance.rules.figures import Parameters, Situation

from ._common import BEFORE_IT_BEGINS, GAVE_WAY, chain_lock, locked
from .deciding import end_before_it_begins
from .making import make_plan

CLOCK = Actor.system("clock")


class PlanOpen(Refused):
    """Another plan has not come to its end."""


class PreviewExpired(Refused):
    """The preview is too old; preview again."""


class PreviewStale(Refused):
    """The fund, or the policy, is not as it was previewed; preview again."""


class NotYourPreview(NotAllowed):
    """Who submits is who looked at it."""


class NotYourPlan(NotAllowed):
    """Who made a plan may take it back, and administrators."""


class CannotCancel(Refused):
    """The plan has begun, or has ended."""


def submit(*, preview_id: int, reason: str, actor: Actor, at: datetime) -> Plan:
    """Make the plan that was previewed; the same preview twice gives the same plan.

    Asks a node, so never inside a transaction. The preview says what the plan is for, so ``reason``
    may be empty.

    Raises:
        PreviewNotFound, NotYourPreview, PreviewExpired, PreviewStale.
        PlanOpen: at most one plan is open at a time.
        ChainUnavailable, SituationUnknown, NoPolicy.
        NoRule, TooFewEligible: nobody could decide about it.
    """
    preview = queries.preview(preview_id)
    if preview.created_by_id != actor.user_id:
        raise NotYourPreview(f"{preview.created_by_name} made this preview; make your own.")
    made = queries.plan_of_preview(preview_id)
    if made is not None:
        return made
    if at >= preview.expires_at:
        raise PreviewExpired(
            f"This preview expired at {preview.expires_at:%Y-%m-%d %H:%M} UTC; preview again."
        )
    version, parameters = queries.policy()
    now = queries.situation_now(chain_id=preview.chain_id, at=at)
    then = frozen.situation_from_json(preview.situation)
    _refuse_if_stale(preview, then, now, version, parameters)
    with transaction.atomic():
        chain_lock(preview.chain_id)
        made = queries.plan_of_preview(preview_id)
        if made is not None:
            return made
        open_plan = queries.open_plan(chain_id=preview.chain_id)
        if open_plan is not None:
            raise PlanOpen(
                f"{open_plan}: {open_plan.get_status_display().lower()}; one at a time.",
                plan=open_plan.pk,
            )
        return make_plan(
            situation=then,
            blueprint=frozen.blueprint_from_json(preview.blueprint),
            parameters=parameters,
            policy_version=version,
            trigger=TriggerKind.MANUAL,
            reason=_in_words(reason, actor),
            actor=actor,
            at=at,
            preview=preview,
        )


@transaction.atomic
def cancel(*, plan_id: int, reason: str, actor: Actor, at: datetime) -> Plan:
    """Take back a plan that has not begun, and withdraw its ticket.

    Raises:
        PlanNotFound, NoReason.
        NotYourPlan: the actor neither made it nor is an administrator.
        CannotCancel: it has begun, or has ended.
    """
    reason = approvals.clean_change_reason(reason)
    plan = queries.plan(plan_id)
    made_it = plan.created_by_id is not None and plan.created_by_id == actor.user_id
    administers = actor.user_id is not None and accounts.user_has_role(
        actor.user_id, *ADMINISTRATOR_ROLES
    )
    if not made_it and not administers:
        raise NotYourPlan("Only who made a plan, or an administrator, may cancel it.")
    if plan.status not in BEFORE_IT_BEGINS:
        raise CannotCancel(_too_late(plan))
    words = f"Cancelled by {actor.name}: {reason}"
    plan = _withdraw(plan, words, actor=actor, at=at)
    if plan.status in BEFORE_IT_BEGINS:
        end_before_it_begins(plan, PlanStatus.CANCELLED, words, actor=actor, at=at)
    elif plan.status != PlanStatus.CANCELLED:
        raise CannotCancel(_too_late(plan))
    return plan


@transaction.atomic
def give_way(*, plan_id: int, reason: str, actor: Actor, at: datetime) -> bool:
    """Take back a plan that has not begun, because something more urgent needs its place; False
    when it has begun, or has ended.

    Raises:
        PlanNotFound.
    """
    plan = queries.plan(plan_id)
    if plan.status not in BEFORE_IT_BEGINS:
        return False
    words = f"{GAVE_WAY}{reason}"
    plan = _withdraw(plan, words, actor=actor, at=at)
    if plan.status in BEFORE_IT_BEGINS:
        end_before_it_begins(plan, PlanStatus.CANCELLED, words, actor=actor, at=at)
    return bool(plan.status == PlanStatus.CANCELLED)


def expire(*, at: datetime) -> int:
    """End every plan that was not begun in time, and withdraw its ticket; return how many."""
    late = Plan.objects.filter(status__in=BEFORE_IT_BEGINS, expires_at__lte=at)
    return sum(_expire_one(plan, at=at) for plan in late.order_by("id"))


@transaction.atomic
def _expire_one(plan: Plan, *, at: datetime) -> int:
    words = f"It was not begun by {plan.expires_at:%Y-%m-%d %H:%M} UTC."
    plan = _withdraw(plan, words, actor=CLOCK, at=at)
    if plan.status in BEFORE_IT_BEGINS:
        end_before_it_begins(plan, PlanStatus.EXPIRED, words, actor=CLOCK, at=at)
    return int(plan.status == PlanStatus.EXPIRED)


def _withdraw(plan: Plan, words: str, *, actor: Actor, at: datetime) -> Plan:
    """Close the ticket that is still open, then lock the plan.

    In this order, as in a vote: the ticket's end ends the plan (see ``deciding``).
    """
    approvals.cancel_for_subject(
        kinds=TICKET_KINDS,
        subject_id=plan.subject_id,
        chain_id=plan.chain_id,
        reason=words,
        actor=actor,
        at=at,
    )
    return locked(plan.pk)


def _in_words(reason: str, actor: Actor) -> str:
    return visible_line(reason, characters_max=500) or f"{actor.name} asked for it"


def _too_late(plan: Plan) -> str:
    return f"{plan}: {plan.get_status_display().lower()}; only what has not begun is cancelled."


def _refuse_if_stale(
    preview: Preview, then: Situation, now: Situation, version: int, parameters: Parameters
) -> None:
    if version != preview.policy_version:
        raise PreviewStale("The parameters of rebalancing have changed; preview again.")
    why = checks.moved(then, now, parameters)
    if why:
        raise PreviewStale(f"{why.rstrip('.')}; preview again.")
