"""One leg at a time: queued with the sender, and judged by what its trade really did.

Everything here runs in one transaction that holds the plan's row lock, and asks no node.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from apps.chain import operations as chain
from apps.chain import queries as chain_queries
from apps.chain.queries import TransactionView
from apps.core import bus
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.fund import queries as fund
from apps.rebalance.events import LegFinished
from apps.rebalance.models import Leg, LegStatus, Plan
from apps.rebalance.rules import frozen
from apps.rebalance.rules.calls import call_of
from apps.rebalance.rules.figures import ActionKind
from apps.rebalance.rules.results import Trade

from ._common import note

IDLE_MAX = timedelta(hours=1)
"""An open plan holds up every other: what cannot be queued for so long is left out of it."""
_SENT_AGAIN = re.compile(r"rebalance:(\d+):(\d+):\d+")
_TRADE_KINDS = {ActionKind.PURCHASE: "PURCHASE", ActionKind.REDEEM: "REDEMPTION"}


def carry_on(plan: Plan, *, at: datetime) -> str:
    """Take a plan's legs as far as they go now; return what it waits for, "" when all have ended.

    In order of priority, at most one on its way. What depended on a leg that did not succeed is
    skipped; what did not goes on.
    """
    for leg in _in_order(plan, LegStatus.SENT):
        waits_for = _judge(plan, leg, at=at)
        if waits_for:
            return waits_for
    while (following := _next(plan, at=at)) is not None:
        waits_for = _send(plan, following, at=at)
        if waits_for:
            return waits_for
    return ""


def skip_the_rest(plan: Plan, *, why: str, actor: Actor, at: datetime) -> int:
    """Leave out what is not queued yet; return how many legs that were."""
    planned = _in_order(plan, LegStatus.PLANNED)
    for leg in planned:
        _skip(plan, leg, why=why, actor=actor, at=at)
    return len(planned)


def key_of(leg: Leg) -> str:
    """The idempotency key of a leg's transaction; people's second try has ``:2`` after it."""
    return f"rebalance:{leg.plan_id}:{leg.position}"


def try_of_key(key: str) -> tuple[int, int] | None:
    """(plan, position) of a transaction that people sent again for a leg, None of any other."""
    found = _SENT_AGAIN.fullmatch(key)
    return (int(found[1]), int(found[2])) if found else None


def trade_of(leg: Leg, tx_hash: str) -> Trade | None:
    """What a transaction did with the leg's asset, None before its event is applied."""
    before = frozen.situation_from_json(leg.plan.situation)
    kind = ActionKind(leg.kind)
    # Whatever came of the plan is in a later block than the one it was planned at.
    for row in fund.trades(start=before.at, token=leg.token):
        if row.tx_hash == tx_hash and row.kind == _TRADE_KINDS[kind]:
            return Trade(
                kind=kind,
                token=leg.token,
                decimals=leg.decimals,
                price=next(one.price for one in before.holdings if one.token == leg.token),
                assets=row.assets,
                tokens=row.tokens,
            )
    return None


def last_moved_at(plan: Plan) -> datetime:
    """When one of its legs last came to its end; when it began, before the first did."""
    ends = [leg.finished_at for leg in plan.legs.all() if leg.finished_at is not None]
    return max([*ends, plan.begun_at or plan.created_at])


def _judge(plan: Plan, leg: Leg, *, at: datetime) -> str:
    """End a leg whose transaction has ended; return what it waits for, "" when it ended."""
    number = leg.transaction_id or 0
    view = chain_queries.transactions_by_id([number])[number]
    if view.finished_at is None:
        return _on_its_way(view)
    if view.status != "FINAL":
        error = view.error or f"Transaction {view.id} is {view.status.lower()}."
        leg.fail(error=error, tx_hash=view.tx_hash, at=at)
        _ended(plan, leg, at=at)
        return ""
    trade = trade_of(leg, view.tx_hash)
    if trade is None:
        return f"Transaction {view.id} is final; its event is about to be applied."
    leg.finish(
        assets=trade.assets,
        tokens=trade.tokens,
        slippage_bps=trade.slippage_bps,
        tx_hash=view.tx_hash,
        gas_used=view.gas_used,
        at=at,
    )
    _ended(plan, leg, at=at)
    return ""


def _next(plan: Plan, *, at: datetime) -> Leg | None:
    """The first leg whose dependencies are done; what depends on a failed one is skipped."""
    status_of = {leg.position: leg.status for leg in plan.legs.all()}
    for leg in _in_order(plan, LegStatus.PLANNED):
        unmet = [number for number in leg.depends_on if status_of[number] != LegStatus.DONE]
        if not unmet:
            return leg
        why = f"It depends on leg {unmet[0]}, which did not succeed."
        _skip(plan, leg, why=why, actor=_actor(plan), at=at)
        status_of[leg.position] = leg.status
    return None


def _send(plan: Plan, leg: Leg, *, at: datetime) -> str:
    """Queue a leg's call; return what the plan waits for now, "" when it was left out instead."""
    call = call_of(plan.chain_id, leg)
    stop = chain_queries.is_stopped(plan.chain_id, "", call.kind)
    if stop is not None:
        why = f"Sending is stopped: {stop.reason}"
        if at - last_moved_at(plan) < IDLE_MAX:
            return why
        _skip(plan, leg, why=why, actor=_actor(plan), at=at)
        return ""
    try:
        with transaction.atomic():
            number = chain.submit(
                call=call,
                key=key_of(leg),
                ticket_id=plan.ticket_id,
                actor=_actor(plan),
                at=at,
            )
    except Refused as refused:
        _skip(plan, leg, why=refused.message, actor=_actor(plan), at=at)
        return ""
    leg.send(transaction_id=number, at=at)
    leg.save()
    note(plan, "leg_sent", actor=_actor(plan), at=at, after={"leg": leg.position, "tx": number})
    return f"Transaction {number} is on its way: {call.sentence}."


def _skip(plan: Plan, leg: Leg, *, why: str, actor: Actor, at: datetime) -> None:
    leg.skip(error=why, at=at)
    _ended(plan, leg, actor=actor, at=at)


def _ended(plan: Plan, leg: Leg, *, at: datetime, actor: Actor | None = None) -> None:
    leg.save()
    after = {
        "leg": leg.position,
        "status": leg.status,
        "tx_hash": leg.tx_hash,
        "assets": str(leg.realised_assets),
        "tokens": str(leg.realised_tokens),
        "error": leg.error,
    }
    note(
        plan,
        "leg_ended",
        actor=actor or _actor(plan),
        at=at,
        after=after,
    )
    bus.publish(
        LegFinished(
            plan_id=plan.pk,
            chain_id=plan.chain_id,
            trigger=plan.trigger,
            amount_assets=leg.assets,
            position=leg.position,
            status=leg.status,
            error=leg.error,
            at=at,
        )
    )


def _in_order(plan: Plan, status: LegStatus) -> Sequence[Leg]:
    return list(plan.legs.filter(status=status).order_by("priority", "position"))


def _on_its_way(view: TransactionView) -> str:
    trouble = f": {view.error}" if view.error else ""
    return f"Transaction {view.id} is {view.status.lower()}{trouble}"


def _actor(plan: Plan) -> Actor:
    return Actor.system(f"plan {plan.pk}")
