"""EIP-1559 transactions as bytes: what is signed, what is sent, and what sent bytes say.

The only file that knows how eth_account builds them; it offers no public way to sign elsewhere.
"""

from collections.abc import Mapping
from typing import Any

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from apps.chain.signer.curve import Signature

_TYPE = 2
_NOT_ASKED = frozenset({"type", "accessList", "v", "r", "s"})


def digest_of(fields: Mapping[str, Any]) -> bytes:
    """The 32 bytes that a transaction's signature covers."""
    return bytes(TypedTransaction.from_dict({**fields, "type": _TYPE}).hash())


def assemble(fields: Mapping[str, Any], signature: Signature) -> bytes:
    """The transaction as it goes to a node."""
    signed = {**fields, "type": _TYPE, "v": signature.parity, "r": signature.r, "s": signature.s}
    return bytes(TypedTransaction.from_dict(signed).encode())


def sender_of(raw: bytes) -> str:
    """The lower-case address that signed bytes come from."""
    return str(Account.recover_transaction(HexBytes(raw))).lower()


def fields_of(raw: bytes) -> dict[str, Any]:
    """What signed bytes say; an access list is among it only when it is not empty."""
    said = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    return {
        name: value for name, value in said.items() if name not in _NOT_ASKED or _odd(name, value)
    }


def _odd(name: str, value: Any) -> bool:
    return (name == "accessList" and len(value) > 0) or (name == "type" and value != _TYPE)
