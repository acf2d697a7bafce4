"""The fields of forms: a signed vote's, and those of a rule's terms."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from apps.approvals.rules import MAY_APPROVE, RuleTerms
from apps.core import clock
from apps.core.errors import Invalid
from apps.core.units import AmountOutOfRange, from_decimal


class BadField(Invalid):
    """A field of the signed form is missing or malformed."""


class VoteFields(TypedDict):
    """What the page sends with a vote."""

    decision: str
    reason: str
    facts_hash_shown: str
    signature: str
    nonce: str
    expires_at: datetime


def vote_fields(form: Mapping[str, str]) -> VoteFields:
    """The vote's fields from a form.

    Raises:
        BadField: the expiry is not Unix seconds; the rest is checked where it is used.
    """
    seconds = form.get("expires_at", "")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
        raise BadField("The vote was not signed. Reload the page and try again.")
    return VoteFields(
        decision=form.get("decision", ""),
        reason=form.get("reason", ""),
        facts_hash_shown=form.get("facts_hash", ""),
        signature=form.get("signature", ""),
        nonce=form.get("nonce", ""),
        expires_at=clock.from_timestamp(int(seconds)),
    )


def rule_terms(kind: str, form: Mapping[str, str], now: RuleTerms) -> RuleTerms:
    """The terms of a kind's rule as a form wants them; what the form does not name stays.

    Times are minutes; limits are whole units of the currency, or per cent of a share. Where people
    choose for which facts the rule approves by itself, what is ticked are all of them.

    Raises:
        BadField: not a number where one is needed.
    """
    return replace(
        now,
        role=form.get("role", now.role),
        escalation_role=form.get("escalation_role", now.escalation_role),
        required_approvals=_whole(form, "required_approvals"),
        eligible_min=_whole(form, "eligible_min"),
        warn_after_seconds=60 * _whole(form, "warn_minutes"),
        escalate_after_seconds=60 * _whole(form, "escalate_minutes"),
        deadline_after_seconds=60 * _whole(form, "deadline_minutes"),
        auto_reject=form.get("auto_reject") == "on",
        thresholds=tuple(
            {**threshold, "value": str(_limit(form, number, threshold["figure"]))}
            for number, threshold in enumerate(now.thresholds)
        ),
        auto_approve=_conditions(kind, form, now),
    )


def condition_field(fact: str, value: str) -> str:
    """What the form calls the tick that lets a rule approve by itself for a fact's value."""
    return f"auto_{fact}_{value}"


def _conditions(kind: str, form: Mapping[str, str], now: RuleTerms) -> dict[str, list[str]]:
    if form.get("people_always") == "on":
        return {}
    if kind not in MAY_APPROVE:
        return now.auto_approve
    ticked = {
        fact: [value for value in values if form.get(condition_field(fact, value)) == "on"]
        for fact, values in MAY_APPROVE[kind].items()
    }
    return {fact: values for fact, values in ticked.items() if values}


def _whole(form: Mapping[str, str], name: str) -> int:
    text = form.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise BadField(f"{name.replace('_', ' ').capitalize()} is a whole number.", field=name)
    return int(text)


def _limit(form: Mapping[str, str], number: int, figure: str) -> int:
    text = form.get(f"limit_{number}", "").strip().replace(",", "")
    try:
        return from_decimal(text, 18 if figure == "amount" else 2)
    except AmountOutOfRange as error:
        raise BadField(f"A limit is a number: {error}.", field=f"limit_{number}") from error
