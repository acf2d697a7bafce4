"""Asking people."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts import queries as accounts
from apps.approvals import rules
from apps.approvals.events import TicketDecided, TicketOpened
from apps.approvals.models import Rule, Ticket
from apps.approvals.queries import rule_for, why_people_decide
from apps.core import bus
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.core.locks import transaction_lock

from ._common import note


class TooFewEligible(Refused):
    """Fewer people could vote than the rule wants."""


@transaction.atomic
def open_ticket(
    *,
    kind: str,
    subject_id: str,
    title: str,
    requester_name: str,
    maker_user_id: int | None = None,
    party_wallets: Collection[str],
    amount: int | None,
    currency: str,
    facts: Mapping[str, Any],
    conditions: Sequence[Mapping[str, Any]],
    assessment: Mapping[str, Any],
    calls_hash: str,
    chain_id: int,
    actor: Actor,
    at: datetime,
    idempotency_key: str,
) -> Ticket:
    """Open a ticket under the active rule of its kind; asking twice by one key returns the first.

    Where the rule approves by itself what these facts say, the ticket comes back APPROVED, with
    ``TicketDecided`` published in place of ``TicketOpened``: nobody has anything to decide. When
    what it approved so in the last 24 hours and this together reach the limit of the kind that
    decides larger amounts, people are asked after all, and a condition of the ticket says why.

    Args:
        facts: the figures that are decided on; they are frozen and every vote signs their hash.
            ``calls`` lists several planned calls, each ``{"sentence": …, "hash": …}``.
        conditions: why, in words: ``{"text": …, "met": true | false | None}``.
        calls_hash: hash of the calls that an approval executes, in order.

    Raises:
        NoRule: no rule says who decides this kind.
        TooFewEligible: fewer people could vote than the rule wants, the maker and parties excluded.
    """
    existing = Ticket.objects.filter(idempotency_key=idempotency_key).first()
    if existing:
        return existing
    rule = rule_for(kind)
    wallets = sorted({wallet.lower() for wallet in party_wallets})
    _refuse_if_too_few(rule, maker_user_id, wallets)
    frozen = json.loads(rules.canonical(facts))
    said = rules.auto_approves(rule.auto_approve, frozen)
    if said is not None:
        # Until this one is committed: of two at once neither would count the other.
        transaction_lock(f"approvals:by-rule:{chain_id}:{kind}")
        why = why_people_decide(kind=kind, chain_id=chain_id, amount=amount, at=at)
        if why:
            said, conditions = None, [*conditions, {"text": why, "met": True}]
    ticket = Ticket(
        kind=kind,
        subject_id=subject_id,
        chain_id=chain_id,
        idempotency_key=idempotency_key,
        title=title,
        requester_name=requester_name,
        maker_user_id=maker_user_id,
        party_wallets=wallets,
        amount=amount,
        currency=currency,
        facts=frozen,
        facts_hash=rules.facts_hash(frozen),
        calls_hash=calls_hash,
        conditions=list(conditions),
        assessment=dict(assessment),
        rule_version=rule.version,
        role=rule.role,
        required_approvals=rule.required_approvals,
        escalation_role=rule.escalation_role,
        auto_reject=rule.auto_reject,
        maker_may_cancel=rule.maker_may_cancel,
        opened_at=at,
        warn_at=at + timedelta(seconds=rule.warn_after_seconds),
        escalate_at=at + timedelta(seconds=rule.escalate_after_seconds),
        deadline_at=at + timedelta(seconds=rule.deadline_after_seconds),
    )
    try:
        with transaction.atomic():
            ticket.save(force_insert=True)
    except IntegrityError:
        # Somebody opened it between our look and our insert: theirs is the one. Any other
        # violation finds no such row and is raised.
        winner = Ticket.objects.filter(idempotency_key=idempotency_key).first()
        if winner is None:
            raise
        return winner
    note(
        ticket,
        "created",
        actor=actor,
        at=at,
        after={
            "status": ticket.status,
            "kind": kind,
            "subject": subject_id,
            "facts_hash": ticket.facts_hash,
            "calls_hash": calls_hash,
            "rule": f"{kind} v{rule.version}",
        },
    )
    if said is None:
        bus.publish(TicketOpened(ticket_id=ticket.pk, kind=kind, subject_id=subject_id, at=at))
    else:
        _approve_by_rule(ticket, str(rule), said, at)
    return ticket


def _approve_by_rule(ticket: Ticket, rule: str, said: Mapping[str, str], at: datetime) -> None:
    """End a ticket that its rule approves; the log names the rule, and for which facts it does."""
    reason = "; ".join(f"{name} is {value}" for name, value in said.items())
    before = ticket.status
    ticket.approve_by_rule(rule=rule, reason=f"The rule approves this: {reason}.", at=at)
    ticket.save(update_fields=["status", "auto_approved_by", "outcome_reason", "decided_at"])
    note(
        ticket,
        "approved",
        actor=Actor.system(f"rule {rule}"),
        at=at,
        before={"status": before},
        after={"status": ticket.status, "reason": ticket.outcome_reason},
    )
    bus.publish(
        TicketDecided(
            ticket_id=ticket.pk,
            kind=ticket.kind,
            subject_id=ticket.subject_id,
            decision=ticket.status,
            reason=ticket.outcome_reason,
            at=at,
        )
    )


def _refuse_if_too_few(rule: Rule, maker_user_id: int | None, wallets: list[str]) -> None:
    if rule.eligible_min == 0:
        return
    excluded = accounts.user_ids_ever_owning(wallets) | {maker_user_id}
    eligible = [user for user in accounts.users_with_role(rule.role) if user.pk not in excluded]
    if len(eligible) < rule.eligible_min:
        raise TooFewEligible(
            f"{rule.kind} needs {rule.eligible_min} people of the role {rule.role} who could vote;"
            f" there are {len(eligible)}, the requester not counted."
        )
