"""From the fields of a transaction to bytes that are proven to say just that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from apps.chain.config import SafeWallet, SignerConfig
from apps.chain.signer import curve, envelope
from apps.chain.signer.errors import SignedOtherwise, SignerUnavailable
from apps.chain.signer.keys import key_of

_PROBE = keccak(b"Paimon asks whether this key can sign.")
"""What ``check`` has signed: a hash of words, so of no transaction, message or typed data."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Signed bytes, ready to store and then to send."""

    raw: str
    tx_hash: str


def sign(config: SignerConfig, fields: Mapping[str, Any]) -> Signed:
    """Sign an EIP-1559 transaction and prove that the bytes say what was asked.

    ``fields``: chainId, nonce, to, value, data, gas, maxFeePerGas, maxPriorityFeePerGas.

    Raises:
        SignerUnavailable: the key cannot be reached; nothing was signed.
        SignedOtherwise: the bytes decode to other fields or recover another account.
    """
    signature = _signature(config, envelope.digest_of(fields))
    raw = envelope.assemble(fields, signature)
    _refuse_unless_it_says(raw, fields, config.address)
    return Signed(raw="0x" + raw.hex(), tx_hash="0x" + keccak(raw).hex())


def check(config: SignerConfig) -> None:
    """See that the key answers, is the key of ``config.address``, and signs. A Safe has none.

    Raises:
        SignerUnavailable: it does not; one sentence says which key and why.
    """
    if isinstance(config.key, SafeWallet):
        return
    held = key_of(config).address()
    if held != config.address:
        raise SignerUnavailable(
            f"The key of signer {config.name} is of {held}, not of {config.address}."
        )
    try:
        _signature(config, _PROBE)
    except SignedOtherwise as error:
        raise SignerUnavailable(f"Signer {config.name} does not sign as itself: {error}") from error


def _signature(config: SignerConfig, digest: bytes) -> curve.Signature:
    """The one canonical signature of a digest, proven to be by the signer's own account."""
    r, s = key_of(config).sign_digest(digest)
    return curve.canonical(digest, r, s, address=config.address)


def _refuse_unless_it_says(raw: bytes, fields: Mapping[str, Any], address: str) -> None:
    """Read the bytes as a node would, with nothing taken from how they were made."""
    sender = envelope.sender_of(raw)
    if sender != address:
        raise SignedOtherwise(f"The bytes recover {sender}, not {address}.")
    said = envelope.fields_of(raw)
    if said.keys() != fields.keys():
        raise SignedOtherwise("The signed bytes hold other fields than were asked for.")
    for name, asked in fields.items():
        if _comparable(said[name]) != _comparable(asked):
            raise SignedOtherwise(f"The signed {name} is not the one asked for.")


def _comparable(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return "0x" + bytes(value).hex()
    return value.lower() if isinstance(value, str) else value
