"""What two people change: one proposes, as a ticket without a call, and another approves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.rules.roles import STAFF_ROLES
from apps.approvals import queries, rules
from apps.approvals.events import TicketDecided
from apps.approvals.models import Rule
from apps.approvals.rules import RuleTerms
from apps.audit import operations as audit
from apps.core.actor import Actor
from apps.core.errors import Invalid, NotFound, Refused

from .closing import record_execution
from .opening import open_ticket

CONFIG_CHANGE = "CONFIG_CHANGE"
_SUBJECT = "rule:"


class AlreadyProposed(Refused):
    """A ticket about this waits for votes."""


class NoReason(Invalid):
    """Who changes something says why."""


class NothingChanges(Refused):
    """It says this already."""


def clean_change_reason(reason: str) -> str:
    """Why somebody changes something, as it is kept.

    Raises:
        NoReason: they do not say.
    """
    words = reason.strip()[:500].replace("\x00", "\ufffd")
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
    calls_hash: str = rules.NO_CALLS_HASH,
    conditions: tuple[Mapping[str, Any], ...] = (),
) -> int:
    """Open a ticket about a change, one at a time for each subject; return its number.

    Raises:
        AlreadyProposed, NoRule, TooFewEligible.
    """
    earlier = queries.tickets_for([kind], subject_id, chain_id=chain_id)
    waiting = next((ticket for ticket in earlier if ticket.is_open), None)
    if waiting is not None:
        raise AlreadyProposed(f"Ticket {waiting.pk} about this waits for votes.", ticket=waiting.pk)
    return open_ticket(
        kind=kind,
        subject_id=subject_id,
        title=title,
        requester_name=actor.name,
        maker_user_id=actor.user_id,
        party_wallets=[],
        amount=None,
        currency="",
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


@transaction.atomic
def apply_rule(fact: TicketDecided) -> None:
    """Put the rule that an approved ticket names in force; other tickets are not ours.

    Tickets that are open keep the rule they were opened under.

    Raises:
        NotAuthorised: the votes no longer carry it.
    """
    if fact.decision != "APPROVED" or not fact.subject_id.startswith(_SUBJECT):
        return
    ticket = queries.ticket(fact.ticket_id)
    queries.authorises(ticket_id=ticket.pk, calls_hash=rules.NO_CALLS_HASH, at=fact.at)
    row = _locked(str(ticket.facts["rule"]))
    if row.version != int(ticket.facts["version"]):
        record_execution(
            ticket_id=ticket.pk,
            status="FAILED",
            error=f"The rule of {row.kind} is no longer version {ticket.facts['version']}.",
            tx_hash="",
            at=fact.at,
        )
        return
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
    audit.record(
        actor=Actor.system(f"ticket {ticket.pk}"),
        action="CHANGE_RULE",
        object_type="rule",
        object_id=row.kind,
        before={"version": row.version, **ticket.facts["old"]},
        after={"version": changed.version, **ticket.facts["new"]},
        level="HIGH",
        at=fact.at,
    )
    record_execution(ticket_id=ticket.pk, status="DONE", error="", tx_hash="", at=fact.at)


def _locked(kind: str) -> Rule:
    row = Rule.objects.select_for_update().filter(kind=kind, active=True).first()
    if row is None:
        raise NotFound(f"No rule of {kind} is in force.")
    return row
