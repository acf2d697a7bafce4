"""Messages about contracts that work otherwise than before: addresses, numbers, roles.

A role or an address that the chain file does not know pages people: that is what taking over looks
like. A number is changed as a rule by those who planned it, so it is told and pages nobody.
"""

from collections.abc import Sequence

from apps.chain import queries as chain
from apps.chain.events import (
    ChainFact,
    ContractParameterUpdated,
    ContractReferenceUpdated,
    RoleGranted,
)
from apps.core import clock
from apps.fund.queries import parameter_text
from apps.notifications.operations import notify
from apps.notifications.rules import Severity, Shared, shared_for

from .links import admin_link
from .places import known_addresses, log_key, where

_ROLES = ("ADMIN", "SUPER_ADMIN")


def alert_reference(fact: ContractReferenceUpdated) -> None:
    """A contract was pointed at an address that is not one of the configured contracts."""
    if fact.new_address in known_addresses():
        return
    _drift(
        fact,
        kind="CONTRACT_REFERENCE",
        subject=f"{fact.source.contract_kind} points elsewhere: {fact.name}",
        body="A contract was set to an address that the chain file does not name. "
        "When this was planned, change the chain file; when not, act at once.",
        details=[
            ("Setting", fact.name),
            *([("For", fact.subject)] if fact.subject else []),
            ("Before", fact.old_address),
            ("Now", fact.new_address),
        ],
        shared=shared_for(Severity.CRITICAL),
    )


def alert_parameter(fact: ContractParameterUpdated) -> None:
    """A contract works by another number: a fee, a threshold, a quota."""
    _drift(
        fact,
        kind="CONTRACT_PARAMETER",
        subject=f"{fact.source.contract_kind} works by another number: {fact.name}",
        body="A setting of a contract was changed on chain. When nobody planned this, act at once.",
        details=[
            ("Setting", fact.name),
            ("Before", parameter_text(fact.name, fact.old_value)),
            ("Now", parameter_text(fact.name, fact.new_value)),
        ],
        shared=(Shared.SLACK_CRITICAL, Shared.TELEGRAM),
    )


def alert_role(fact: RoleGranted) -> None:
    """A role was granted to an account that is none of ours."""
    if fact.account in known_addresses():
        return
    _drift(
        fact,
        kind="ROLE_GRANTED",
        subject=f"An on-chain role of {fact.source.contract_kind} was granted",
        body="A role was granted to an account that the chain file does not name.",
        details=[("Role", fact.role), ("Account", fact.account), ("Granted by", fact.granted_by)],
        shared=shared_for(Severity.CRITICAL),
    )


def _drift(
    fact: ChainFact,
    *,
    kind: str,
    subject: str,
    body: str,
    details: list[tuple[str, str]],
    shared: Sequence[Shared],
) -> None:
    at, key = clock.now(), log_key("final", fact)
    notify(
        kind=kind,
        dedupe_key=key,
        roles=_ROLES,
        subject=subject,
        body=body,
        details=[("Contract", fact.source.address), *details, *where(fact)],
        link=admin_link("index"),
        severity=Severity.CRITICAL,
        happened_at=chain.happened_at(fact.source, at=at),
        shared=shared,
        topic=f"drift:{key}",
        at=at,
    )
