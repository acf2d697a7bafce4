"""Events that any of the contracts may emit, and how generations differ."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from apps.chain import events
from apps.chain.events import ChainFact, Source

Args = dict[str, Any]
Values = dict[str, Any]
Builder = Callable[[Source, Args, Values], ChainFact]
Table = TypeVar("Table")


def of_generation(tables: Mapping[str, Table], generation: str) -> Table:
    """The table of a generation; a kind with one table only speaks the same in all."""
    return tables[generation] if generation in tables else next(iter(tables.values()))


def reference(name: str) -> Builder:
    """A builder for ``…Updated(old…, new…)`` events, with or without a leading token."""

    def build(source: Source, args: Args, _values: Values) -> ChainFact:
        # By name: arguments come back from the database in no particular order.
        return events.ContractReferenceUpdated(
            source=source,
            name=name,
            subject=args.get("token", ""),
            old_address=_starting_with("old", args),
            new_address=_starting_with("new", args),
        )

    return build


def parameters(*names: str) -> dict[str, Builder]:
    """Builders for ``<name>Updated(uint256 old…, uint256 new…)`` events, by event."""
    return {f"{name}Updated": _parameter(name) for name in names}


def _parameter(name: str) -> Builder:
    def build(source: Source, args: Args, _values: Values) -> ChainFact:
        return events.ContractParameterUpdated(
            source=source,
            name=name,
            old_value=int(_starting_with("old", args)),
            new_value=int(_starting_with("new", args)),
        )

    return build


def _starting_with(prefix: str, args: Args) -> str:
    for key, value in args.items():
        if key.startswith(prefix):
            return str(value)
    raise KeyError(prefix)  # a chain file's own ABI names them otherwise: the log is undecodable


FACTS: dict[str, Builder] = {
    "RoleGranted": lambda source, args, _values: events.RoleGranted(
        source=source, role=args["role"], account=args["account"], granted_by=args["sender"]
    ),
    "RoleRevoked": lambda source, args, _values: events.RoleRevoked(
        source=source, role=args["role"], account=args["account"], revoked_by=args["sender"]
    ),
    "Paused": lambda source, args, _values: events.ContractPaused(
        source=source, account=args["account"]
    ),
    "Unpaused": lambda source, args, _values: events.ContractUnpaused(
        source=source, account=args["account"]
    ),
}

IGNORED = frozenset({"RoleAdminChanged"})
"""Known and without effect: stored, never applied."""
