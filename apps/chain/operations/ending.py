"""What every end of a transaction does, whoever brings it about."""

from datetime import datetime

from apps.audit import operations as audit
from apps.chain.events import TransactionFinished
from apps.chain.models import ProposalStatus, Reservation, Transaction, TransactionStatus
from apps.core import bus
from apps.core.actor import Actor

MOVED_NOTHING = frozenset(
    {
        TransactionStatus.FAILED,
        TransactionStatus.CANCELLED,
        TransactionStatus.EXPIRED,
        TransactionStatus.REVERTED,
    }
)
"""These give their share of the signer's limits back."""


def end(row: Transaction, *, actor: Actor, at: datetime) -> None:
    """Store a transaction that has just made its last transition, and tell who waits for it.

    Call it in the transaction that holds the row's lock.
    """
    row.not_before = None
    row.save()
    if row.status in MOVED_NOTHING:
        _give_back(row, at)
    elif row.mined_at is not None:
        # Its 24 hours begin when the assets moved, which can be long after it was decided.
        Reservation.objects.filter(transaction=row, at__lt=row.mined_at).update(at=row.mined_at)
    audit.record(
        actor=actor,
        action="FINISH",
        object_type="transaction",
        object_id=str(row.pk),
        after={"status": row.status, "tx_hash": row.mined_hash, "error": row.error},
        result="OK" if row.status == TransactionStatus.FINAL else "FAILED",
        level="HIGH",
        at=at,
    )
    bus.publish(
        TransactionFinished(
            kind=row.kind,
            transaction_id=row.pk,
            subject_id=row.subject_id,
            ticket_id=row.ticket_id,
            outcome=str(row.status),
            error=row.error,
            tx_hash=row.mined_hash,
            at=at,
            details={"block": row.mined_block, "gas_used": row.gas_used},
        )
    )


def _give_back(row: Transaction, at: datetime) -> None:
    """Unless the Safe did it all the same, in a transaction that is not ours."""
    if row.proposals.filter(status=ProposalStatus.EXECUTED).exists():
        return
    Reservation.objects.filter(transaction=row, released_at__isnull=True).update(released_at=at)
