"""Calls are asked for here, and taken back while nothing is signed."""

from datetime import datetime

from django.db import transaction

from apps.approvals import queries as approvals
from apps.audit import operations as audit
from apps.chain import contracts
from apps.chain.calls import Call
from apps.chain.events import TransactionFinished
from apps.chain.models import Transaction, TransactionStatus
from apps.core import bus
from apps.core.actor import Actor
from apps.core.errors import NotFound, Refused


class OtherCallUnderKey(Refused):
    """The idempotency key already stands for another call; nothing was queued."""


class CannotCancel(Refused):
    """The transaction may have left already; only the chain can say how it ends."""


def submit(*, call: Call, key: str, ticket_id: int | None, actor: Actor, at: datetime) -> int:
    """Queue a call, once for each key: asking again returns the first transaction's id.

    Calls with a ticket must be what its votes signed: checked here, and again before signing.

    Raises:
        OtherCallUnderKey: the key was used for a call with other bytes.
        approvals.NotAuthorised: the ticket does not cover the call.
    """
    call_hash = contracts.calls_hash([call])
    with transaction.atomic():
        if ticket_id is not None:
            approvals.authorises(ticket_id=ticket_id, calls_hash=call_hash, at=at)
        event, args = contracts.expected_event(call)
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
                "expects": {"event": event, "args": args},
                "requested_by": actor.name,
                "created_at": at,
            },
        )
        if row.call_hash != call_hash:
            raise OtherCallUnderKey(f"{key} already stands for “{row.sentence}”.")
        if created:
            _audit(row, "QUEUE", actor, at, after={"call": row.sentence, "to": row.to})
    return row.pk


def cancel_transaction(*, transaction_id: int, reason: str, actor: Actor, at: datetime) -> None:
    """Take a transaction back before it is signed.

    Raises:
        NotFound: there is none.
        CannotCancel: it is signed or finished.
    """
    with transaction.atomic():
        row = Transaction.objects.select_for_update().filter(pk=transaction_id).first()
        if row is None:
            raise NotFound(f"There is no transaction {transaction_id}.")
        if row.status not in {TransactionStatus.QUEUED, TransactionStatus.SIMULATED}:
            raise CannotCancel(f"Transaction {row.pk} is {row.get_status_display().lower()}.")
        before = row.status
        row.cancelled(error=reason, at=at)
        row.save()
        _audit(row, "CANCEL", actor, at, before={"status": before}, after={"reason": reason})
        bus.publish(
            TransactionFinished(
                kind=row.kind,
                transaction_id=row.pk,
                subject_id=row.subject_id,
                ticket_id=row.ticket_id,
                outcome=str(row.status),
                error=reason,
                tx_hash="",
                at=at,
                details={},
            )
        )


def _audit(
    row: Transaction,
    action: str,
    actor: Actor,
    at: datetime,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    audit.record(
        actor=actor,
        action=action,
        object_type="transaction",
        object_id=str(row.pk),
        before=before,
        after=after,
        level="HIGH",
        at=at,
    )
