"""Signed bytes: made outside any database transaction, stored before anyone can see them."""

from dataclasses import dataclass

from eth_utils.address import to_checksum_address

from apps.audit import operations as audit
from apps.chain import signer
from apps.chain.client import read_market
from apps.chain.config import SignerTier
from apps.chain.models import Attempt, AttemptKind, SignerAccount, Transaction, TransactionStatus
from apps.chain.rules import fees
from apps.chain.rules.fees import Fees
from apps.chain.sender import policy, safes
from apps.chain.sender.desk import ACTOR, Desk, Waits, locked
from apps.chain.sender.safes import Carrier

_TRANSFER_GAS = 21_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bytes:
    """What was signed, not stored yet."""

    kind: AttemptKind
    signed: signer.Signed
    fees: Fees


def sign(desk: Desk, row: Transaction) -> Transaction:
    """Sign what has its nonce and no bytes yet.

    After a crash here no bytes exist, so signing again with the same nonce is safe. Where people no
    longer stand behind the call, its deadline passed or a trade's market moved on, the nonce is
    spent on nothing instead: it is taken and must not leave a gap.

    Raises:
        Waits: the chain wants more than the fee cap, or the key is stopped.
        signer.SignerUnavailable, ChainUnavailable: no key, no node.
    """
    if row.status != TransactionStatus.SIGNING:
        return row
    policy.refuse_when_key_is_stopped(row)
    at = desk.clock()
    reason = (
        policy.taken_back(row, at) or policy.deadline_missed(row, at) or policy.outdated(row, at)
    )
    kind = AttemptKind.CANCEL if reason else AttemptKind.ORIGINAL
    try:
        price = fees.first(read_market(desk.client), cap=fee_cap(desk))
    except fees.AboveCap as above:
        raise Waits(str(above)) from above
    made = make(desk, row, kind, price)
    with desk.writing():
        row = locked(row)
        taken_back_meanwhile = bool(row.cancel_reason) and not reason
        if row.status == TransactionStatus.SIGNING and not taken_back_meanwhile:
            store(desk, row, made, reason)
            row.signed(at=desk.clock())
            row.cancel_reason = row.error = row.cancel_reason or reason
            row.save()
    return row


def make(desk: Desk, row: Transaction, kind: AttemptKind, price: Fees) -> _Bytes:
    """Bytes for a transaction's nonce: its call, or an empty transfer to the signer itself.

    Raises:
        Waits: the signer that has the nonce is no longer configured, or another Safe is.
        signer.SignerUnavailable, signer.SignedOtherwise.
    """
    if desk.signer.address != row.signer:
        raise Waits(f"The signer {row.signer} is no longer configured.")
    gas: int | None = _TRANSFER_GAS
    carrier = Carrier(to=row.signer, data="0x")
    if kind != AttemptKind.CANCEL:
        carrier, gas = safes.carrier_of(row), row.gas_limit
        if row.tier == SignerTier.WARM and carrier.to != safes.wallet(desk.config).address:
            raise Waits(f"{carrier.to} is no longer the warm wallet.")
    signed = signer.sign(
        desk.signer,
        {
            "chainId": row.chain_id,
            "nonce": row.nonce,
            "to": to_checksum_address(carrier.to),
            "value": 0,
            "data": carrier.data,
            "gas": gas,
            "maxFeePerGas": price.max_fee,
            "maxPriorityFeePerGas": price.priority,
        },
    )
    note_key(desk, "")
    return _Bytes(kind=kind, signed=signed, fees=price)


def store(desk: Desk, row: Transaction, made: _Bytes, reason: str) -> None:
    """Keep bytes as the transaction's newest attempt; the caller holds its lock.

    ``reason`` says why a person or the sender wanted them, beside the call itself.
    """
    assert row.nonce is not None  # noqa: S101 - it was signed
    at = desk.clock()
    Attempt.objects.create(
        transaction=row,
        kind=made.kind,
        tx_hash=made.signed.tx_hash,
        raw=made.signed.raw,
        nonce=row.nonce,
        max_fee_per_gas=made.fees.max_fee,
        max_priority_fee_per_gas=made.fees.priority,
        created_at=at,
    )
    audit.record(
        actor=ACTOR,
        action="SIGN",
        object_type="transaction",
        object_id=str(row.pk),
        after={
            "call": row.sentence if made.kind != AttemptKind.CANCEL else "",
            "kind": str(made.kind),
            "reason": reason,
            "signer": row.signer,
            "nonce": row.nonce,
            "tx_hash": made.signed.tx_hash,
        },
        level="HIGH",
        at=at,
    )


def fee_cap(desk: Desk) -> int:
    """The most that may be paid for a unit of gas, in wei."""
    return desk.config.fee_cap_gwei * fees.WEI_PER_GWEI


def check_key(desk: Desk) -> str:
    """Try to reach the key, without signing anything that means something; "" when it answers."""
    trouble = ""
    try:
        signer.check(desk.signer)
    except signer.SignerUnavailable as unavailable:
        trouble = unavailable.message
    note_key(desk, trouble)
    return trouble


def note_key(desk: Desk, trouble: str) -> None:
    """Show in the signer's row, and so in the health page, whether its key answers."""
    ours = SignerAccount.objects.filter(chain_id=desk.config.chain_id, address=desk.signer.address)
    ours.exclude(trouble=trouble).update(trouble=trouble)
