"""What became of bytes that were sent: mined, forgotten, replaced, or somebody else's nonce."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from apps.chain.models import (
    Attempt,
    AttemptStatus,
    Block,
    Cursor,
    Transaction,
    TransactionStatus,
)
from apps.chain.sender import broadcasting, nonces, replacing
from apps.chain.sender.desk import Desk, Waits, locked

REBROADCAST_SECONDS = 10
"""A node that knows none of our hashes gets the same bytes again after this long."""


def watch(desk: Desk, row: Transaction) -> Transaction:
    """Look up every hash ever sent; a receipt counts in a canonical block of ours.

    Raises:
        Waits: see ``replacing``.
        ChainUnavailable, RpcRefused.
    """
    attempts = list(row.attempts.order_by("id"))
    *receipts, count = desk.client.batch(
        [("eth_getTransactionReceipt", [attempt.tx_hash]) for attempt in attempts]
        + [("eth_getTransactionCount", [row.signer, "latest"])]
    )
    for attempt, receipt in zip(attempts, receipts, strict=True):
        if isinstance(receipt, dict):
            return _mined(desk, row, attempt, receipt)
    if isinstance(count, str) and row.nonce is not None and int(count, 16) > row.nonce:
        return nonces.displace_when_final(desk, row)
    last = attempts[-1]
    if replacing.is_due(desk, row, last):
        try:
            return replacing.replace(desk, row, last)
        except Waits:
            _send_again_when_forgotten(desk, row, last)  # what cannot be replaced is kept alive
            raise
    return _send_again_when_forgotten(desk, row, last)


def is_canonical(chain_id: int, number: int, block_hash: str) -> bool:
    """Whether a block is on our branch.

    Final blocks without logs of ours are not kept (one that only holds a reverted call is such a
    block): there is nothing to compare then, and below finality nodes do not differ.
    """
    ours = Block.objects.filter(chain_id=chain_id, number=number, canonical=True).first()
    if ours is not None:
        return ours.hash == block_hash
    return Cursor.objects.filter(chain_id=chain_id, final_number__gte=number).exists()


def _mined(
    desk: Desk, row: Transaction, attempt: Attempt, receipt: Mapping[str, Any]
) -> Transaction:
    number, block_hash = int(receipt["blockNumber"], 16), receipt["blockHash"].lower()
    if not is_canonical(row.chain_id, number, block_hash):
        return row  # the listener has not read it yet, or it is on another branch
    with desk.writing():
        row = locked(row)
        if row.status not in {TransactionStatus.SIGNED, TransactionStatus.BROADCAST}:
            return row
        row.mined(
            tx_hash=attempt.tx_hash,
            block_number=number,
            block_hash=block_hash,
            gas_used=int(receipt["gasUsed"], 16),
            at=desk.clock(),
        )
        row.error = ""
        row.save()
        same_nonce = row.attempts.filter(nonce=attempt.nonce)
        same_nonce.exclude(pk=attempt.pk).update(status=AttemptStatus.REPLACED)
        same_nonce.filter(pk=attempt.pk).update(status=AttemptStatus.MINED)
    return row


def _send_again_when_forgotten(desk: Desk, row: Transaction, attempt: Attempt) -> Transaction:
    """The newest bytes go out again when no node knows them: a pool dropped them, a relay kept them
    to itself, a reorg left them behind. Lower nonces come first, so a gap closes in order."""
    last = attempt.sent_again_at
    if last and desk.clock() - last < timedelta(seconds=REBROADCAST_SECONDS):
        return row
    if desk.client.call("eth_getTransactionByHash", attempt.tx_hash) is not None:
        return row
    return broadcasting.send(desk, row)
