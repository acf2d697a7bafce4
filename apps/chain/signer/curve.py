"""secp256k1 as Ethereum uses it: addresses of public keys, and the one signature that counts.

HSMs give any of a signature's two twins (r, s) and (r, n − s), and not the bit that says which of
two public keys is meant. Nodes take only the twin with the low s (EIP-2) and need the bit.
"""

from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from eth_keys.constants import SECPK1_N
from eth_keys.datatypes import Signature as RecoverableSignature
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak

from apps.chain.signer.errors import SignedOtherwise, SignerUnavailable

_COORDINATE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature with a low s, and the parity (0 or 1) with which it recovers its account."""

    r: int
    s: int
    parity: int


def canonical(digest: bytes, r: int, s: int, *, address: str) -> Signature:
    """Of the signature and its twin the one that nodes take, proven to be by ``address``.

    Raises:
        SignedOtherwise: r or s is out of range, or somebody else's key made it.
    """
    if not 0 < r < SECPK1_N or not 0 < s < SECPK1_N:
        raise SignedOtherwise("The key returned no signature: r or s is out of range.")
    s = min(s, SECPK1_N - s)
    for parity in (0, 1):
        if _recovered(digest, r, s, parity) == address:
            return Signature(r=r, s=s, parity=parity)
    raise SignedOtherwise(f"The signature recovers other accounts than {address}.")


def address_of(public_key_der: bytes) -> str:
    """The lower-case address of a public key in DER (SubjectPublicKeyInfo).

    Raises:
        SignerUnavailable: it is no public key of secp256k1.
    """
    try:
        key = load_der_public_key(public_key_der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignerUnavailable("The key's public half cannot be read.") from error
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256K1):
        raise SignerUnavailable("The key is not on the curve secp256k1.")
    point = key.public_numbers()
    raw = b"".join(n.to_bytes(_COORDINATE_BYTES, "big") for n in (point.x, point.y))
    return "0x" + keccak(raw)[12:].hex()


def _recovered(digest: bytes, r: int, s: int, parity: int) -> str | None:
    signature = RecoverableSignature(vrs=(parity, r, s))
    try:
        return signature.recover_public_key_from_msg_hash(digest).to_address()
    except BadSignature:
        return None
