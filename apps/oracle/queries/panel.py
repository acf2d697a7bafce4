"""What a ticket about a price source would change, in words, for those who vote on it."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.approvals.queries import Ticket
from apps.oracle.models import Source
from apps.oracle.queries.names import names_of, short

_WORDS = {
    "address": "contract",
    "url": "URL",
    "pricePath": "path of the price",
    "timePath": "path of the time",
    "staleAfterSeconds": "figures count for (seconds)",
}


def describe_source_change(ticket: Ticket) -> Mapping[str, Any]:
    """Which source of which asset is added, changed or switched, from what to what, and why."""
    facts = ticket.facts
    chain_id, token, name = int(facts["chainId"]), str(facts["token"]), str(facts["name"])
    asset = names_of(chain_id).get(token) or short(token)
    row = Source.objects.filter(chain_id=chain_id, token=token, name=name).first()
    return {
        "sentence": (
            f"Price source “{name}” of {asset} ({token}) on chain {chain_id} "
            f"{_change(facts['old'], facts['new'])}. Because: “{facts['reason']}”."
        ),
        "url": "" if row is None else reverse("admin:oracle_source_change", args=[row.pk]),
    }


def _change(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> str:
    if old is None:
        terms = "; ".join(f"{words}: {new[key]}" for key, words in _WORDS.items() if new[key])
        return f"is added, kind {new['kind']}. {terms}"
    said = [
        f"{words}: {old[key] or '—'} → {new[key] or '—'}"
        for key, words in _WORDS.items()
        if old[key] != new[key]
    ]
    if old["active"] != new["active"]:
        said.append("it is switched on" if new["active"] else "it is switched off")
    return "changes. " + "; ".join(said)
