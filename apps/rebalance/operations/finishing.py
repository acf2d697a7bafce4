"""The end of an execution: the fund is read again and compared with what was to come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from apps.approvals import operations as approvals
from apps.chain import queries as chain_queries
from apps.chain.terms import Tier
from apps.core import bus
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.core.units import format_bps
from apps.rebalance import queries
from apps.rebalance.events import PlanDeviated
from apps.rebalance.models import Leg, LegStatus, Plan, PlanStatus
from apps.rebalance.rules import checks, frozen, results
from apps.rebalance.rules.figures import Parameters, Situation
from apps.rebalance.rules.results import Trade

from . import legs
from ._common import locked, note, tell_finished


@dataclass(slots=True)
class _Traded:
    """Every trade that came of a plan, the gas of all, and what people sent again, in words."""

    trades: list[Trade] = field(default_factory=list)
    gas_used: int = 0
    again: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """What a finished plan's figures are made of; ``now`` is None where the fund cannot be read."""

    traded: _Traded
    now: Situation | None
    unread: str
    parameters: Parameters


def finish(plan_id: int, *, at: datetime) -> str:
    """Close a plan whose legs have all ended; return what it waits for, "" when it is closed.

    The fund is read at a final block, after every trade's event is applied. Where it cannot be read
    for long, the plan is closed without the comparison, so that it holds up no other.
    """
    plan = Plan.objects.get(pk=plan_id)
    rows = list(plan.legs.all())
    waits_for, traded = _what_was_traded(plan, rows)
    if waits_for:
        return waits_for
    now, unread = None, ""
    if traded.trades:
        try:
            now = queries.situation_now(chain_id=plan.chain_id, at=at)
        except Refused as refused:
            unread = refused.message
            if at - legs.last_moved_at(plan) < legs.IDLE_MAX:
                return f"The fund cannot be read: {unread}"
    _version, parameters = queries.policy()
    ending = _Ending(traded=traded, now=now, unread=unread, parameters=parameters)
    with transaction.atomic():
        plan = locked(plan_id)
        if plan.status == PlanStatus.EXECUTING:
            _close(plan, ending, at=at)
    return ""


def _what_was_traded(plan: Plan, rows: Sequence[Leg]) -> tuple[str, _Traded]:
    """What is still awaited, and all that came of the plan.

    What people sent again counts too, and so does what was mined without being enough.
    """
    found = _Traded()
    for leg in rows:
        for view in _tries(leg):
            if view.finished_at is None:
                return f"Transaction {view.id} is {view.status.lower()}.", found
            found.gas_used += view.gas_used or 0
            trade = legs.trade_of(leg, view.tx_hash) if view.gas_used is not None else None
            if trade is not None:
                found.trades.append(trade)
            if view.id != leg.transaction_id:
                found.again.append(
                    f"Leg {leg.position} was sent again as transaction {view.id}, which is"
                    f" {view.status.lower()}."
                )
    if found.gas_used and not chain_queries.is_applied(plan.chain_id):
        return "Events of its trades are about to be applied.", found
    return "", found


def _tries(leg: Leg) -> list[chain_queries.TransactionView]:
    """A leg's transaction, and those that people sent after it failed."""
    if leg.transaction_id is None:
        return []
    return chain_queries.transactions_by_key(legs.key_of(leg))


def _close(plan: Plan, ending: _Ending, *, at: datetime) -> None:
    rows = list(plan.legs.all())
    done = [leg for leg in rows if leg.status == LegStatus.DONE]
    actor = Actor.system(f"plan {plan.pk}")
    sentences = [_how_it_went(plan, rows, ending, at=at)]
    if ending.now is not None:
        sentences.append(_compare(plan, rows, ending, ending.now))
    elif ending.unread:
        sentences.append(f"The fund could not be read afterwards: {ending.unread}")
    sentences += ending.traded.again
    sentences += [
        f"Leg {leg.position} ({leg.kind.lower()} {leg.symbol}) {leg.status.lower()}: {leg.error}"
        for leg in rows
        if leg.status != LegStatus.DONE
    ]
    outcome = "\n".join(sentences)
    if len(done) == len(rows):
        plan.complete(outcome=outcome, at=at)
    elif done:
        plan.complete_partially(outcome=outcome, at=at)
    else:
        plan.fail(outcome=outcome, at=at)
    plan.not_before, plan.waits_for = None, ""
    plan.save()
    note(
        plan,
        "finished",
        actor=actor,
        at=at,
        before={"status": PlanStatus.EXECUTING},
        after={"status": plan.status, "outcome": outcome, "deviation_bps": plan.deviation_bps},
    )
    record_on_ticket(
        plan,
        status="DONE" if plan.status == PlanStatus.COMPLETED else "FAILED",
        error="" if plan.status == PlanStatus.COMPLETED else outcome,
        tx_hash=next((leg.tx_hash for leg in reversed(done)), ""),
        actor=actor,
        at=at,
    )
    tell_finished(plan, at=at)
    if _deviated(plan, ending):
        bus.publish(
            PlanDeviated(
                plan_id=plan.pk,
                chain_id=plan.chain_id,
                trigger=plan.trigger,
                amount_assets=plan.amount_assets,
                deviation_bps=plan.deviation_bps or 0,
                at=at,
            )
        )


def _how_it_went(plan: Plan, rows: Sequence[Leg], ending: _Ending, *, at: datetime) -> str:
    return results.in_words(
        ending.traded.trades,
        legs_done=sum(leg.status == LegStatus.DONE for leg in rows),
        legs=len(rows),
        gas_used=ending.traded.gas_used,
        took=at - (plan.begun_at or at),
    )


def _compare(plan: Plan, rows: Sequence[Leg], ending: _Ending, now: Situation) -> str:
    """Store the fund as read, and how far it is from the projection of what was done."""
    expected = _expected(plan, rows, ending.traded.trades)
    after = {tier: now.tier_assets(tier) for tier in Tier}
    plan.after = {tier.name: str(assets) for tier, assets in after.items()}
    plan.deviation_bps = checks.deviation_bps(expected, after, now.gross)
    return f"The fund is {format_bps(plan.deviation_bps)} of its assets off the projection."


def _expected(plan: Plan, rows: Sequence[Leg], trades: Sequence[Trade]) -> Mapping[Tier, int]:
    """The projection, or where these trades alone would have led when not all were done."""
    if all(leg.status == LegStatus.DONE for leg in rows):
        return {one.tier: one.after for one in frozen.blueprint_from_json(plan.blueprint).tiers}
    return results.tiers_after(frozen.situation_from_json(plan.situation), trades)


def _deviated(plan: Plan, ending: _Ending) -> bool:
    return (
        plan.deviation_bps is not None
        and plan.deviation_bps > ending.parameters.projection_warn_bps
    )


def record_on_ticket(
    plan: Plan, *, status: str, error: str, tx_hash: str, actor: Actor, at: datetime
) -> None:
    """Show on the plan's ticket, where it has one, what became of it: SENT, DONE or FAILED."""
    if plan.ticket_id is not None:
        approvals.record_execution(
            ticket_id=plan.ticket_id,
            status=status,
            error=error,
            tx_hash=tx_hash,
            actor=actor,
            at=at,
        )
