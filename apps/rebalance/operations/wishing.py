"""A log may ask for a plan: its handler writes that down, and the clock thinks about it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.chain import queries as chain
from apps.chain.events import NavUpdated, Source, SubscriptionProcessed
from apps.core.actor import Actor
from apps.rebalance import queries
from apps.rebalance.models import TriggerEvent, TriggerKind, Wish
from apps.rebalance.rules import frozen, triggers
from apps.rebalance.rules.figures import Parameters
from apps.rebalance.rules.triggers import Reason

from .considering import consider

NEWS = timedelta(hours=1)
"""What happened longer ago is history: whatever it asked for, other triggers have seen since."""

CLOCK = Actor.system("clock")


def wish_for_subscriptions(facts: Sequence[SubscriptionProcessed], *, at: datetime) -> None:
    """Much money came in: some of it may be put to work."""
    parameters = _parameters()
    if parameters is not None:
        for fact in facts:
            reason = triggers.subscription(fact.assets, parameters)
            note_wish(source=fact.source, reason=reason, at=at)


def wish_for_navs(facts: Sequence[NavUpdated], *, at: datetime) -> None:
    """The NAV jumped: tiers may be off their targets."""
    parameters = _parameters()
    if parameters is not None:
        for fact in facts:
            old, new = fact.old_nav_per_share, fact.new_nav_per_share
            note_wish(source=fact.source, reason=triggers.nav_move(old, new, parameters), at=at)


def note_wish(*, source: Source, reason: Reason | None, at: datetime) -> None:
    """Write a log's wish down, once; without a reason, and for history, there is none."""
    if reason is None or at - chain.happened_at(source, at=at) > NEWS:
        return
    Wish.objects.get_or_create(
        key=f"{source.chain_id}:{source.tx_hash}:{source.position}",
        defaults={
            "chain_id": source.chain_id,
            "reason": reason.text[:500],
            "aim": frozen.aim_as_json(reason.aim),
            "wished_at": at,
        },
    )


def _parameters() -> Parameters | None:
    """By what to judge a log; None where nothing is configured: a log is applied whatever the state
    of rebalancing."""
    try:
        return queries.policy()[1]
    except queries.NoPolicy:
        return None


def due_wishes(*, at: datetime) -> list[int]:
    """The numbers of wishes to be thought about, oldest first; those out of date are let go."""
    waiting = Wish.objects.filter(considered_at=None, wished_at__gt=at - NEWS)
    return list(waiting.order_by("id").values_list("id", flat=True))


def consider_wish(*, wish_id: int, at: datetime) -> TriggerEvent | None:
    """Think about one wish; None when that was done. Asks a node, so never inside a transaction.

    Raises:
        ChainUnavailable: it waits for the next time.
    """
    wish = Wish.objects.get(pk=wish_id)
    if wish.considered_at is not None:
        return None
    event = consider(
        chain_id=wish.chain_id,
        trigger=TriggerKind.EVENT,
        reason=wish.reason,
        aim=frozen.aim_from_json(wish.aim),
        actor=CLOCK,
        at=at,
    )
    Wish.objects.filter(pk=wish_id, considered_at=None).update(considered_at=at)
    return event
