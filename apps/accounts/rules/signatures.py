"""Arithmetic of wallet signatures: which bytes count, and whose they are.

A secp256k1 signature (r, s) has a twin (r, n − s) that recovers to the same signer. Only the one
with the low s is accepted (EIP-2), and only v = 27 or 28, so that one decision has one signature.
"""

from collections.abc import Mapping
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SIGNATURE_BYTES = 65


class NotASignature(ValueError):
    """The text is not a canonical 65-byte signature."""


def canonical_signature(text: str) -> bytes:
    """Read a signature written as ``0x`` and 130 digits.

    Raises:
        NotASignature: wrong length or characters, r or s out of range, high s, v not 27 or 28.
    """
    raw = signature_bytes(text)
    if len(raw) != SIGNATURE_BYTES:
        raise NotASignature(f"a signature has {SIGNATURE_BYTES} bytes, this has {len(raw)}")
    r, s, v = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big"), raw[64]
    if not 0 < r < CURVE_ORDER or not 0 < s < CURVE_ORDER:
        raise NotASignature("r or s is out of range")
    if s > CURVE_ORDER // 2:
        raise NotASignature("s is in the upper half: this is a signature's malleable twin")
    if v not in (27, 28):
        raise NotASignature("v is neither 27 nor 28")
    return raw


def signature_bytes(text: str) -> bytes:
    """Read hexadecimal text that begins with ``0x``.

    Raises:
        NotASignature: it is something else.
    """
    digits = text.removeprefix("0x")
    if digits == text or not digits.isascii() or not digits.isalnum():
        raise NotASignature("a signature is hexadecimal and begins with 0x")
    try:
        return bytes.fromhex(digits)
    except ValueError as error:
        raise NotASignature("a signature is hexadecimal and begins with 0x") from error


def signer_of(message: SignableMessage, signature: bytes) -> str | None:
    """The lower-case address that made a canonical signature, or None when nobody can have."""
    try:
        return str(Account.recover_message(message, signature=signature)).lower()
    except (BadSignature, ValidationError):
        return None


def signable(typed_data: Mapping[str, Any]) -> SignableMessage:
    """Encode EIP-712 typed data, in the form that wallets are given, for signing."""
    return encode_typed_data(full_message=dict(typed_data))


def digest_of(message: SignableMessage) -> bytes:
    """The 32 bytes that are really signed (EIP-191)."""
    return bytes(keccak(b"\x19" + message.version + message.header + message.body))


def body_hash(body: bytes) -> str:
    """The keccak-256 of a request's raw body."""
    return "0x" + bytes(keccak(body)).hex()


def checksum(address: str) -> str:
    """An address with its EIP-55 checksum, as people see it."""
    return str(to_checksum_address(address))


def operation_typed_data(
    *,
    chain_id: int,
    method: str,
    path: str,
    body_hash: str,
    nonce: str,
    timestamp_seconds: int,
) -> dict[str, Any]:
    """What a wallet signs for a sensitive REST request.

    Args:
        path: path with its query string, exactly as requested.
        body_hash: keccak-256 of the raw body, ``0x`` and 64 digits.
        nonce: 32 bytes chosen by the client, used once.
    """
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
            ],
            "Operation": [
                {"name": "method", "type": "string"},
                {"name": "path", "type": "string"},
                {"name": "bodyHash", "type": "bytes32"},
                {"name": "nonce", "type": "bytes32"},
                {"name": "timestamp", "type": "uint256"},
            ],
        },
        "primaryType": "Operation",
        "domain": {"name": "Paimon", "version": "1", "chainId": chain_id},
        "message": {
            "method": method.upper(),
            "path": path,
            "bodyHash": body_hash,
            "nonce": nonce,
            "timestamp": timestamp_seconds,
        },
    }
