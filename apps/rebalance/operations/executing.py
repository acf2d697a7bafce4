"""Carrying out the one open plan, a step at a time.

Each step is restartable: what is found outside is written under the plan's row lock, if nothing
changed meanwhile, and a leg is marked as sent in the transaction that queues its call. Whoever dies
between two steps is followed by the next call, which goes on from the rows.
"""

from datetime import datetime

from django.db import transaction

from apps.approvals import operations as approvals
from apps.chain import operations as chain
from apps.chain import queries as chain_queries
from apps.chain.events import TransactionFinished
from apps.chain.operations import CannotCancel
from apps.core import locks
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.rebalance.models import LegStatus, Plan, PlanStatus

from . import beginning, finishing, legs
from ._common import locked, note
from .bell import ring_for_the_next_step

RUNNING = (PlanStatus.APPROVED, PlanStatus.EXECUTING)
_UNSIGNED = ("QUEUED", "SIMULATED")


class NotExecuting(Refused):
    """Only a plan that is being executed can be stopped; before that it is cancelled."""


def advance(*, chain_id: int, at: datetime) -> None:
    """Take the open plan as far as it goes now: begin it, send its next leg, judge what came back,
    close it. Nothing happens while another process is at it.

    What cannot go on now is tried again by the next call; why is shown on the plan.
    """
    # Not the lock of who makes plans: asking nodes takes seconds.
    with locks.exclusive(f"rebalance:advance:{chain_id}") as alone:
        if alone:
            _advance(chain_id, at)


def note_transaction(fact: TransactionFinished) -> None:
    """A trade of ours ended: the plan that waits for it goes on at once.

    It is judged by ``advance``, with the plan's lock: here the sender holds locks that come later.
    One that people sent again for a leg of a plan that is closed is written down.
    """
    ring_for_the_next_step()
    _note_a_late_try(fact)


@transaction.atomic
def stop(*, plan_id: int, reason: str, actor: Actor, at: datetime) -> Plan:
    """Stop a plan that is being executed: what is not queued is left out, what is not signed yet is
    taken back, what is on its way comes to its end.

    Doors ask for the right ``rebalance.submit_plan``.

    Raises:
        PlanNotFound.
        NotExecuting: it has not begun, or has ended.
        NoReason: no reason is given.
    """
    reason = approvals.clean_change_reason(reason)
    plan = locked(plan_id)
    if plan.status != PlanStatus.EXECUTING:
        raise NotExecuting(f"{plan}: {plan.get_status_display().lower()}.")
    on_its_way = list(plan.legs.filter(status=LegStatus.SENT))
    why = f"Stopped by {actor.name}: {reason}"
    skipped = legs.skip_the_rest(plan, why=why, actor=actor, at=at)
    note(plan, "stopped", actor=actor, at=at, after={"reason": reason, "skipped": skipped})
    for leg in on_its_way:
        _take_back(leg.transaction_id or 0, reason=reason, actor=actor, at=at)
    ring_for_the_next_step()
    return plan


def _advance(chain_id: int, at: datetime) -> None:
    plan = Plan.objects.filter(chain_id=chain_id, status__in=RUNNING).first()
    if plan is None or (plan.not_before is not None and at < plan.not_before):
        return
    if plan.status == PlanStatus.APPROVED:
        beginning.begin(plan.pk, at=at)
    if _carry_on(plan.pk, at=at):
        waits_for = finishing.finish(plan.pk, at=at)
        if waits_for:
            _show(plan.pk, waits_for)


@transaction.atomic
def _carry_on(plan_id: int, *, at: datetime) -> bool:
    """Take the legs of a plan that is being executed further; whether all have ended."""
    plan = locked(plan_id)
    if plan.status != PlanStatus.EXECUTING:
        return False
    waits_for = legs.carry_on(plan, at=at)
    if waits_for:
        _show_on(plan, waits_for)
    return not waits_for


@transaction.atomic
def _show(plan_id: int, waits_for: str) -> None:
    plan = locked(plan_id)
    if plan.status == PlanStatus.EXECUTING:
        _show_on(plan, waits_for)


def _show_on(plan: Plan, waits_for: str) -> None:
    if plan.waits_for != waits_for[:500]:
        plan.waits_for = waits_for[:500]
        plan.save(update_fields=["waits_for"])


def _take_back(transaction_id: int, *, reason: str, actor: Actor, at: datetime) -> None:
    """What is signed may be mined all the same, so only what is not is taken back."""
    view = chain_queries.transactions_by_id([transaction_id])[transaction_id]
    if view.status not in _UNSIGNED:
        return
    try:
        with transaction.atomic():
            chain.cancel_transaction(
                transaction_id=transaction_id, reason=reason, actor=actor, at=at
            )
    except CannotCancel:
        return  # the sender was quicker: it comes to its end


def _note_a_late_try(fact: TransactionFinished) -> None:
    """What people sent again for a closed plan; an open one counts it when it is closed."""
    key = chain_queries.transactions_by_id([fact.transaction_id])[fact.transaction_id].key
    sent_again = legs.try_of_key(key)
    if sent_again is None:
        return
    plan_id, position = sent_again
    plan = Plan.objects.filter(pk=plan_id).first()
    if plan is None or plan.is_open:
        return
    note(
        plan,
        "leg_sent_again",
        actor=Actor.system("sender"),
        at=fact.at,
        after={
            "leg": position,
            "transaction": fact.transaction_id,
            "outcome": fact.outcome,
            "tx_hash": fact.tx_hash,
            "error": fact.error,
        },
    )
