"""Rows that follow the chain. Pure in the facts: the same facts in the same order give the same
rows, and a fact that comes twice changes nothing the second time. Whoever tells a fact has opened
the transaction."""

from django.db import transaction

from apps.audit import operations as audit
from apps.chain.events import (
    RedemptionApproved,
    RedemptionCancelled,
    RedemptionRejected,
    RedemptionRequested,
    RedemptionSettled,
    Source,
    VoucherMinted,
    VoucherTransferred,
)
from apps.core.actor import Actor
from apps.core.bulk import insert_rows
from apps.core.errors import Refused
from apps.redemptions.models import Redemption, Voucher, redemption_key
from apps.redemptions.rules import TRANSITIONS, Status

RequestFact = (
    RedemptionRequested
    | RedemptionApproved
    | RedemptionRejected
    | RedemptionCancelled
    | RedemptionSettled
)


PROJECTED = (Redemption, Voucher)
"""Every model whose rows follow from the chain's logs alone."""


class UnknownRequest(Refused):
    """A log speaks of a request that we never saw: an earlier log is missing."""


class OutOfOrder(Refused):
    """A log says what the contract cannot have done to a request in this state."""


def record_request(fact: RedemptionRequested) -> None:
    """A request begins to exist, waiting for approval or for its date.

    Raises:
        OutOfOrder: another log made a request of this number.
    """
    source = fact.source
    row = Redemption(
        key=redemption_key(source.chain_id, fact.request_id),
        chain_id=source.chain_id,
        request_id=fact.request_id,
        manager=source.address,
        owner=fact.owner,
        receiver=fact.receiver,
        shares=fact.shares,
        gross_assets=fact.gross_assets,
        locked_nav_per_share=fact.locked_nav_per_share,
        locked_nav_is_derived=fact.locked_nav_is_derived,
        estimated_fee_assets=fact.estimated_fee_assets,
        channel=fact.channel.name,
        requires_approval=fact.requires_approval,
        window_id=fact.window_id,
        requested_at=fact.requested_at,
        settles_at=fact.settles_at,
        status=_status_after(fact).value,
        block_number=source.block_number,
        block_hash=source.block_hash,
        tx_hash=source.tx_hash,
        position=source.position,
        log_index=source.log_index,
    )
    if insert_rows([row], on_conflict="(key) DO NOTHING", returning=("key",)):
        return
    known = Redemption.objects.get(key=row.key)
    if (known.tx_hash, known.position) != (source.tx_hash, source.position):
        raise OutOfOrder(f"Request {fact.request_id} was made before, by {known.tx_hash}.")


def record_approval(fact: RedemptionApproved) -> None:
    """The request was approved on chain; its settlement time is set.

    Raises:
        UnknownRequest, OutOfOrder.
    """
    row = _row_for(fact, Status.APPROVED, seen_tx="decision_tx_hash")
    if row is None:
        return
    row.approve(
        approver=fact.approver,
        settles_at=fact.settles_at,
        at=fact.source.block_time,
        tx_hash=fact.source.tx_hash,
    )
    row.save()


def record_rejection(fact: RedemptionRejected) -> None:
    """The request was rejected on chain.

    Raises:
        UnknownRequest, OutOfOrder.
    """
    row = _row_for(fact, Status.REJECTED, seen_tx="decision_tx_hash")
    if row is None:
        return
    row.reject(
        rejector=fact.rejector,
        reason=fact.reason.replace("\x00", "\u2400"),  # PostgreSQL keeps no NUL
        at=fact.source.block_time,
        tx_hash=fact.source.tx_hash,
    )
    row.save()


def record_cancellation(fact: RedemptionCancelled) -> None:
    """The holder took the request back.

    Raises:
        UnknownRequest, OutOfOrder.
    """
    row = _row_for(fact, Status.CANCELLED, seen_tx="cancel_tx_hash")
    if row is None:
        return
    row.cancel(at=fact.source.block_time, tx_hash=fact.source.tx_hash)
    row.save()


def record_settlement(fact: RedemptionSettled) -> None:
    """The request was paid.

    Raises:
        UnknownRequest, OutOfOrder.
    """
    row = _row_for(fact, Status.SETTLED, seen_tx="settle_tx_hash")
    if row is None:
        return
    row.settle(
        fee_assets=fact.fee_assets,
        net_assets=fact.net_assets,
        at=fact.source.block_time,
        tx_hash=fact.source.tx_hash,
    )
    row.save()


