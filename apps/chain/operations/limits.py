"""How much a signer may move is changed by two people: who proposes, and who approves."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.approvals.events import TicketDecided
from apps.chain.models import SignerAccount
from apps.chain.queries.routes import limits_of
from apps.chain.rules.limits import Limits
from apps.core.actor import Actor
from apps.core.errors import Invalid, NotFound, Refused
from apps.core.units import UINT256_MAX

_SUBJECT = "limits:"
_CALLS_MAX = 2**31 - 1


class OtherLimitsNow(Refused):
    """The limits are no longer those that were asked about."""


class BadLimits(Invalid):
    """Limits are whole numbers that fit, and a day's is at least a transaction's."""


@transaction.atomic
def propose_limits(
    *, chain_id: int, address: str, new: Limits, reason: str, actor: Actor, at: datetime
) -> int:
    """Ask people for other limits of a signer; return the ticket's number.

    Doors ask for the right ``chain.propose_limits``.

    Raises:
        NotFound: no such signer.
        BadLimits.
        approvals.NoReason, NothingChanges, AlreadyProposed, TooFewEligible.
    """
    reason = approvals.clean_change_reason(reason)
    _check(new)
    row = _locked(chain_id, address)
    old = limits_of(row)
    if new == old:
        raise approvals.NothingChanges(f"These are the limits of {row.name} already.")
    return approvals.propose_change(
        kind=approvals.CONFIG_CHANGE,
        subject_id=f"{_SUBJECT}{row.chain_id}:{row.address}",
        title=f"Limits of signer {row.name} on chain {row.chain_id}",
        facts={
            "signer": row.address,
            "chainId": row.chain_id,
            "old": _as_facts(old),
            "new": _as_facts(new),
            "reason": reason,
        },
        chain_id=row.chain_id,
        actor=actor,
        at=at,
    )


def apply_limits(fact: TicketDecided) -> None:
    """Set the limits that an approved ticket names; tickets about anything else are not ours.

    Raises:
        approvals.NotAuthorised: the votes no longer carry it.
    """
    if fact.decision == "APPROVED" and fact.subject_id.startswith(_SUBJECT):
        approvals.carry_out_change(fact, _set)


def _set(ticket: tickets.Ticket) -> approvals.Changed:
    _, chain_id, address = ticket.subject_id.split(":")
    row = _locked(int(chain_id), address)
    old, new = _from_facts(ticket.facts["old"]), _from_facts(ticket.facts["new"])
    if limits_of(row) != old:
        raise OtherLimitsNow(f"The limits of {row.name} are not those that were asked about.")
    row.per_transaction_assets = new.per_transaction_assets
    row.per_day_assets = new.per_day_assets
    row.calls_per_day = new.calls_per_day
    row.limits_ticket_id = ticket.pk
    row.save(
        update_fields=[
            "per_transaction_assets",
            "per_day_assets",
            "calls_per_day",
            "limits_ticket_id",
        ]
    )
    return approvals.Changed(
        action="CHANGE_LIMITS",
        object_type="signer",
        object_id=f"{row.chain_id}:{row.address}",
        before=asdict(old),
        after={**asdict(new), "ticket": ticket.pk},
    )


def _locked(chain_id: int, address: str) -> SignerAccount:
    found = SignerAccount.objects.select_for_update().filter(
        chain_id=chain_id, address=address.lower()
    )
    row = found.first()
    if row is None:
        raise NotFound(f"There is no signer {address} on chain {chain_id}.")
    return row


def _check(new: Limits) -> None:
    if not 0 <= new.per_transaction_assets <= new.per_day_assets <= UINT256_MAX:
        raise BadLimits("What a day may move is at least what a transaction may move.")
    if not 0 <= new.calls_per_day <= _CALLS_MAX:
        raise BadLimits("Transactions a day are a whole number.")


def _as_facts(limits: Limits) -> dict[str, int]:
    return {
        "perTransactionAssets": limits.per_transaction_assets,
        "perDayAssets": limits.per_day_assets,
        "callsPerDay": limits.calls_per_day,
    }


def _from_facts(facts: dict[str, str]) -> Limits:
    return Limits(
        per_transaction_assets=int(facts["perTransactionAssets"]),
        per_day_assets=int(facts["perDayAssets"]),
        calls_per_day=int(facts["callsPerDay"]),
    )
