"""Which key a signer has, opened once per process when it is first needed."""

from functools import cache
from typing import Protocol

from apps.chain.config import KeystoreKey, KmsKey, Pkcs11Key, SignerConfig
from apps.chain.signer.errors import SignerUnavailable
from apps.chain.signer.keystore import KeystoreSigner


class DigestSigner(Protocol):
    """A secp256k1 key, wherever it is kept. Both methods end within seconds."""

    def address(self) -> str:
        """The lower-case address of the key's public half, as the key's keeper tells it.

        Raises:
            SignerUnavailable: it cannot be asked.
        """
        ...

    def sign_digest(self, digest: bytes) -> tuple[int, int]:
        """ECDSA over these very 32 bytes: r and s, either twin.

        Raises:
            SignerUnavailable: the key cannot be reached.
            SignedOtherwise: it answered with something that is no signature.
        """
        ...


@cache
def key_of(config: SignerConfig) -> DigestSigner:
    """The signer's key.

    Raises:
        SignerUnavailable: it has none of its own, or the key cannot be opened.
    """
    # The two vendors' libraries are loaded only where a key of theirs is configured: they take a
    # third of a second, and every process comes through here.
    match config.key:
        case KeystoreKey():
            return KeystoreSigner(config.name, config.key)
        case KmsKey():
            from apps.chain.signer.kms import KmsSigner  # noqa: PLC0415

            return KmsSigner(config.name, config.key)
        case Pkcs11Key():
            from apps.chain.signer.pkcs11 import Pkcs11Signer  # noqa: PLC0415

            return Pkcs11Signer(config.name, config.key)
    raise SignerUnavailable(f"{config.name} is a Safe and has no key of its own: its owners sign.")
