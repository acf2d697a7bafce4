"""What people may do about a transaction on its way: take it back, hurry it, ask for it anew."""

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.approvals import queries as approvals
from apps.audit import operations as audit
from apps.chain.models import (
    BEFORE_NONCE,
    UNFINISHED,
    ProposalStatus,
    Transaction,
    TransactionStatus,
)
from apps.chain.operations import ticketing
from apps.chain.operations.ending import MOVED_NOTHING, end
from apps.chain.operations.stopping import clean_reason
from apps.chain.operations.submitting import SIGN_WITHIN
from apps.core.actor import Actor
from apps.core.errors import NotFound, Refused

_COPIED = (
    *("chain_id", "kind", "subject_id", "sentence", "ticket_id", "to", "calldata", "call_hash"),
    *("expects", "moved_assets", "trades", "tier"),
)


class CannotCancel(Refused):
    """It is mined or ended; only the chain can say how it ends."""


class CannotBump(Refused):
    """There are no bytes under way whose fee could be raised."""


class CannotRetry(Refused):
    """It did not fail, or what it was for is under way or done."""


def cancel_transaction(*, transaction_id: int, reason: str, actor: Actor, at: datetime) -> bool:
    """Take a transaction back; True when it ended at once.

    Before its nonce is taken it ends here. Afterwards the sender spends the nonce on nothing, at a
    higher fee: the call may still be mined first, and is a success then.

    Doors ask for the right ``chain.manage_transaction``.

    Raises:
        NotFound, NoReason.
        CannotCancel: it is mined or ended, or is being cancelled already.
    """
    reason = clean_reason(reason)
    with transaction.atomic():
        row = _locked(transaction_id)
        before = row.status
        at_once = before in BEFORE_NONCE
        if at_once:
            row.cancelled(error=reason, at=at)
        elif before not in UNFINISHED or before == TransactionStatus.MINED:
            raise CannotCancel(f"Transaction {row.pk} is {row.get_status_display().lower()}.")
        elif row.cancel_reason:
            raise CannotCancel(f"Transaction {row.pk} is being cancelled: {row.cancel_reason}")
        else:
            row.cancel_reason, row.not_before = reason, None
            row.save()
        _audit(row, "CANCEL", actor, at, before={"status": before}, after={"reason": reason})
        if at_once:
            end(row, actor=actor, at=at)
    return at_once


def bump_now(*, transaction_id: int, actor: Actor, at: datetime) -> None:
    """Raise the fee of what is under way without waiting for it to be stuck.

    Doors ask for the right ``chain.manage_transaction``.

    Raises:
        NotFound.
        CannotBump: nothing of it is under way.
    """
    with transaction.atomic():
        row = _locked(transaction_id)
        if row.status != TransactionStatus.BROADCAST:
            raise CannotBump(f"Transaction {row.pk} is {row.get_status_display().lower()}.")
        row.bump_asked, row.not_before = True, None
        row.save()
        _audit(row, "BUMP", actor, at)


def retry(*, transaction_id: int, actor: Actor, at: datetime) -> int:
    """Queue the same call again whose transaction moved nothing; return the new one's id.

    The first one's votes must still count. Its key is the first one's with the number of the try,
    as callers number theirs, so that both at once queue one.

    Doors ask for the right ``chain.manage_transaction``.

    Raises:
        NotFound.
        CannotRetry: it did not end without an effect, or the same call is under way or was final.
        approvals.NotAuthorised: its ticket no longer covers the call.
        NeedsTicket: it has none, and needs one now.
    """
    with transaction.atomic():
        row = _locked(transaction_id)
        if row.status not in MOVED_NOTHING:
            raise CannotRetry(f"Transaction {row.pk} is {row.get_status_display().lower()}.")
        proposal = row.proposals.exclude(status=ProposalStatus.WITHDRAWN).first()
        if proposal is not None:
            raise CannotRetry(
                f"The Safe has done it, or may still: see its proposal {proposal.pk}."
            )
        if row.ticket_id is not None:
            approvals.authorises(ticket_id=row.ticket_id, calls_hash=row.call_hash, at=at)
        else:
            ticketing.hold_trades(row.chain_id, row.kind)
            ticketing.refuse_without_ticket(
                chain_id=row.chain_id, kind=row.kind, assets=row.moved_assets, at=at
            )
        tries = Transaction.objects.filter(chain_id=row.chain_id, call_hash=row.call_hash)
        blocking = tries.exclude(status__in=list(MOVED_NOTHING)).order_by("id").last()
        if blocking is not None:
            state = blocking.get_status_display().lower()
            raise CannotRetry(f"Transaction {blocking.pk} does the same and is {state}.")
        key = f"{_first_key(row)}:{tries.count() + 1}"
        new, created = Transaction.objects.get_or_create(
            key=key,
            defaults={
                **{name: getattr(row, name) for name in _COPIED},
                "requested_by": actor.name,
                "created_at": at,
                "deadline_at": at + SIGN_WITHIN,
            },
        )
        if not created:
            raise CannotRetry(f"Transaction {new.pk} stands for this try already.")
        _audit(row, "RETRY", actor, at, after={"transaction": new.pk})
        _audit(new, "QUEUE", actor, at, after={"call": new.sentence, "to": new.to})
    return new.pk


def _first_key(row: Transaction) -> str:
    """The key of the first try: a later one's ends in its number."""
    first = Transaction.objects.filter(
        chain_id=row.chain_id, call_hash=row.call_hash, kind=row.kind
    ).earliest("id")
    return first.key


def _locked(transaction_id: int) -> Transaction:
    row = Transaction.objects.select_for_update().filter(pk=transaction_id).first()
    if row is None:
        raise NotFound(f"There is no transaction {transaction_id}.")
    return row


def _audit(
    row: Transaction,
    action: str,
    actor: Actor,
    at: datetime,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
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
