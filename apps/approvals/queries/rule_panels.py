"""What a ticket about a rule would change, in words, for those who vote on it."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.approvals.models import Rule, Ticket
from apps.approvals.rules import RuleTerms, changed_terms
from apps.core.display import duration_text
from apps.core.units import format_amount, format_bps

_NAMES = {
    "role": "decides",
    "required_approvals": "approvals needed",
    "eligible_min": "people who must be able to vote",
    "warn_after_seconds": "warns after",
    "escalate_after_seconds": "escalates after",
    "deadline_after_seconds": "deadline after",
    "escalation_role": "escalates to",
    "auto_reject": "rejects at the deadline",
    "thresholds": "limits",
    "auto_approve": "approves by itself",
}


def describe_rule_change(ticket: Ticket) -> Mapping[str, Any]:
    """Which terms of which rule change, from what to what, and why."""
    facts = ticket.facts
    row = Rule.objects.filter(kind=facts["rule"], active=True).first()
    if row is None:
        return {"missing": f"No rule of {facts['rule']} is in force."}
    changes = changed_terms(RuleTerms.from_facts(facts["old"]), RuleTerms.from_facts(facts["new"]))
    words = "; ".join(
        f"{_NAMES[name]} {_said(name, old)} → {_said(name, new)}"
        for name, (old, new) in changes.items()
    )
    return {
        "sentence": (
            f"Rule of {facts['rule']}, version {facts['version']}: {words}. "
            f"Because: “{facts['reason']}”. Tickets that are open keep the rule they have."
        ),
        "url": reverse("admin:approvals_rule_change", args=[row.pk]),
    }


def _said(name: str, value: Any) -> str:
    if name.endswith("_seconds"):
        return duration_text(value)
    if name == "thresholds":
        return " or ".join(_limit(threshold) for threshold in value)
    if name == "auto_approve":
        conditions = [f"{fact} is {' or '.join(allowed)}" for fact, allowed in value.items()]
        return "when " + " and ".join(conditions) if conditions else "never"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _limit(threshold: Mapping[str, str]) -> str:
    figure, value = threshold["figure"], int(threshold["value"])
    limit = f"{format_amount(value)} USDT" if figure == "amount" else format_bps(value)
    name = figure.removesuffix("_bps").replace("_", " ")
    return f"{name} {threshold['operator']} {limit}"
