"""What the tests of signers share: a signer of some kind, and what it is asked to sign."""

from dataclasses import dataclass
from typing import Any

import rlp
from eth_keys.constants import SECPK1_N
from eth_keys.datatypes import PublicKey
from eth_utils.address import to_checksum_address

from apps.chain.config import KeystoreKey, KmsKey, Pkcs11Key, SignerConfig

ELSEWHERE = "0x" + "00" * 18 + "beef"
PASSWORD, PASSWORD_ENV = "password-of-the-keystore", "PAIMON_TEST_KEYSTORE_PASSWORD"
AWS_SECRET = "secret-of-the-access-key"
HIGHEST_S = SECPK1_N // 2
_NAMES = (
    "chainId",
    "nonce",
    "maxPriorityFeePerGas",
    "maxFeePerGas",
    "gas",
    "to",
    "value",
    "data",
    "accessList",
    "parity",
    "r",
    "s",
)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A signer, the same signer with its key out of reach, and what must never be told."""

    config: SignerConfig
    out_of_reach: SignerConfig
    secrets: tuple[str, ...]


def signer(address: str, key: KeystoreKey | KmsKey | Pkcs11Key) -> SignerConfig:
    return SignerConfig(name="operations", address=address, key=key)


def address_of(public_key_der: bytes) -> str:
    """The address of a secp256k1 key, whose point is the last 64 bytes of its DER."""
    return PublicKey(public_key_der[-64:]).to_address()


def fields(nonce: int = 0, **changes: Any) -> dict[str, Any]:
    """A transaction as the sender asks for it."""
    asked = {
        "chainId": 31_337,
        "nonce": nonce,
        "to": to_checksum_address(ELSEWHERE),
        "value": 0,
        "data": "0x" + "ab" * 36,
        "gas": 100_000,
        "maxFeePerGas": 30_000_000_000,
        "maxPriorityFeePerGas": 1_000_000_000,
    }
    return {**asked, **changes}


def decoded(raw: str) -> dict[str, Any]:
    """The parts of signed EIP-1559 bytes, read with nothing but RLP."""
    envelope = bytes.fromhex(raw.removeprefix("0x"))
    assert envelope[0] == 2
    parts = dict(zip(_NAMES, rlp.decode(envelope[1:]), strict=True))
    return {
        name: "0x" + part.hex()
        if name in {"to", "data"}
        else part
        if name == "accessList"
        else int.from_bytes(part, "big")
        for name, part in parts.items()
    }
