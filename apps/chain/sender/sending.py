"""OUT: queued intents become mined transactions, each exactly once, through any crash.

The steps are separate and restartable: simulate (outside) · take the nonce (signer's row lock) ·
sign (outside) · store the bytes · send them (outside) · find the receipt in a canonical block of
ours · finish when that block is final. Bytes are stored before they are sent, so what may have left
is always known and only those same bytes are ever sent again.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, transaction
from eth_utils.address import to_checksum_address

from apps.approvals import queries as approvals
from apps.audit import operations as audit
from apps.chain import config as chain_config
from apps.chain import signer
from apps.chain.client import ChainUnavailable, Client, RpcRefused
from apps.chain.config import ChainConfig, SignerConfig
from apps.chain.contracts import abi
from apps.chain.events import SignerPaused, TransactionFinished
from apps.chain.models import (
    UNFINISHED,
    Attempt,
    Block,
    Cursor,
    Log,
    LogStatus,
    SignerAccount,
    Transaction,
    TransactionStatus,
)
from apps.core import bus
from apps.core.actor import Actor
from apps.core.errors import Refused, Unavailable

log = logging.getLogger(__name__)

REBROADCAST_SECONDS = 10
"""A node that knows none of our hashes gets the same bytes again after this long."""
_NODE_TROUBLE_SECONDS = 3
_GAS_MARGIN_PERCENT = 125
_PRIORITY_FEE_WEI_MIN = 1_000_000_000

_Row = Mapping[str, Any]


class Sender:
    """Carries one chain's queue with its first signer. One at a time leads (see ``leading``)."""

    def __init__(
        self, config: ChainConfig, client: Client, *, clock: Callable[[], datetime]
    ) -> None:
        self.config, self.client, self._clock = config, client, clock
        self._actor = Actor.system("sender")

    def step(self) -> int:
        """Take every unfinished transaction one step further; returns how many moved.

        Raises:
            ChainUnavailable: no node answers; what could be done without one was done.
        """
        account = self._account()
        moved = 0
        unfinished = Transaction.objects.filter(
            chain_id=self.config.chain_id, status__in=list(UNFINISHED)
        ).order_by("id")
        for row in unfinished:
            if row.not_before is not None and row.not_before > self._clock():
                continue
            moved += self._advance_alone(row, account)
        return moved

    def _advance_alone(self, row: Transaction, account: SignerAccount) -> bool:
        """One transaction's next steps; its own trouble makes it wait and stops no other."""
        try:
            return self._advance(row, account)
        except (Unavailable, DatabaseError, InterfaceError):
            raise  # nobody can do better now: all of it is tried again
        except RpcRefused as refused:
            self._wait(row, f"The node refused: {refused.message}"[:2000])
            return False
        except Exception as error:
            log.exception("transaction %s could not be taken further", row.pk)
            self._wait(row, f"{type(error).__name__}: {error}".replace("\x00", "\ufffd")[:2000])
            return False

    def _advance(self, row: Transaction, account: SignerAccount) -> bool:
        """One transaction's next steps, up to where something must be waited for."""
        before = row.status
        if row.status == TransactionStatus.QUEUED or (
            # Whatever kept it from its nonce, what it was tried against is old by now.
            row.status == TransactionStatus.SIMULATED and not account.paused_reason
        ):
            row = self._simulate(row)
        if row.status == TransactionStatus.SIMULATED:
            row = self._take_nonce(row)
        if row.status == TransactionStatus.SIGNING:
            row = self._sign(row)
        if row.status == TransactionStatus.SIGNED:
            row = self._send(row)
        elif row.status == TransactionStatus.BROADCAST:
            row = self._look_for_receipt(row, account)
        if row.status == TransactionStatus.MINED:
            row = self._finish_when_final(row)
        return bool(row.status != before)

    # -- before anything is spent --------------------------------------------------------------

    def _simulate(self, row: Transaction) -> Transaction:
        """Check the ticket, then try the call from the signer at the newest block."""
        refusal = self._ticket_refusal(row)
        if refusal:
            return self._fail(row, refusal)
        request = {"from": self._signer.address, "to": row.to, "data": row.calldata}
        try:
            answer, gas = self.client.batch(
                [("eth_call", [request, "latest"]), ("eth_estimateGas", [request])]
            )
        except ChainUnavailable as error:
            return self._wait(row, str(error))
        for part in (answer, gas):
            if isinstance(part, RpcRefused):
                # Only the contract's own refusal is a verdict; a busy or lagging node's is not.
                settle = self._fail if part.is_revert else self._wait
                return settle(row, self._in_words(row, part))
        with transaction.atomic():
            row = _locked(row)
            if row.status in {TransactionStatus.QUEUED, TransactionStatus.SIMULATED}:
                row.simulated(gas_limit=int(gas, 16) * _GAS_MARGIN_PERCENT // 100)
                row.save()
        return row

    def _ticket_refusal(self, row: Transaction) -> str:
        if row.ticket_id is None:
            return ""
        try:
            approvals.authorises(
                ticket_id=row.ticket_id, calls_hash=row.call_hash, at=self._clock()
            )
        except Refused as refusal:
            return refusal.message
        return ""

    def _take_nonce(self, row: Transaction) -> Transaction:
        """Under the signer's row lock: this transaction and no other gets the next nonce."""
        refusal = self._ticket_refusal(row)
        if refusal:
            return self._fail(row, refusal)
        with transaction.atomic():
            account = SignerAccount.objects.select_for_update().get(
                chain_id=self.config.chain_id, address=self._signer.address
            )
            row = _locked(row)
            if (
                row.status != TransactionStatus.SIMULATED
                or account.next_nonce is None
                or account.paused_reason
            ):
                return row
            row.take_nonce(signer=account.address, nonce=account.next_nonce)
            row.save()
            account.next_nonce += 1
            account.save(update_fields=["next_nonce"])
        return row

    # -- bytes ---------------------------------------------------------------------------------

    def _sign(self, row: Transaction) -> Transaction:
        """Sign outside a transaction and store the bytes before anyone can see them.

        After a crash here no bytes exist yet, so signing again with the same nonce is safe.
        """
        try:
            fees = self._fees()
            signed = signer.sign(
                self._signer_of(row.signer),
                {
                    "chainId": row.chain_id,
                    "nonce": row.nonce,
                    "to": to_checksum_address(row.to),
                    "value": 0,
                    "data": row.calldata,
                    "gas": row.gas_limit,
                    **fees,
                },
            )
        except Refused as trouble:  # no node for the fees, or no key
            return self._wait(row, trouble.message)
        with transaction.atomic():
            row = _locked(row)
            if row.status != TransactionStatus.SIGNING or row.nonce is None:
                return row
            Attempt.objects.create(
                transaction=row,
                tx_hash=signed.tx_hash,
                raw=signed.raw,
                nonce=row.nonce,
                max_fee_per_gas=fees["maxFeePerGas"],
                max_priority_fee_per_gas=fees["maxPriorityFeePerGas"],
                created_at=self._clock(),
            )
            row.signed(at=self._clock())
            row.save()
            audit.record(
                actor=self._actor,
                action="SIGN",
                object_type="transaction",
                object_id=str(row.pk),
                after={"call": row.sentence, "nonce": row.nonce, "tx_hash": signed.tx_hash},
                level="HIGH",
                at=self._clock(),
            )
        return row

    def _fees(self) -> dict[str, int]:
        block, tip = self.client.batch(
            [("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", [])]
        )
        if isinstance(block, RpcRefused) or not isinstance(block, dict):
            raise ChainUnavailable("The node gave no block to take fees from.")
        base = int(block.get("baseFeePerGas", "0x0"), 16)
        priority = _PRIORITY_FEE_WEI_MIN
        if isinstance(tip, str):
            priority = max(priority, int(tip, 16))
        return {"maxFeePerGas": 2 * base + priority, "maxPriorityFeePerGas": priority}

    def _send(self, row: Transaction) -> Transaction:
        """Hand the stored bytes to a node. Whatever it answers, only a look-up is believed."""
        attempt = row.attempts.order_by("-id").first()
        assert attempt is not None  # noqa: S101 - stored in the same transaction as SIGNED
        trouble = ""
        try:
            self.client.call("eth_sendRawTransaction", attempt.raw)
        except RpcRefused as refused:
            trouble = refused.message
        except ChainUnavailable as unavailable:
            # Unknown: it may have been accepted. The same bytes go out again later.
            trouble = unavailable.message
        at = self._clock()
        with transaction.atomic():
            row = _locked(row)
            Attempt.objects.filter(pk=attempt.pk).update(
                sent_at=attempt.sent_at or at, sends=attempt.sends + 1, last_error=trouble[:500]
            )
            if row.status == TransactionStatus.SIGNED:
                row.broadcast(at=at)
            row.not_before = at + timedelta(seconds=_NODE_TROUBLE_SECONDS) if trouble else None
            row.save()
        if trouble:
            log.warning("transaction %s was not taken at once: %s", row.pk, trouble)
        return row

    # -- on chain ------------------------------------------------------------------------------

    def _look_for_receipt(self, row: Transaction, account: SignerAccount) -> Transaction:
        """Look up every hash ever sent; a receipt counts in a canonical block of ours."""
        attempts = list(row.attempts.order_by("id"))
        answers = self.client.batch(
            [("eth_getTransactionReceipt", [attempt.tx_hash]) for attempt in attempts]
            + [("eth_getTransactionCount", [row.signer, "latest"])]
        )
        *receipts, count = answers
        for attempt, receipt in zip(attempts, receipts, strict=True):
            if isinstance(receipt, dict):
                return self._mined(row, attempt, receipt)
        if isinstance(count, str) and row.nonce is not None and int(count, 16) > row.nonce:
            return self._nonce_used_elsewhere(row, account)
        return self._send_again_when_forgotten(row, attempts[-1])

    def _mined(self, row: Transaction, attempt: Attempt, receipt: _Row) -> Transaction:
        number, block_hash = int(receipt["blockNumber"], 16), receipt["blockHash"].lower()
        if not _is_canonical(row.chain_id, number, block_hash):
            return row  # the listener has not read it yet, or it is on another branch
        with transaction.atomic():
            row = _locked(row)
            if row.status not in {TransactionStatus.SIGNED, TransactionStatus.BROADCAST}:
                return row
            row.mined(
                tx_hash=attempt.tx_hash,
                block_number=number,
                block_hash=block_hash,
                gas_used=int(receipt["gasUsed"], 16),
                at=self._clock(),
            )
            row.error = ""
            row.save()
        return row

    def _nonce_used_elsewhere(self, row: Transaction, account: SignerAccount) -> Transaction:
        """The chain spent our nonce, and none of our hashes has a receipt: look twice, then stop.

        A lagging node can know the count and not yet the receipt, so this is believed only when the
        finalised count says so too.
        """
        cursor = Cursor.objects.get(chain_id=row.chain_id)
        if cursor.final_number is None:
            return row
        final_count = self.client.call(
            "eth_getTransactionCount", row.signer, hex(cursor.final_number)
        )
        if row.nonce is None or int(final_count, 16) <= row.nonce:
            return row
        reason = (
            f"Nonce {row.nonce} was used by a transaction that is not ours: is the key elsewhere?"
        )
        with transaction.atomic():
            account = SignerAccount.objects.select_for_update().get(pk=account.pk)
            if not account.paused_reason:
                account.paused_reason = reason
                account.save(update_fields=["paused_reason"])
                bus.publish(
                    SignerPaused(
                        chain_id=row.chain_id,
                        address=account.address,
                        reason=reason,
                        at=self._clock(),
                    )
                )
        return row

    def _send_again_when_forgotten(self, row: Transaction, attempt: Attempt) -> Transaction:
        since = attempt.sent_at or row.signed_at
        if since and self._clock() - since < timedelta(seconds=REBROADCAST_SECONDS):
            return row
        known = self.client.call("eth_getTransactionByHash", attempt.tx_hash)
        if known is not None:
            return row
        Attempt.objects.filter(pk=attempt.pk).update(sent_at=None)
        return self._send(row)

    def _finish_when_final(self, row: Transaction) -> Transaction:
        """Final or not by our own canonical blocks; success means the expected event came."""
        if not _is_canonical(row.chain_id, row.mined_block or 0, row.mined_block_hash):
            return self._unmine(row)
        cursor = Cursor.objects.get(chain_id=row.chain_id)
        if cursor.final_number is None or (row.mined_block or 0) > cursor.final_number:
            return row
        receipt = self.client.call("eth_getTransactionReceipt", row.mined_hash)
        if not isinstance(receipt, dict) or receipt["blockHash"].lower() != row.mined_block_hash:
            return row  # that node lags, or is on another branch: its verdict is not ours
        succeeded = int(receipt["status"], 16) == 1
        reason = "" if succeeded else self._revert_reason(row)
        at = self._clock()
        with transaction.atomic():
            row = _locked(row)
            if row.status != TransactionStatus.MINED:
                return row
            if not succeeded:
                row.reverted(error=reason, at=at)
            elif _expected_event_came(row):
                row.finalised(at=at)
            else:
                row.mismatched(
                    error=f"It was mined, but {row.expects['event']} did not come.", at=at
                )
            row.save()
            self._publish_end(row, at)
        return row

    def _unmine(self, row: Transaction) -> Transaction:
        """The listener left its block just when we took it for mined: send the bytes again."""
        with transaction.atomic():
            row = _locked(row)
            if row.status == TransactionStatus.MINED:
                row.unmined()
                row.save()
        return row

    def _revert_reason(self, row: Transaction) -> str:
        request = {"from": row.signer, "to": row.to, "data": row.calldata}
        answer = self.client.batch([("eth_call", [request, hex((row.mined_block or 1) - 1)])])[0]
        if isinstance(answer, RpcRefused):
            return self._in_words(row, answer)
        return "The contract refused it when it was mined, though it would not have before."

    # -- ends and pauses -----------------------------------------------------------------------

    def _fail(self, row: Transaction, error: str) -> Transaction:
        at = self._clock()
        with transaction.atomic():
            row = _locked(row)
            if row.status not in {TransactionStatus.QUEUED, TransactionStatus.SIMULATED}:
                return row
            row.failed(error=error, at=at)
            row.save()
            self._publish_end(row, at)
        return row

    def _wait(self, row: Transaction, why: str) -> Transaction:
        """Trouble with a node or a key is no verdict on the transaction: try again soon."""
        until = self._clock() + timedelta(seconds=_NODE_TROUBLE_SECONDS)
        with transaction.atomic():
            row = _locked(row)
            row.not_before, row.error = until, why
            row.save()
        return row

    def _publish_end(self, row: Transaction, at: datetime) -> None:
        audit.record(
            actor=self._actor,
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

    def _in_words(self, row: Transaction, refused: RpcRefused) -> str:
        contract = self.config.contract_at(row.to)
        return abi.revert_in_words(
            refused.data, refused.message, contract.extra_abi if contract else ()
        )

    # -- the account ---------------------------------------------------------------------------

    @property
    def _signer(self) -> SignerConfig:
        if not self.config.signers:
            raise chain_config.BadChainFile(
                f"Chain {self.config.name} ({self.config.chain_id}) has no signer; nothing is sent."
            )
        return self.config.signers[0]

    def _signer_of(self, address: str) -> SignerConfig:
        for candidate in self.config.signers:
            if candidate.address == address:
                return candidate
        raise signer.SignerUnavailable(f"The signer {address} is no longer configured.")

    def _account(self) -> SignerAccount:
        """The signer's row; its first nonce is read from the chain once, then counted only here."""
        account, _ = SignerAccount.objects.get_or_create(
            chain_id=self.config.chain_id,
            address=self._signer.address,
            defaults={"name": self._signer.name},
        )
        if account.next_nonce is None:
            count = int(self.client.call("eth_getTransactionCount", account.address, "pending"), 16)
            SignerAccount.objects.filter(pk=account.pk, next_nonce__isnull=True).update(
                next_nonce=count
            )
            account.refresh_from_db()
        return account


def _locked(row: Transaction) -> Transaction:
    return Transaction.objects.select_for_update().get(pk=row.pk)


def _is_canonical(chain_id: int, number: int, block_hash: str) -> bool:
    """Whether a block is on our branch.

    Final blocks without logs of ours are not kept (one that only holds a reverted call is such a
    block): there is nothing to compare then, and below finality nodes do not differ.
    """
    ours = Block.objects.filter(chain_id=chain_id, number=number, canonical=True).first()
    if ours is not None:
        return ours.hash == block_hash
    return Cursor.objects.filter(chain_id=chain_id, final_number__gte=number).exists()


def _expected_event_came(row: Transaction) -> bool:
    """Judged by our own stored logs of that very block, never by the receipt's status alone."""
    logs = Log.objects.filter(
        chain_id=row.chain_id,
        tx_hash=row.mined_hash,
        block_hash=row.mined_block_hash,
        address=row.to,
        event=row.expects["event"],
    ).exclude(status=LogStatus.ORPHANED)
    wanted = row.expects["args"]
    return any(
        all((entry.args or {}).get(name) == value for name, value in wanted.items())
        for entry in logs
    )
