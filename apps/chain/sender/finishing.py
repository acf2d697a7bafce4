"""The verdict: final or not by our own canonical blocks, success only with the expected event."""

from collections.abc import Mapping
from typing import Any

from apps.chain import contracts
from apps.chain.client import RpcRefused
from apps.chain.config import WATCHED_KINDS
from apps.chain.contracts import simulated
from apps.chain.contracts.simulated import Effect
from apps.chain.models import (
    AttemptKind,
    Cursor,
    Log,
    LogStatus,
    Transaction,
    TransactionStatus,
)
from apps.chain.operations import stop_sending
from apps.chain.operations.ending import end
from apps.chain.rules import scopes
from apps.chain.sender import safes
from apps.chain.sender.desk import ACTOR, Desk, Waits, locked
from apps.chain.sender.nonces import logs_of
from apps.chain.sender.simulating import in_words
from apps.chain.sender.watching import is_canonical


def finish(desk: Desk, row: Transaction) -> Transaction:
    """End a mined transaction once its block is final; send it again if the block was left.

    A success without the expected event stops every further call of its kind.

    Raises:
        Waits: the node's receipt contradicts what we have read.
        ChainUnavailable, RpcRefused.
    """
    if not is_canonical(row.chain_id, row.mined_block or 0, row.mined_block_hash):
        return _unmine(desk, row)
    cursor = Cursor.objects.get(chain_id=row.chain_id)
    if cursor.final_number is None or (row.mined_block or 0) > cursor.final_number:
        return row
    receipt = desk.client.call("eth_getTransactionReceipt", row.mined_hash)
    if not isinstance(receipt, dict) or receipt["blockHash"].lower() != row.mined_block_hash:
        return row  # that node lags, or is on another branch: its verdict is not ours
    succeeded = int(receipt["status"], 16) == 1
    _refuse_what_our_logs_contradict(row, succeeded=succeeded)
    reason = "" if succeeded else _revert_reason(desk, row)
    at = desk.clock()
    with desk.writing():
        row = locked(row)
        if row.status != TransactionStatus.MINED:
            return row
        cancelled = row.attempts.filter(tx_hash=row.mined_hash, kind=AttemptKind.CANCEL).exists()
        if cancelled:
            why = f"Its nonce was spent on nothing: {row.cancel_reason}"
            row.cancelled_on_chain(error=why, at=at)
        elif not succeeded:
            row.reverted(error=reason, at=at)
        elif missing := _what_is_missing(desk, row, receipt):
            row.mismatched(error=missing, at=at)
            stop_sending(
                scope=scopes.of_stream(row.chain_id, row.kind),
                reason=f"“{row.sentence}” (transaction {row.pk}): {missing}",
                actor=ACTOR,
                at=at,
            )
        else:
            row.finalised(at=at)
        end(row, actor=ACTOR, at=at)
    return row


def _refuse_what_our_logs_contradict(row: Transaction, *, succeeded: bool) -> None:
    """A revert leaves no logs, and of one nonce only one transaction is mined: where we have read
    others, this verdict would give back assets that moved, and have them moved again.

    Raises:
        Waits: a node tells us wrong.
    """
    hashes = [attempt.tx_hash for attempt in row.attempts.all()]
    if succeeded:
        hashes.remove(row.mined_hash)
    seen = logs_of(row, hashes)
    if seen:
        raise Waits(f"A node's receipt of {row.mined_hash} contradicts our own logs of {seen}.")


def _unmine(desk: Desk, row: Transaction) -> Transaction:
    """The listener left its block just when we took it for mined: send the bytes again."""
    with desk.writing():
        row = locked(row)
        if row.status == TransactionStatus.MINED:
            row.unmined()
            row.save()
    return row


def _revert_reason(desk: Desk, row: Transaction) -> str:
    carrier = safes.carrier_of(row)
    request = {"from": row.signer, "to": carrier.to, "data": carrier.data}
    before = hex((row.mined_block or 1) - 1)
    answer = desk.client.batch([("eth_call", [request, before])])[0]
    if isinstance(answer, RpcRefused):
        return in_words(desk, row, answer)
    return "The contract refused it when it was mined, though it would not have before."


def _what_is_missing(desk: Desk, row: Transaction, receipt: Mapping[str, Any]) -> str:
    """Judged by our own stored logs of that very block, never by the receipt's status alone; only
    where the proof is a payment, whose logs we do not store, by the receipt's."""
    trouble = safes.trouble_with(row, receipt)
    if trouble:
        return trouble
    logs = Log.objects.filter(
        chain_id=row.chain_id, tx_hash=row.mined_hash, block_hash=row.mined_block_hash
    ).exclude(status=LogStatus.ORPHANED)
    effects = [
        Effect(
            contract=entry.contract_kind,
            address=entry.address,
            event=entry.event,
            args=entry.args or {},
        )
        for entry in logs
    ]
    expected = contracts.ExpectedEvent.from_json(row.expects)
    not_stored = {proof.contract_kind for proof in expected.proofs} - WATCHED_KINDS
    effects += simulated.effects_in(desk.config, receipt["logs"], not_stored)
    if simulated.is_proven(desk.config, expected, row.to, effects):
        return ""
    return f"It was mined, but {expected} did not come."