def record_voucher(fact: VoucherMinted) -> None:
    """A request has a voucher from now on.

    Raises:
        UnknownRequest: of a request that we never saw.
        OutOfOrder: the voucher stands for another request already.
    """
    source = fact.source
    key = redemption_key(source.chain_id, fact.request_id)
    if not Redemption.objects.filter(key=key).exists():
        raise UnknownRequest(f"Request {fact.request_id} was never seen, but it has a voucher.")
    row = _owned(fact, fact.owner)
    if row.request_id not in (None, fact.request_id):
        raise OutOfOrder(f"Voucher {fact.token_id} stands for request {row.request_id} already.")
    row.request_id = fact.request_id
    row.save()


def record_voucher_transfer(fact: VoucherTransferred) -> None:
    """The right to settle went to another owner; to the zero address when it was burned."""
    row = _owned(fact, fact.recipient)
    row.contract = fact.source.address
    row.save()


def note_in_audit(fact: RequestFact) -> None:
    """One audit row for what the chain did; a reaction, so a replay does not write it again.

    It says what the fact made of the request, whose row may be further by now.
    """
    source = fact.source
    row = Redemption.objects.get(key=redemption_key(source.chain_id, fact.request_id))
    status = _status_after(fact)
    audit.record(
        actor=Actor.chain(f"{source.contract_kind} {source.address}"),
        action=f"redemption.{status.lower()}",
        object_type="redemption",
        object_id=row.subject_id,
        after={
            "status": status.value,
            "gross_assets": str(row.gross_assets),
            "owner": row.owner,
            "tx_hash": source.tx_hash,
            "block": source.block_number,
        },
        at=source.block_time,
    )


def clear_projections(*, chain_id: int) -> int:
    """Delete every row that follows a chain so that its facts can be applied anew; return how many.

    Call it in the transaction that also applies them. Keys, and so links and tickets, stay valid.
    """
    with transaction.atomic():
        return sum(model.objects.filter(chain_id=chain_id).delete()[0] for model in PROJECTED)


def _owned(fact: VoucherMinted | VoucherTransferred, owner: str) -> Voucher:
    """The locked voucher, made when it is new, with the owner as of the newest log."""
    source = fact.source
    as_of = (source.block_number, source.log_index)
    values = {
        "owner": owner,
        "moved_at": source.block_time,
        "tx_hash": source.tx_hash,
        "as_of_block": source.block_number,
        "as_of_log_index": source.log_index,
    }
    row, is_new = Voucher.objects.select_for_update().get_or_create(
        chain_id=source.chain_id,
        token_id=fact.token_id,
        defaults={**values, "minted_at": source.block_time},
    )
    if not is_new and (row.as_of_block, row.as_of_log_index) < as_of:
        for name, value in values.items():
            setattr(row, name, value)
    return row


def _status_after(fact: RequestFact) -> Status:
    match fact:
        case RedemptionRequested():
            return Status.PENDING_APPROVAL if fact.requires_approval else Status.PENDING
        case RedemptionApproved():
            return Status.APPROVED
        case RedemptionRejected():
            return Status.REJECTED
        case RedemptionCancelled():
            return Status.CANCELLED
        case RedemptionSettled():
            return Status.SETTLED


def _row_for(
    fact: RedemptionApproved | RedemptionRejected | RedemptionCancelled | RedemptionSettled,
    target: Status,
    *,
    seen_tx: str,
) -> Redemption | None:
    """The locked row that the fact moves to ``target``; None when this fact moved it before."""
    source: Source = fact.source
    key = redemption_key(source.chain_id, fact.request_id)
    row = Redemption.objects.select_for_update().filter(key=key).first()
    if row is None:
        raise UnknownRequest(f"Request {fact.request_id} was never seen, but {source.tx_hash} is.")
    if getattr(row, seen_tx) == source.tx_hash:
        return None
    if target not in TRANSITIONS[Status(row.status)]:
        raise OutOfOrder(f"Request {fact.request_id} cannot go from {row.status} to {target}.")
    return row
