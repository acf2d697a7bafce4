"""Asking people to throw a switch in an emergency, or to throw it back; each thing once at a time.

Locks are taken in one order: a ticket's before an incident's. So whoever holds an incident's opens
tickets, but waits for none that is open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.chain import queries as chain
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.risk.models import Incident, IncidentAction
from apps.risk.queries import standing
from apps.risk.queries.switches import is_settled
from apps.risk.rules.protocol import Asked, TicketCause, may_ask, sentence_of
from apps.risk.rules.switches import EMERGENCY_MODE, PROTOCOL_SUBJECT, Switch, subject_of

from . import timeline

SYSTEM = Actor.system("risk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked, why, and by whom."""

    throws: Sequence[tuple[Switch, bool]]
    subject_id: str
    title: str
    cause: TicketCause
    reason: str
    incident: Incident | None
    actor: Actor


def switch_ask(
    switch: Switch,
    *,
    on: bool,
    cause: TicketCause,
    incident: Incident | None,
    reason: str = "",
    actor: Actor = SYSTEM,
) -> Ask:
    """The question about one switch."""
    return Ask(
        throws=[(switch, on)],
        subject_id=subject_of(switch, on=on),
        title=f"Emergency: {switch.call(chain_id=0, on=on).sentence.lower()}",
        cause=cause,
        reason=reason or sentence_of(cause),
        incident=incident,
        actor=actor,
    )


def protocol_ask(throws: Sequence[tuple[Switch, bool]], *, reason: str, actor: Actor) -> Ask:
    """The question whether to open the protocol, with the stops that go with it."""
    return Ask(
        throws=throws,
        subject_id=PROTOCOL_SUBJECT,
        title="Emergency: open the protocol",
        cause=TicketCause.BY_HAND,
        reason=reason,
        incident=None,
        actor=actor,
    )


def open_ticket(ask: Ask, *, chain_id: int, at: datetime) -> tickets.Ticket:
    """Open the ticket of a question; the rule may have approved it when it comes back.

    Facts of a stop say ``call`` and ``cause``, for which two people may let the rule approve. What
    somebody asks by hand, or lets go again, says no ``call``, so that only people decide it.

    Raises:
        approvals.NoRule, approvals.TooFewEligible: nobody could decide about it.
    """
    row = standing.fresh(at=at)
    calls = [switch.call(chain_id=chain_id, on=on) for switch, on in ask.throws]
    may_be_ruled = ask.cause is not TicketCause.BY_HAND and all(on for _, on in ask.throws)
    ticket = approvals.open_ticket(
        kind=EMERGENCY_MODE,
        subject_id=ask.subject_id,
        title=ask.title,
        requester_name=ask.actor.name,
        maker_user_id=ask.actor.user_id,
        party_wallets=[],
        amount=None,
        currency="",
        facts={
            **({"call": calls[0].kind} if may_be_ruled else {}),
            "cause": ask.cause,
            "reason": ask.reason,
            "level": row.level if row else "",
            "readings": standing.readings_of(row),
            "incident": ask.incident.pk if ask.incident else None,
            "calls": [
                {
                    "kind": call.kind,
                    "on": on,
                    "sentence": call.sentence,
                    "hash": chain.calls_hash([call]),
                }
                for call, (_, on) in zip(calls, ask.throws, strict=True)
            ],
        },
        conditions=[
            {"text": sentence_of(ask.cause), "met": True},
            *({"text": text, "met": True} for text in (row.reasons if row else [])),
        ],
        assessment=standing.assessment_of(row),
        calls_hash=chain.calls_hash(calls),
        chain_id=chain_id,
        actor=ask.actor,
        at=at,
        idempotency_key=f"risk:{chain_id}:{ask.subject_id}:{_number(ask, chain_id)}",
    )
    if ask.incident is not None:
        adopt(ask.incident, ticket, at=at)
    return ticket


def ask_unless_asked(ask: Ask, *, since: datetime, at: datetime) -> None:
    """Open a switch's ticket where it would do something and nobody has decided about it since.

    Where nobody could vote, the timeline says so; the clock tries again.
    """
    chain_id = chain.fund_chain().chain_id
    ((switch, on),) = ask.throws
    if is_settled(switch, on=on, chain_id=chain_id):
        return
    earlier = _earlier(ask, switch, on, chain_id)
    for ticket in earlier:
        if ticket.is_open and ask.incident is not None:
            adopt(ask.incident, ticket, at=at)
    if not may_ask(
        [Asked(status=one.status, at=one.decided_at or one.opened_at) for one in earlier],
        since=since,
    ):
        return
    try:
        with transaction.atomic():
            open_ticket(ask, chain_id=chain_id, at=at)
    except Refused as refused:
        if ask.incident is not None:
            words = f"Nobody could be asked: {ask.title}. {refused.message}"
            timeline.write_unless_said(ask.incident, "TICKET", words, actor=SYSTEM, at=at)


def adopt(incident: Incident, ticket: tickets.Ticket, *, at: datetime) -> None:
    """Let a ticket's calls be actions of an incident; once."""
    if IncidentAction.objects.filter(incident=incident, ticket_id=ticket.pk).exists():
        return
    if ticket.opened_at < incident.opened_at and ticket.is_open:
        words = f"Ticket #{ticket.pk} ({ticket.title}) was opened before and waits for votes."
        reference = {"ticket": ticket.pk}
        timeline.write(incident, "TICKET", words, actor=SYSTEM, at=at, reference=reference)
    IncidentAction.objects.bulk_create(
        IncidentAction(
            incident=incident,
            kind=one["kind"],
            enabled=one["on"],
            ticket_id=ticket.pk,
            explanation=str(ticket.facts["reason"])[:500],
            at=at,
        )
        for one in ticket.facts["calls"]
    )


def _earlier(ask: Ask, switch: Switch, on: bool, chain_id: int) -> list[tickets.Ticket]:
    """Tickets about the same, and those by which the incident throws it together with another."""
    found = {
        ticket.pk: ticket
        for ticket in tickets.tickets_for([EMERGENCY_MODE], ask.subject_id, chain_id=chain_id)
    }
    if ask.incident is not None:
        kind = switch.call(chain_id=chain_id, on=on).kind
        actions = ask.incident.actions.filter(kind=kind, enabled=on, ticket_id__isnull=False)
        for ticket_id in actions.values_list("ticket_id", flat=True):
            if ticket_id is not None and ticket_id not in found:
                found[ticket_id] = tickets.ticket(ticket_id)
    return list(found.values())


def _number(ask: Ask, chain_id: int) -> int:
    """Which ticket about its subject this is; two who come at once get the same one."""
    return tickets.tickets_for([EMERGENCY_MODE], ask.subject_id, chain_id=chain_id).count() + 1
