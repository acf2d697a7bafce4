"""The parameters of risk in force, and what a ticket about other ones says."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.approvals.queries import Ticket
from apps.core.errors import Unavailable
from apps.risk.models import Policy
from apps.risk.rules.figures import Indicator, Parameters, Unit
from apps.risk.rules.policy_json import from_json
from apps.risk.rules.specs import SPECS
from apps.risk.rules.words import limit_text

POLICY_SUBJECT = "risk:policy"
"""What tickets about the parameters are about."""


class NoPolicy(Unavailable):
    """No parameters of risk are in force."""


def policy(*, at: datetime) -> tuple[int, Parameters]:
    """The version in force at an instant, and what it says: of those whose time has come the one
    that was decided last.

    Raises:
        NoPolicy: there is none; the installation brings the first.
    """
    row = Policy.objects.filter(effective_at__lte=at).order_by("-version").first()
    if row is None:
        raise NoPolicy("No parameters of risk are in force.")
    return row.version, from_json(row.values)


def describe_policy_change(ticket: Ticket) -> Mapping[str, Any]:
    """Which parameters change, from what to what, from when on, and why."""
    facts = ticket.facts
    words = "; ".join(_in_words(change) for change in facts["changes"])
    since = datetime.fromisoformat(facts["effectiveAt"])
    return {
        "sentence": (
            f"Parameters of risk from {since:%Y-%m-%d %H:%M} UTC on: {words}."
            f" Because: “{facts['reason']}”."
        )
    }


def policy_facts_now(ticket: Ticket) -> Mapping[str, Any] | None:
    """What was asked, while the newest parameters are those it was asked about; None once they are
    not."""
    newest = Policy.objects.order_by("-version").values_list("version", flat=True).first()
    return dict(ticket.facts) if newest == int(ticket.facts["version"]) else None


def changes_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What differs between two policies as JSON, in the parameters' own order."""
    return list(_changes(old, new))


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for indicator in Indicator:
        before, after = old["thresholds"][indicator.value], new["thresholds"][indicator.value]
        for name in after:
            if before[name] != after[name]:
                yield {
                    "parameter": f"{indicator.value}.{name}",
                    "old": before[name],
                    "new": after[name],
                }
    for group in ("levels", "response"):
        for name in new[group]:
            if old[group][name] != new[group][name]:
                yield {"parameter": name, "old": old[group][name], "new": new[group][name]}


def _in_words(change: Mapping[str, Any]) -> str:
    name, _, part = str(change["parameter"]).partition(".")
    if name not in set(Indicator):
        return f"{name.replace('_', ' ')} {change['old']} → {change['new']}"
    spec = SPECS[Indicator(name)]
    if part == "weight":
        return f"{spec.title}, weight {change['old']} → {change['new']}"
    old, new = (_limit(change[side], spec.unit) for side in ("old", "new"))
    return f"{spec.title}, {part} {old} → {new}"


def _limit(text: str, unit: Unit) -> str:
    return limit_text(Decimal(text), unit)
