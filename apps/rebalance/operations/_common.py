"""What every change of a plan does: take the lock, write the audit row, tell that it ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.audit import operations as audit
from apps.core import bus
from apps.core.actor import Actor
from apps.core.locks import transaction_lock
from apps.rebalance.events import PlanFinished
from apps.rebalance.models import Plan
from apps.rebalance.queries.plans import PlanNotFound

BEFORE_IT_BEGINS = ("DRAFT", "PENDING_APPROVAL", "APPROVED")
"""States in which nothing has been sent, so that a plan may still be taken back."""

GAVE_WAY = "It gave way: "
"""How the outcome of a plan begins that was taken back for a more urgent one: nobody rejected it,
so that what is urgent need not wait."""


def chain_lock(chain_id: int) -> None:
    """Make plans of a chain one after the other until the current transaction ends."""
    transaction_lock(f"rebalance:{chain_id}")


def locked(plan_id: int) -> Plan:
    """The plan with its row lock.

    A vote holds its ticket's lock when it comes here, so nobody who holds this lock may wait for
    the lock of an open ticket.

    Raises:
        PlanNotFound: there is none with this number.
    """
    plan = Plan.objects.select_for_update().filter(pk=plan_id).first()
    if plan is None:
        raise PlanNotFound(f"There is no plan {plan_id}.")
    return plan


def note(
    plan: Plan,
    action: str,
    *,
    actor: Actor,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """One row of the plan's audit trail; ``action`` is a verb: "submitted", "begun", …"""
    audit.record(
        actor=actor,
        action=f"rebalance.{action}",
        object_type="plan",
        object_id=plan.subject_id,
        before=before,
        after=after,
        level="HIGH",
        at=at,
    )


def tell_finished(plan: Plan, *, at: datetime) -> None:
    """Publish that a plan came to its end, in the transaction that ended it."""
    bus.publish(
        PlanFinished(
            plan_id=plan.pk,
            chain_id=plan.chain_id,
            trigger=plan.trigger,
            amount_assets=plan.amount_assets,
            at=at,
            status=plan.status,
            outcome=plan.outcome,
        )
    )
