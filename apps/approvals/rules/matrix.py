"""Which rule a ticket falls under, what a rule approves by itself, and what a ticket stands for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from apps.core.errors import Invalid
from apps.core.units import UINT256_MAX

_SECONDS_MAX = 90 * 86_400
_PEOPLE_MAX = 20

LARGER_KIND: Mapping[str, str] = {"REBALANCE_SMALL": "REBALANCE_LARGE"}
"""Which kind decides about more of the same."""

MAY_APPROVE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "EMERGENCY_MODE": {
        "call": ("PAUSE_REDEMPTIONS", "SET_EMERGENCY_MODE"),
        "cause": (
            "CriticalLiquidityAlert",
            "EmergencyModeChanged",
            "LEVEL_CRITICAL",
            "LEVEL_HIGH",
        ),
    },
}
"""For which facts people may let a kind's rule approve by itself: every fact has to be named, with
some of these values. Tickets that let go what an emergency stopped say no ``call``."""


class BadTerms(Invalid):
    """A rule cannot say that; the message says which part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTerms:
    """What people may change of a rule. Thresholds are the figures and operators that the kind has
    (``figure``, ``operator``, ``value`` in base units or bps as text); only their values change."""

    role: str
    required_approvals: int
    eligible_min: int
    warn_after_seconds: int
    escalate_after_seconds: int
    deadline_after_seconds: int
    escalation_role: str
    auto_reject: bool
    thresholds: tuple[dict[str, str], ...]
    auto_approve: dict[str, list[str]]

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """Reads what :meth:`as_facts` made, its integers being text."""
        numbers = {
            name: int(facts[name])
            for name in (
                "required_approvals",
                "eligible_min",
                "warn_after_seconds",
                "escalate_after_seconds",
                "deadline_after_seconds",
            )
        }
        return cls(
            role=facts["role"],
            escalation_role=facts["escalation_role"],
            auto_reject=facts["auto_reject"],
            thresholds=tuple(dict(threshold) for threshold in facts["thresholds"]),
            auto_approve={name: list(values) for name, values in facts["auto_approve"].items()},
            **numbers,
        )

    def as_facts(self) -> dict[str, Any]:
        """As a ticket keeps them."""
        return asdict(self)

    def refuse_unless_sound(self, roles: Iterable[str]) -> None:
        """Confirm that a rule can say this.

        Raises:
            BadTerms: it cannot.
        """
        for role in (self.role, self.escalation_role):
            if role not in roles:
                raise BadTerms(f"{role or 'Nothing'} is no role that decides tickets.")
        if not 1 <= self.required_approvals <= _PEOPLE_MAX:
            raise BadTerms(f"A ticket needs 1 to {_PEOPLE_MAX} approvals.")
        if self.eligible_min != 0 and not self.required_approvals <= self.eligible_min:
            raise BadTerms("As many people as approvals must be able to vote.")
        if self.eligible_min > _PEOPLE_MAX:
            raise BadTerms(f"At most {_PEOPLE_MAX} people can be asked to be able to vote.")
        times = (self.warn_after_seconds, self.escalate_after_seconds, self.deadline_after_seconds)
        if not 60 <= times[0] <= times[1] <= times[2] <= _SECONDS_MAX:
            raise BadTerms(
                "The warning comes after a minute at the earliest, then the escalation, then the "
                "deadline, within 90 days."
            )
        for threshold in self.thresholds:
            if not 0 <= int(threshold["value"]) <= UINT256_MAX:
                raise BadTerms(f"The limit on {threshold['figure']} is out of range.")


def changed_terms(old: RuleTerms, new: RuleTerms) -> dict[str, tuple[Any, Any]]:
    """What differs, by name: (old, new)."""
    before, after = old.as_facts(), new.as_facts()
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def covered_calls(facts: Mapping[str, Any]) -> frozenset[str]:
    """The hashes of the single calls that a ticket with these facts stands for, where it stands for
    several: ``facts["calls"]`` lists them in order, each with its ``hash`` and its ``sentence``."""
    listed = facts.get("calls")
    if not isinstance(listed, list):
        return frozenset()
    return frozenset(str(entry["hash"]).lower() for entry in listed)


def auto_approves(
    conditions: Mapping[str, Sequence[str]], facts: Mapping[str, Any]
) -> dict[str, str] | None:
    """The facts for which a rule approves by itself, None where it leaves that to people.

    Every fact that ``conditions`` names must be there, with one of the values listed for it; a rule
    without conditions approves nothing. The trigger of migration 0004 compares the same.
    """
    if not conditions:
        return None
    said = {name: facts.get(name) for name in conditions}
    if any(said[name] not in allowed for name, allowed in conditions.items()):
        return None
    return {name: str(value) for name, value in said.items()}


def refuse_unless_may_approve(kind: str, conditions: Mapping[str, Sequence[str]]) -> None:
    """Confirm that people may let a kind's rule approve by itself for these facts.

    Raises:
        BadTerms: they may not.
    """
    offered = MAY_APPROVE.get(kind, {})
    missing = [fact for fact in offered if not conditions.get(fact)]
    if not offered or missing or set(conditions) != set(offered):
        raise BadTerms(
            f"A rule of {kind} approves nothing by itself."
            if not offered
            else f"Say for which {' and which '.join(offered)} the rule approves by itself."
        )
    for fact, allowed in conditions.items():
        if not set(allowed) <= set(offered[fact]) or len(set(allowed)) != len(allowed):
            raise BadTerms(f"By {fact} a rule of {kind} cannot approve: {', '.join(allowed)}.")


def thresholds_met(thresholds: Iterable[Mapping[str, str]], amount: int) -> int | None:
    """The highest limit on the amount (base units) that is met, 0 without any limit on it; None
    when one is not met."""
    highest = 0
    for threshold in thresholds:
        if threshold["figure"] != "amount":
            continue
        limit = int(threshold["value"])
        if amount < limit or (threshold["operator"] == ">" and amount == limit):
            return None
        highest = max(highest, limit)
    return highest
