"""From an approved plan to its execution: everything is looked at once more before the first leg.

Nodes are asked outside of any transaction; what was found is written under the plan's row lock, if
the plan still waits to begin.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from apps.approvals import queries as tickets
from apps.chain import queries as chain_queries
from apps.chain.calls import Call
from apps.core import bus
from apps.core.actor import Actor
from apps.core.errors import Refused, Unavailable
from apps.rebalance import queries
from apps.rebalance.events import PlanBegun
from apps.rebalance.models import Plan, PlanStatus
from apps.rebalance.rules import checks, frozen
from apps.rebalance.rules.calls import call_of

from . import evidence
from ._common import locked, note, tell_finished
from .deciding import end_before_it_begins
from .finishing import record_on_ticket

TRY_AGAIN = timedelta(seconds=15)


class _Word(StrEnum):
    """What becomes of an approved plan."""

    BEGIN = "BEGIN"
    WAIT = "WAIT"
    EXPIRE = "EXPIRE"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class _Verdict:
    """With why, in words; of a plan that begins, what people are to know."""

    word: _Word
    why: str = ""


def begin(plan_id: int, *, at: datetime) -> None:
    """Let an approved plan begin, wait, expire or fail, by what holds now."""
    plan = Plan.objects.get(pk=plan_id)
    calls = [call_of(plan.chain_id, leg) for leg in plan.legs.order_by("position")]
    verdict = (
        _too_late(plan, at=at)
        or _not_as_decided(plan, calls, at=at)
        or _as_things_are(plan, calls, at=at)
    )
    with transaction.atomic():
        plan = locked(plan_id)
        if plan.status == PlanStatus.APPROVED:
            _follow(plan, verdict, at=at)


def _too_late(plan: Plan, *, at: datetime) -> _Verdict | None:
    if at < plan.expires_at:
        return None
    waited = f" It waited: {plan.waits_for}" if plan.waits_for else ""
    why = f"It was not begun by {plan.expires_at:%Y-%m-%d %H:%M} UTC.{waited}"
    return _Verdict(_Word.EXPIRE, why)


def _not_as_decided(plan: Plan, calls: Sequence[Call], *, at: datetime) -> _Verdict | None:
    """Whether the legs are the ones that were decided about, and the votes still count."""
    if chain_queries.calls_hash(calls) != plan.calls_hash:
        return _Verdict(_Word.FAIL, "Its calls are not the ones that were decided about.")
    if plan.ticket_id is not None:
        try:
            tickets.authorises(ticket_id=plan.ticket_id, calls_hash=plan.calls_hash, at=at)
        except Refused as refused:
            return _Verdict(_Word.FAIL, refused.message)
    return None


def _as_things_are(plan: Plan, calls: Sequence[Call], *, at: datetime) -> _Verdict:
    """Whether the fund still is as it was planned for, and every check lets the plan go."""
    then = frozen.situation_from_json(plan.situation)
    try:
        _version, parameters = queries.policy()
        now = queries.situation_now(chain_id=plan.chain_id, at=at)
        moved = checks.moved(then, now, parameters)
        if moved:
            return _Verdict(_Word.EXPIRE, f"{moved.rstrip('.')}; preview again.")
        found = evidence.checks_of(plan, calls, now, parameters, at=at)
    except Unavailable as trouble:
        return _Verdict(_Word.WAIT, trouble.message)
    against = [one for one in found if one.blocks and one.ok is not True]
    if against:
        # What may pass by itself comes first: a paused contract's refusal says nothing of later.
        waits = any(evidence.may_pass(one) for one in against)
        word = _Word.WAIT if waits else _Word.FAIL
        return _Verdict(word, "; ".join(one.text for one in against))
    return _Verdict(_Word.BEGIN, "; ".join(one.text for one in found if one.ok is not True))


def _follow(plan: Plan, verdict: _Verdict, *, at: datetime) -> None:
    actor = Actor.system(f"plan {plan.pk}")
    if verdict.word is _Word.WAIT:
        plan.not_before, plan.waits_for = at + TRY_AGAIN, verdict.why[:500]
        plan.save(update_fields=["not_before", "waits_for"])
    elif verdict.word is _Word.EXPIRE:
        end_before_it_begins(plan, PlanStatus.EXPIRED, verdict.why, actor=actor, at=at)
    elif verdict.word is _Word.FAIL:
        _fail(plan, verdict.why, actor=actor, at=at)
    else:
        _begin(plan, verdict.why, actor=actor, at=at)


def _begin(plan: Plan, warnings: str, *, actor: Actor, at: datetime) -> None:
    plan.begin(at=at)
    plan.save()
    note(
        plan,
        "begun",
        actor=actor,
        at=at,
        before={"status": PlanStatus.APPROVED},
        after={"status": plan.status, "warnings": warnings},
    )
    record_on_ticket(plan, status="SENT", error="", tx_hash="", actor=actor, at=at)
    bus.publish(
        PlanBegun(
            plan_id=plan.pk,
            chain_id=plan.chain_id,
            trigger=plan.trigger,
            amount_assets=plan.amount_assets,
            legs=plan.legs.count(),
            at=at,
        )
    )


def _fail(plan: Plan, why: str, *, actor: Actor, at: datetime) -> None:
    plan.fail(outcome=why, at=at)
    plan.not_before, plan.waits_for, plan.to_review = None, "", False
    plan.save()
    note(
        plan,
        "failed",
        actor=actor,
        at=at,
        before={"status": PlanStatus.APPROVED},
        after={"status": plan.status, "outcome": why},
    )
    record_on_ticket(plan, status="FAILED", error=why, tx_hash="", actor=actor, at=at)
    tell_finished(plan, at=at)
