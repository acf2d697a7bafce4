"""What the tickets about stops and limits would do, in words, for those who vote on them."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.approvals.queries import Ticket
from apps.chain.calls import Call
from apps.chain.client import ChainUnavailable
from apps.chain.models import SignerAccount, Stop
from apps.chain.queries.transactions import dry_run
from apps.chain.rules import scopes
from apps.core import clock
from apps.core.units import format_amount

_LIMITS = {
    "perTransactionAssets": "a transaction moves at most",
    "perDayAssets": "in any 24 hours at most",
    "callsPerDay": "transactions in any 24 hours at most",
}


def describe_lift(ticket: Ticket) -> Mapping[str, Any]:
    """What leaves again when a stop is lifted, why it was stopped and why it may go on."""
    facts = ticket.facts
    row = Stop.objects.filter(pk=int(ticket.subject_id)).first()
    if row is None:
        return {"missing": f"There is no stop {ticket.subject_id}."}
    since = clock.from_timestamp(int(facts["stoppedAt"]))
    now = "" if row.lifted_at is None else " It is lifted already."
    return {
        "sentence": (
            f"Sending goes on for {scopes.in_words(row.scope)}. {facts['stoppedBy']} stopped it at "
            f"{since:%Y-%m-%d %H:%M} UTC: “{facts['stoppedBecause']}”. "
            f"It may go on because: “{facts['liftBecause']}”.{now}"
        ),
        "url": reverse("admin:chain_stop_change", args=[row.pk]),
    }


def describe_limits(ticket: Ticket) -> Mapping[str, Any]:
    """Which limits of which signer change, from what to what, and why."""
    facts = ticket.facts
    if not ticket.subject_id.startswith("limits:"):
        return {"missing": f"{ticket.subject_id} is not about a signer's limits."}
    chain_id, address = int(facts["chainId"]), str(facts["signer"])
    row = SignerAccount.objects.filter(chain_id=chain_id, address=address).first()
    if row is None:
        return {"missing": f"There is no signer {address} on chain {chain_id}."}
    old, new = facts["old"], facts["new"]
    words = [
        f"{what} {_said(name, old)} → {_said(name, new)}"
        for name, what in _LIMITS.items()
        if str(old[name]) != str(new[name])
    ]
    return {
        "sentence": (
            f"Signer {row.name} ({address}) on chain {chain_id}: {'; '.join(words)}. "
            f"Because: “{facts['reason']}”."
        ),
        "url": reverse("admin:chain_signeraccount_change", args=[row.pk]),
    }


def dry_run_to_show(call: Call) -> dict[str, Any]:
    """What a call would do at the newest block, as a ticket's page shows it. Asks a node.

    Raises:
        ChainUnavailable: no node answers; see :func:`no_dry_run`.
    """
    run = dry_run(call)
    return {
        "ok": run.ok,
        "gas": run.gas,
        "error": run.error,
        "block_number": run.block_number,
        "at": clock.now(),
        "sentence": call.sentence,
        "function": f"{call.function}({', '.join(str(part) for part in call.args)})",
    }


def no_dry_run(call: Call, why: ChainUnavailable) -> dict[str, Any]:
    """The same when no node answers."""
    return {"ok": None, "error": why.message, "sentence": call.sentence}


def _said(name: str, limits: Mapping[str, Any]) -> str:
    if name == "callsPerDay":
        return str(limits[name])
    return f"{format_amount(int(limits[name]))} USDT"
