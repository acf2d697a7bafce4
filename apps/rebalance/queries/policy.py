"""The parameters of rebalancing in force, and what a ticket about other ones says."""

from collections.abc import Mapping
from typing import Any

from apps.approvals.queries import Ticket
from apps.core.errors import Unavailable
from apps.rebalance.models import Policy
from apps.rebalance.rules import frozen
from apps.rebalance.rules.figures import Parameters

POLICY_SUBJECT = "rebalance:policy"
"""What tickets about the parameters are about."""


class NoPolicy(Unavailable):
    """No parameters of rebalancing are in force."""


def policy() -> tuple[int, Parameters]:
    """The version in force, and what it says.

    Raises:
        NoPolicy: there is none; the installation brings the first.
    """
    row = Policy.objects.filter(active=True).first()
    if row is None:
        raise NoPolicy("No parameters of rebalancing are in force.")
    return row.version, frozen.parameters_from_json(row.values)


def describe_policy_change(ticket: Ticket) -> Mapping[str, Any]:
    """Which parameters change, from what to what, and why."""
    facts = ticket.facts
    words = "; ".join(
        f"{change['parameter']} {change['old']} → {change['new']}" for change in facts["changes"]
    )
    return {"sentence": f"Parameters of rebalancing: {words}. Because: “{facts['reason']}”."}


def policy_facts_now(ticket: Ticket) -> Mapping[str, Any] | None:
    """What was asked, while the parameters are those it was asked about; None once they are not."""
    asked_about = Policy.objects.filter(active=True, version=int(ticket.facts["version"]))
    return dict(ticket.facts) if asked_about.exists() else None
