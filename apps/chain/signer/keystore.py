"""The only file that reaches a key: an encrypted keystore, opened when first needed."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from apps.chain.config import KeystoreKey, SignerConfig
from apps.core.errors import Unavailable


class SignerUnavailable(Unavailable):
    """The key cannot be reached; nothing was signed."""


class SignedOtherwise(Unavailable):
    """What came back from the key is not what was asked; it must not be sent."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Signed bytes, ready to store and then to send."""

    raw: str
    tx_hash: str


def sign(config: SignerConfig, fields: Mapping[str, Any]) -> Signed:
    """Sign an EIP-1559 transaction and prove that the bytes say what was asked.

    ``fields``: chainId, nonce, to, value, data, gas, maxFeePerGas, maxPriorityFeePerGas.

    Raises:
        SignerUnavailable: no keystore, no or a wrong password.
        SignedOtherwise: the bytes decode to other fields or recover another account.
    """
    signed = Account.sign_transaction({**fields, "type": 2}, _key(config))
    raw = signed.raw_transaction
    sender = Account.recover_transaction(raw).lower()
    if sender != config.address:
        raise SignedOtherwise(f"The bytes recover {sender}, not {config.address}.")
    decoded = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    for name, asked in fields.items():
        if _comparable(decoded[name]) != _comparable(asked):
            raise SignedOtherwise(f"The signed {name} is not the one asked for.")
    return Signed(raw="0x" + bytes(raw).hex(), tx_hash="0x" + bytes(signed.hash).hex())


@cache
def _key(config: SignerConfig) -> bytes:
    file = config.key
    assert isinstance(file, KeystoreKey)  # noqa: S101
    password = os.environ.get(file.password_env)
    if password is None:
        raise SignerUnavailable(f"{file.password_env} is not set, so signer {config.name} is shut.")
    try:
        key = bytes(Account.decrypt(json.loads(file.keystore.read_text()), password))
    except OSError as error:
        raise SignerUnavailable(f"Cannot read the keystore {file.keystore}.") from error
    except ValueError as error:
        raise SignerUnavailable(f"The keystore {file.keystore} does not open: {error}.") from error
    if Account.from_key(key).address.lower() != config.address:
        raise SignerUnavailable(f"The keystore {file.keystore} holds another account's key.")
    return key


def _comparable(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return "0x" + bytes(value).hex()
    return value.lower() if isinstance(value, str) else value
