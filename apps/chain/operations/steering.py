"""What people may do about a transaction on its way: take it back, hurry it, ask for it anew."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.audit import operations as audit
from apps.chain.models import (
    BEFORE_NONCE,
    UNFINISHED,
    ProposalStatus,
    Transaction,
    TransactionStatus,
)
from apps.chain.operations import once, ticketing
from apps.chain.operations.ending import MOVED_NOTHING, end
from apps.chain.operations.submitting import SIGN_WITHIN
from apps.core.actor import Actor
from apps.core.errors import NotFound, Refused

_COPIED = (
    *("chain_id", "kind", "subject_id", "sentence", "ticket_id", "to", "calldata", "call_hash"),
    *("expects", "moved_assets", "trades", "tier"),
)
_DIGITS_MAX = 6
"""Nothing is tried so often: a longer number is no number of a try."""


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
        NotFound, approvals.NoReason.
        CannotCancel: it is mined or ended, or is being cancelled already.
    """
    reason = approvals.clean_change_reason(reason)
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
        AlreadyCarried: the ticket's call was done or is on its way, as often as it was approved.
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
            tickets.authorises(ticket_id=row.ticket_id, calls_hash=row.call_hash, at=at)
        else:
            ticketing.hold_trades(row.chain_id, row.kind)
            ticketing.refuse_without_ticket(
                chain_id=row.chain_id, kind=row.kind, assets=row.moved_assets, at=at
            )
        first_key, tries = _tries(row)
        blocking = once.not_undone(_same_intent(row, tries)).order_by("id").last()
        if blocking is not None:
            state = blocking.get_status_display().lower()
            raise CannotRetry(f"Transaction {blocking.pk} does the same and is {state}.")
        key = f"{first_key}:{max(tries.values()) + 1}"
        if row.ticket_id is not None:
            once.refuse_beyond_ticket(ticket_id=row.ticket_id, call_hash=row.call_hash, key=key)
            ticketing.refuse_beyond_rule(
                ticket_id=row.ticket_id,
                kind=row.kind,
                call_hash=row.call_hash,
                assets=row.moved_assets,
            )
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


def _tries(row: Transaction) -> tuple[str, dict[int, int]]:
    """The key of the first try, and the number of each try of the same intent by id.

    A later try's key is the first one's with its number. A first key may end in a number of its
    own: nothing has the key before that.
    """
    before, _, number = row.key.rpartition(":")
    is_later = number.isdecimal() and Transaction.objects.filter(key=before).exists()
    first_key = before if is_later else row.key
    rows = Transaction.objects.filter(Q(key=first_key) | Q(key__startswith=f"{first_key}:"))
    numbers = {pk: key.removeprefix(first_key)[1:] for pk, key in rows.values_list("pk", "key")}
    return first_key, {
        pk: int(number or 1)
        for pk, number in numbers.items()
        if not number or (number.isdecimal() and len(number) <= _DIGITS_MAX)
    }


def _same_intent(row: Transaction, tries: Collection[int]) -> QuerySet[Transaction]:
    """Every transaction that is to do this very thing. Two trades or payments with the same bytes
    are two; two decisions about one request are one, whoever asked for them."""
    same = Q(pk__in=list(tries))
    if row.kind in once.ABOUT_A_REQUEST:
        same |= Q(chain_id=row.chain_id, call_hash=row.call_hash)
    return Transaction.objects.filter(same)


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
