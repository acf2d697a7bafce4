"""Events that any of the contracts may emit: roles, pauses, references to other contracts."""

from collections.abc import Callable
from typing import Any

from apps.chain import events
from apps.chain.events import ChainFact, Source

Args = dict[str, Any]
Values = dict[str, Any]
Builder = Callable[[Source, Args, Values], ChainFact]


def reference(name: str) -> Builder:
    """A builder for ``…Updated(old…, new…)`` events, with or without a leading token."""

    def build(source: Source, args: Args, _values: Values) -> ChainFact:
        # By name: arguments come back from the database in no particular order.
        return events.ContractReferenceUpdated(
            source=source,
            name=name,
            subject=args.get("token", ""),
            old_address=next(value for key, value in args.items() if key.startswith("old")),
            new_address=next(value for key, value in args.items() if key.startswith("new")),
        )

    return build


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
