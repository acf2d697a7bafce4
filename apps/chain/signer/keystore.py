"""A key in an encrypted keystore file, opened with a password from the environment."""

import json
import os

from eth_account import Account
from eth_keys.datatypes import PrivateKey

from apps.chain.config import KeystoreKey
from apps.chain.signer.errors import SignerUnavailable


class KeystoreSigner:
    """The opened file. For development, and for keys that move little."""

    def __init__(self, name: str, file: KeystoreKey) -> None:
        """Open the file.

        Raises:
            SignerUnavailable: no file, no password, or the wrong one.
        """
        password = os.environ.get(file.password_env)
        if password is None:
            raise SignerUnavailable(f"{file.password_env} is not set, so signer {name} is shut.")
        try:
            key = bytes(Account.decrypt(json.loads(file.keystore.read_text()), password))
        except OSError as error:
            raise SignerUnavailable(f"Cannot read the keystore {file.keystore}.") from error
        except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
            raise SignerUnavailable(f"The keystore {file.keystore} does not open.") from error
        self._key = PrivateKey(key)

    def address(self) -> str:
        """The address that the key, not the file's text, stands for."""
        return self._key.public_key.to_address()

    def sign_digest(self, digest: bytes) -> tuple[int, int]:
        """Sign here, in this process."""
        _, r, s = self._key.sign_msg_hash(digest).vrs
        return r, s
