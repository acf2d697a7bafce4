"""Calls are asked for here."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.approvals import queries as approvals
from apps.audit import operations as audit
from apps.chain import contracts
from apps.chain.calls import Call
from apps.chain.models import Transaction
from apps.chain.operations import once, ticketing
from apps.core.actor import Actor
from apps.core.errors import Refused

SIGN_WITHIN = timedelta(hours=24)
"""What nobody signed by then (a stop, missing owners, no key) expires; people ask for it anew."""


class OtherCallUnderKey(Refused):
    """The idempotency key already stands for another call; nothing was queued."""


def submit(*, call: Call, key: str, ticket_id: int | None, actor: Actor, at: datetime) -> int:
    """Queue a call, once for each key: asking again returns the first transaction's id.

    Calls with a ticket must be what its votes signed, and those without one must be such as need
    none: checked here, and again before signing.

    Raises:
        NeedsTicket: the call needs a ticket.
        AlreadyCarried: the ticket's call was done or is on its way, as often as it was approved.
        OtherCallUnderKey: the key was used for a call with other bytes.
        approvals.NotAuthorised: the ticket does not cover the call.
    """
    call_hash = contracts.calls_hash([call])
    with transaction.atomic():
        if ticket_id is None:
            _refuse_without_ticket(call, key, at)
        else:
            approvals.authorises(ticket_id=ticket_id, calls_hash=call_hash, at=at)
            once.refuse_beyond_ticket(ticket_id=ticket_id, call_hash=call_hash, key=key)
            if not Transaction.objects.filter(key=key).exists():
                ticketing.refuse_beyond_rule(
                    ticket_id=ticket_id,
                    kind=call.kind,
                    call_hash=call_hash,
                    assets=call.moved_assets,
                )
        row, created = Transaction.objects.get_or_create(
            key=key,
            defaults={
                "chain_id": call.chain_id,
                "kind": call.kind,
                "subject_id": call.subject_id,
                "sentence": call.sentence,
                "ticket_id": ticket_id,
                "to": contracts.contract_of(call).address,
                "calldata": contracts.calldata_of(call),
                "call_hash": call_hash,
                "expects": contracts.expected_event(call).as_json(),
                "moved_assets": call.moved_assets,
                "trades": call.trades,
                "requested_by": actor.name,
                "created_at": at,
                "deadline_at": at + SIGN_WITHIN,
            },
        )
        if row.call_hash != call_hash:
            raise OtherCallUnderKey(f"{key} already stands for “{row.sentence}”.")
        if created:
            audit.record(
                actor=actor,
                action="QUEUE",
                object_type="transaction",
                object_id=str(row.pk),
                after={"call": row.sentence, "to": row.to},
                level="HIGH",
                at=at,
            )
    return row.pk


def _refuse_without_ticket(call: Call, key: str, at: datetime) -> None:
    """What was asked for already is not asked again whether it needs a ticket."""
    ticketing.hold_trades(call.chain_id, call.kind)
    if not Transaction.objects.filter(key=key).exists():
        ticketing.refuse_without_ticket(
            chain_id=call.chain_id, kind=call.kind, assets=call.moved_assets, at=at
        )
