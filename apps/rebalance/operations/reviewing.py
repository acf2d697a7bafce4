"""Looking afterwards at a plan that nobody approved."""

from datetime import datetime

from django.db import transaction

from apps.core.actor import Actor
from apps.core.errors import NotAllowed, Refused
from apps.rebalance.models import Plan

from ._common import locked, note


class NothingToReview(Refused):
    """The plan had its approval, is still open, or was looked at."""


class MakerCannotReview(NotAllowed):
    """Nobody reviews what they made."""


@transaction.atomic
def review(*, plan_id: int, actor: Actor, at: datetime) -> Plan:
    """Write down that a person has looked at a plan that ran without approval.

    Doors ask for the right ``rebalance.review_plan``.

    Raises:
        PlanNotFound, NothingToReview, MakerCannotReview.
    """
    plan = locked(plan_id)
    if not plan.to_review or plan.is_open:
        raise NothingToReview(
            f"{plan} is not at its end." if plan.is_open else f"{plan} has nothing to review."
        )
    if plan.created_by_id is not None and plan.created_by_id == actor.user_id:
        raise MakerCannotReview("Somebody else reviews what you made.")
    plan.to_review, plan.reviewed_by_name, plan.reviewed_at = False, actor.name[:150], at
    plan.save(update_fields=["to_review", "reviewed_by_name", "reviewed_at"])
    note(plan, "reviewed", actor=actor, at=at, after={"reviewed_by": actor.name})
    return plan
