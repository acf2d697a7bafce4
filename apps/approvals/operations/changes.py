"""What two people change: one proposes, and another approves; most of it without a call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.rules.roles import STAFF_ROLES
from apps.approvals import queries, rules
from apps.approvals.events import TicketDecided
from apps.approvals.models import Rule, Ticket
from apps.approvals.rules import RuleTerms
from apps.audit import operations as audit
from apps.core.actor import Actor
from apps.core.errors import Invalid, NotFound, Refused
from apps.core.text import visible_line

from .closing import record_execution
from .opening import open_ticket

CONFIG_CHANGE = "CONFIG_CHANGE"
_SUBJECT = "rule:"
_REASON_CHARACTERS_MAX = 500


class AlreadyProposed(Refused):
    """A ticket about this waits for votes, or its transaction is on its way."""


class NoReason(Invalid):
    """Who changes something says why."""


class NothingChanges(Refused):
    """It says this already."""


class OtherRuleNow(Refused):
    """The rule is no longer the one that was asked about."""


def clean_change_reason(reason: str) -> str:
    """Why somebody changes something, as it is kept.

    Raises:
        NoReason: they do not say.
    """
    words = visible_line(reason.strip(), characters_max=_REASON_CHARACTERS_MAX)
    if not words:
        raise NoReason("Say why.")
    return words


@transaction.atomic
def propose_change(
    *,
    kind: str,
    subject_id: str,
    title: str,
    facts: Mapping[str, Any],
    chain_id: int,
    actor: Actor,
    at: datetime,
    amount: int | None = None,
    conditions: Sequence[Mapping[str, Any]] = (),
    calls_hash: str = rules.NO_CALLS_HASH,
) -> int:
    """Open a ticket about a change, one at a time for each subject; return its number.

    Args:
        amount: what an approval moves, in USDT base units; None where it moves nothing.
        conditions, calls_hash: see :func:`open_ticket`.

    Raises:
        AlreadyProposed, NoRule, TooFewEligible.
    """
    earlier = queries.tickets_for([kind], subject_id, chain_id=chain_id)
    for ticket in earlier:
        if ticket.is_open:
            raise AlreadyProposed(
                f"Ticket {ticket.pk} about this waits for votes.", ticket=ticket.pk
            )
        if ticket.execution_status == rules.Execution.SENT:
            raise AlreadyProposed(
                f"What ticket {ticket.pk} decided about this is on its way.", ticket=ticket.pk
            )
    return open_ticket(
        kind=kind,
        subject_id=subject_id,
        title=title,
        requester_name=actor.name,
        maker_user_id=actor.user_id,
        party_wallets=[],
        amount=amount,
        currency="" if amount is None else "USDT",
        facts=facts,
        conditions=conditions,
        assessment={},
        calls_hash=calls_hash,
        chain_id=chain_id,
        actor=actor,
        at=at,
        idempotency_key=f"{kind}:{chain_id}:{subject_id}:{len(earlier) + 1}",
    ).pk


@transaction.atomic
def propose_rule(
    *, kind: str, new: RuleTerms, reason: str, chain_id: int, actor: Actor, at: datetime
) -> int:
    """Ask another person for other terms of a kind's rule; return the ticket's number.

    Doors ask for the right ``approvals.propose_rule``.

    Raises:
        NotFound: no such rule.
        BadTerms, NothingChanges, NoReason, AlreadyProposed, TooFewEligible.
    """
    reason = clean_change_reason(reason)
    row = _locked(kind)
    new.refuse_unless_sound(STAFF_ROLES)
    shape = [(threshold["figure"], threshold["operator"]) for threshold in row.thresholds]
    if [(item["figure"], item["operator"]) for item in new.thresholds] != shape:
        raise rules.BadTerms("Which figures a rule looks at does not change, only their limits.")
    if new.auto_approve and new.auto_approve != row.auto_approve:
        rules.refuse_unless_may_approve(kind, new.auto_approve)
    if new == row.terms:
        raise NothingChanges(f"The rule of {kind} says this already.")
    return propose_change(
        kind=CONFIG_CHANGE,
        subject_id=f"{_SUBJECT}{kind}",
        title=f"Rule of {kind}",
        facts={
            "rule": kind,
            "version": row.version,
            "old": row.terms.as_facts(),
            "new": new.as_facts(),
            "reason": reason,
        },
        chain_id=chain_id,
        actor=actor,
        at=at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What an approved ticket changed, for the audit trail."""

    action: str
    object_type: str
    object_id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@transaction.atomic
def carry_out_change(fact: TicketDecided, change: Callable[[Ticket], Changed | None]) -> None:
    """Change rows as an approved ticket says, and say on the ticket what came of it.

    Args:
        change: makes the change and returns it; None when it was made before. What it refuses
            (``Refused``) is shown on the ticket, and nothing of it stays.

    Raises:
        NotAuthorised: the votes no longer carry it.
    """
    ticket = queries.authorised_change(fact)
    try:
        with transaction.atomic():
            changed = change(ticket)
    except Refused as refused:
        record_execution(ticket_id=ticket.pk, status="FAILED", error=refused.message, at=fact.at)
        return
    if changed is None:
        return
    audit.record(
        actor=Actor.system(f"ticket {ticket.pk}"),
        action=changed.action,
        object_type=changed.object_type,
        object_id=changed.object_id,
        before=changed.before,
        after=changed.after,
        level="HIGH",
        at=fact.at,
    )
    record_execution(ticket_id=ticket.pk, status="DONE", at=fact.at)


def apply_rule(fact: TicketDecided) -> None:
    """Put the rule that an approved ticket names in force; other tickets are not ours.

    Tickets that are open keep the rule they were opened under.

    Raises:
        NotAuthorised: the votes no longer carry it.
    """
    if fact.decision == "APPROVED" and fact.subject_id.startswith(_SUBJECT):
        carry_out_change(fact, _put_in_force)


def _put_in_force(ticket: Ticket) -> Changed:
    row = _locked(str(ticket.facts["rule"]))
    if row.version != int(ticket.facts["version"]):
        raise OtherRuleNow(
            f"The rule of {row.kind} is no longer version {ticket.facts['version']}."
        )
    new = RuleTerms.from_facts(ticket.facts["new"])
    row.active = False
    row.save(update_fields=["active"])
    changed = Rule.objects.create(
        kind=row.kind,
        version=row.version + 1,
        description=row.description,
        maker_may_cancel=row.maker_may_cancel,
        ticket_id=ticket.pk,
        **new.as_facts() | {"thresholds": list(new.thresholds)},
    )
    return Changed(
        action="CHANGE_RULE",
        object_type="rule",
        object_id=row.kind,
        before={"version": row.version, **ticket.facts["old"]},
        after={"version": changed.version, **ticket.facts["new"]},
    )


def _locked(kind: str) -> Rule:
    row = Rule.objects.select_for_update().filter(kind=kind, active=True).first()
    if row is None:
        raise NotFound(f"No rule of {kind} is in force.")
    return row
