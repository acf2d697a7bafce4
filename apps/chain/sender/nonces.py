"""The next nonce, for one transaction and no other; and what shows that the key is elsewhere."""

from collections.abc import Sequence

from apps.chain.models import (
    AttemptStatus,
    Cursor,
    Log,
    LogStatus,
    SignerAccount,
    Transaction,
    TransactionStatus,
)
from apps.chain.operations import stop_sending
from apps.chain.operations.ending import end
from apps.chain.rules import scopes
from apps.chain.sender import policy
from apps.chain.sender.desk import ACTOR, Desk, Waits, locked


def take(desk: Desk, row: Transaction) -> Transaction:
    """Give a simulated transaction the signer's next nonce, under the signer's row lock.

    What allowed it before its simulation is asked once more, in the same transaction.

    Raises:
        Waits, Fails, Expires: see ``policy.decide``; or the chain counts more than we do, or it was
            mined already.
    """
    if row.status != TransactionStatus.SIMULATED:
        return row
    _refuse_what_was_mined_after_all(desk, row)
    counted = int(desk.client.call("eth_getTransactionCount", desk.signer.address, "latest"), 16)
    with desk.writing() as account:
        row = locked(row)
        if row.status != TransactionStatus.SIMULATED or account.next_nonce is None:
            return row
        at = desk.clock()
        policy.refuse_unless_standing(row, account.address, at)
        policy.refuse_unguarded(row, at)
        if counted <= account.next_nonce:
            row.take_nonce(signer=account.address, nonce=account.next_nonce)
            row.save()
            account.next_nonce += 1
            account.save(update_fields=["next_nonce"])
            return row
    _stop_when_final(desk, counted)
    raise Waits(f"The chain counts {counted} transactions of this signer, which are not all ours.")


def logs_of(row: Transaction, hashes: Sequence[str]) -> str:
    """The hash, of several of a transaction, whose logs we have read ourselves; "" when none."""
    found = Log.objects.filter(chain_id=row.chain_id, tx_hash__in=hashes)
    entry = found.exclude(status=LogStatus.ORPHANED).first()
    return entry.tx_hash if entry else ""


def _refuse_what_was_mined_after_all(desk: Desk, row: Transaction) -> None:
    """Whoever had a nonce before, taken for a stranger's, may have been mined under it.

    Raises:
        Waits: it was; a person must look, and take this one back.
    """
    dropped = row.attempts.filter(status=AttemptStatus.DROPPED)
    hashes = [attempt.tx_hash for attempt in dropped]
    if not hashes:
        return
    receipts = desk.client.batch([("eth_getTransactionReceipt", [tx_hash]) for tx_hash in hashes])
    if logs_of(row, hashes) or any(isinstance(receipt, dict) for receipt in receipts):
        raise Waits("It was mined after all, under its first nonce. Take this one back.")


def first_nonce(desk: Desk) -> None:
    """Read a new signer's nonce from the chain once; from then on it is counted only here.

    Raises:
        ChainUnavailable: no node answers.
    """
    ours = SignerAccount.objects.filter(
        chain_id=desk.config.chain_id, address=desk.signer.address, next_nonce__isnull=True
    )
    if ours.exists():
        count = int(desk.client.call("eth_getTransactionCount", desk.signer.address, "pending"), 16)
        ours.update(next_nonce=count)


def displace_when_final(desk: Desk, row: Transaction) -> Transaction:
    """The chain spent a transaction's nonce, but none of its hashes has a receipt: look twice, then
    stop the signer and let the transaction begin anew once people have lifted that.

    A lagging node can know the count and not yet the receipt, so this is believed only when the
    finalised count says so too, and our own logs say nothing else.
    """
    if logs_of(row, [attempt.tx_hash for attempt in row.attempts.all()]):
        return row
    final = final_count(desk) if row.signer == desk.signer.address else None
    if row.nonce is None or final is None or final <= row.nonce:
        return row
    reason = f"Nonce {row.nonce} was used by a transaction that is not ours: is the key elsewhere?"
    with desk.writing() as account:
        row = locked(row)
        if row.status in {TransactionStatus.SIGNED, TransactionStatus.BROADCAST}:
            _stop(desk, account, final, reason)
            row.displaced(error=reason)
            row.save()
            if row.cancel_reason:  # nobody wants it any more, and now it cannot happen
                row.cancelled(error=row.cancel_reason, at=desk.clock())
                end(row, actor=ACTOR, at=desk.clock())
    return row


def final_count(desk: Desk) -> int | None:
    """How many transactions of the signer are final, None while no block is."""
    cursor = Cursor.objects.filter(chain_id=desk.config.chain_id).first()
    if cursor is None or cursor.final_number is None:
        return None
    answer = desk.client.call(
        "eth_getTransactionCount", desk.signer.address, hex(cursor.final_number)
    )
    return int(answer, 16)


def _stop_when_final(desk: Desk, counted: int) -> None:
    final = final_count(desk)
    if final is None or final < counted:
        return
    reason = "A transaction of this account was mined that is not ours: is the key elsewhere?"
    with desk.writing() as account:
        if account.next_nonce is not None and account.next_nonce < final:
            _stop(desk, account, final, reason)


def _stop(desk: Desk, account: SignerAccount, final: int, reason: str) -> None:
    """Stop the signer, and count on from where the chain is."""
    stop_sending(
        scope=scopes.of_signer(account.chain_id, account.address),
        reason=reason,
        actor=ACTOR,
        at=desk.clock(),
    )
    account.next_nonce = max(account.next_nonce or 0, final)
    account.save(update_fields=["next_nonce"])
