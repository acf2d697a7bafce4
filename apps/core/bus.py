"""From fact to handlers, in the caller's transaction.

Which handlers hear which fact is written in one place, the module that the setting
``FACT_SUBSCRIPTIONS`` names. It holds three tables: ``PROJECTIONS`` (rebuild rows, run again by a
replay), ``REACTIONS`` (tickets, messages, intents: once ever) and ``ON_SEEN`` (alerts about logs
that are not final yet). A key is the fact's class, or ``(class, kind)`` for facts that carry a
``kind``, so that no handler has to filter.

A handler hears one fact at a time, right after the handlers of the facts before it. One that hears
so many that a statement for each is too much is written to take a list, and says so by
``@takes_many``; it may stand under several facts, and gets them all in one list, in order. It runs
after the other handlers of the batch, so none of those may read what it writes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, wraps
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import transaction

Handler = Callable[[Any], None]
ManyHandler = Callable[[Sequence[Any]], None]
Table = Mapping[Any, Iterable[Handler]]


class NoTransaction(RuntimeError):
    """A fact was published outside a transaction, so its effects could be half-done."""


def takes_many(handle: ManyHandler) -> Handler:
    """Declare that a handler takes a list of facts; called by hand it takes one, as any does."""

    @wraps(handle)
    def handle_one(fact: Any) -> None:
        handle([fact])

    handle_one.many = handle  # type: ignore[attr-defined]
    return handle_one


def publish(*facts: object) -> None:
    """Run the reactions to decisions of ours, in table order, in the caller's transaction."""
    _run("REACTIONS", facts)


def project(*facts: object) -> None:
    """Run the projections of facts of the chain, in order: rows that a replay rebuilds."""
    _run("PROJECTIONS", facts)


def react(*facts: object) -> None:
    """Run the reactions to facts of the chain, in order; the caller sees to it that each has them
    once."""
    _run("REACTIONS", facts)


def see(fact: object) -> None:
    """Run what people must hear at once, before the fact is final."""
    _run("ON_SEEN", [fact])


def _run(table_name: str, facts: Sequence[object]) -> None:
    table = _table(table_name, facts)
    together: dict[ManyHandler, list[object]] = {}
    for fact in facts:
        for handler in _handlers(table, fact):
            many: ManyHandler | None = getattr(handler, "many", None)
            if many is None:
                handler(fact)
            else:
                together.setdefault(many, []).append(fact)
    for many, heard in together.items():
        many(heard)


def _table(name: str, facts: Sequence[object]) -> Table:
    if not transaction.get_connection().in_atomic_block:
        names = ", ".join({type(fact).__name__ for fact in facts})
        raise NoTransaction(f"{names} published outside a transaction")
    table: Table = getattr(_subscriptions(), name)
    return table


def _handlers(table: Table, fact: object) -> Iterable[Handler]:
    yield from table.get(type(fact), ())
    kind = getattr(fact, "kind", None)
    if kind is not None:
        yield from table.get((type(fact), kind), ())


@cache
def _subscriptions() -> ModuleType:
    return import_module(settings.FACT_SUBSCRIPTIONS)
