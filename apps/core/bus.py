"""From fact to handlers, in the caller's transaction.

Which handlers hear which fact is written in one place, the module that the setting
``FACT_SUBSCRIPTIONS`` names. It holds three tables: ``PROJECTIONS`` (rebuild rows, run again by a
replay), ``REACTIONS`` (tickets, messages, intents: once ever) and ``ON_SEEN`` (alerts about logs
that are not final yet). A key is the fact's class, or ``(class, kind)`` for facts that carry a
``kind``, so that no handler has to filter.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import transaction

Handler = Callable[[Any], None]
Table = Mapping[Any, Iterable[Handler]]


class NoTransaction(RuntimeError):
    """A fact was published outside a transaction, so its effects could be half-done."""


def publish(fact: object) -> None:
    """Run the reactions to a decision of ours, in table order, in the caller's transaction."""
    _run("REACTIONS", fact)


def project(fact: object) -> None:
    """Run the projections of a fact of the chain: rows that a replay rebuilds."""
    _run("PROJECTIONS", fact)


def react(fact: object) -> None:
    """Run the reactions to a fact of the chain; the caller sees to it that this happens once."""
    _run("REACTIONS", fact)


def see(fact: object) -> None:
    """Run what people must hear at once, before the fact is final."""
    _run("ON_SEEN", fact)


def _run(table_name: str, fact: object) -> None:
    if not transaction.get_connection().in_atomic_block:
        raise NoTransaction(f"{type(fact).__name__} published outside a transaction")
    table: Table = getattr(_subscriptions(), table_name)
    for handler in _handlers(table, fact):
        handler(fact)


def _handlers(table: Table, fact: object) -> Iterable[Handler]:
    yield from table.get(type(fact), ())
    kind = getattr(fact, "kind", None)
    if kind is not None:
        yield from table.get((type(fact), kind), ())


@cache
def _subscriptions() -> ModuleType:
    return import_module(settings.FACT_SUBSCRIPTIONS)
