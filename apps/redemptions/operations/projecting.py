"""Rows that follow the chain. Pure in the facts: the same facts in the same order give the same
rows, and a fact that comes twice changes nothing the second time."""

from django.db import transaction

from apps.audit import operations as audit
from apps.chain.events import (
    RedemptionApproved,
    RedemptionCancelled,
    RedemptionRejected,
    RedemptionRequested,
    RedemptionSettled,
    Source,
)
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.redemptions.models import Redemption, redemption_key
from apps.redemptions.rules import TRANSITIONS, Status

RequestFact = (
    RedemptionRequested
    | RedemptionApproved
    | RedemptionRejected
    | RedemptionCancelled
    | RedemptionSettled
)


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
    key = redemption_key(source.chain_id, fact.request_id)
    known = Redemption.objects.filter(key=key).first()
    if known is not None:
        if (known.tx_hash, known.position) != (source.tx_hash, source.position):
            raise OutOfOrder(f"Request {fact.request_id} was made before, by {known.tx_hash}.")
        return
    status = Status.PENDING_APPROVAL if fact.requires_approval else Status.PENDING
    Redemption.objects.create(
        key=key,
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
        status=status.value,
        block_number=source.block_number,
        block_hash=source.block_hash,
        tx_hash=source.tx_hash,
        position=source.position,
        log_index=source.log_index,
    )


@transaction.atomic
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


@transaction.atomic
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


@transaction.atomic
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


@transaction.atomic
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


def note_in_audit(fact: RequestFact) -> None:
    """One audit row for what the chain did; a reaction, so a replay does not write it again."""
    source = fact.source
    row = Redemption.objects.get(key=redemption_key(source.chain_id, fact.request_id))
    audit.record(
        actor=Actor.chain(f"{source.contract_kind} {source.address}"),
        action=f"redemption.{row.status.lower()}",
        object_type="redemption",
        object_id=row.subject_id,
        after={
            "status": row.status,
            "gross_assets": str(row.gross_assets),
            "owner": row.owner,
            "tx_hash": source.tx_hash,
            "block": source.block_number,
        },
        at=source.block_time,
    )


def clear_projections(*, chain_id: int) -> int:
    """Delete every redemption of a chain so that its facts can be applied anew; return how many.

    Call it in the transaction that also applies them. Keys, and so links and tickets, stay valid.
    """
    return Redemption.objects.filter(chain_id=chain_id).delete()[0]


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
