"""A key inside an HSM, reached through its vendor's PKCS#11 library.

A session lasts until the HSM drops it (a restart, a lost connection, another process that ended
it); the next signature then starts the library afresh and logs in again, once. A refused PIN is
never tried twice: a few wrong ones lock the token for everybody.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pkcs11
from pkcs11 import Attribute, Mechanism, Object, ObjectClass, PKCS11Error, Session
from pkcs11.types import PublicKey, SignMixin
from pkcs11.util.ec import encode_ec_public_key

from apps.chain.config import Pkcs11Key
from apps.chain.signer import curve
from apps.chain.signer.errors import SignedOtherwise, SignerUnavailable
from apps.chain.signer.patience import Line, TookTooLong

SECONDS_MAX = 5.0
"""For one signature, with logging in again where that is needed."""
_SIGNATURE_BYTES = 64
_PIN_REFUSED = (
    pkcs11.PinExpired,
    pkcs11.PinIncorrect,
    pkcs11.PinInvalid,
    pkcs11.PinLenRange,
    pkcs11.PinLocked,
    pkcs11.UserPinNotInitialized,
)

T = TypeVar("T")


class Pkcs11Signer:
    """One key pair, found by its label."""

    def __init__(self, name: str, key: Pkcs11Key) -> None:
        self._name, self._key = name, key

    def address(self) -> str:
        """The address of the public key with the same label."""

        def ask(session: Session) -> bytes:
            found = self._only(session, ObjectClass.PUBLIC_KEY)
            assert isinstance(found, PublicKey)  # noqa: S101 - asked for by its class
            return encode_ec_public_key(found)

        return curve.address_of(self._with_session(ask))

    def sign_digest(self, digest: bytes) -> tuple[int, int]:
        """Sign inside the HSM (CKM_ECDSA, which hashes nothing)."""

        def ask(session: Session) -> bytes:
            found = self._only(session, ObjectClass.PRIVATE_KEY)
            assert isinstance(found, SignMixin)  # noqa: S101 - every private key is
            return bytes(found.sign(digest, mechanism=Mechanism.ECDSA))

        signature = self._with_session(ask)
        if len(signature) != _SIGNATURE_BYTES:
            raise SignedOtherwise(f"The HSM returned {len(signature)} bytes, no signature.")
        half = _SIGNATURE_BYTES // 2
        return int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")

    def _only(self, session: Session, half: ObjectClass) -> Object:
        # The list ends the search in this thread; ``get_key`` would leave it open when it refuses,
        # and the session locked with it.
        found = list(session.get_objects({Attribute.CLASS: half, Attribute.LABEL: self._key.key}))
        if not found:
            raise pkcs11.NoSuchKey(f"it has no key labelled {self._key.key}")
        if len(found) > 1:
            raise pkcs11.MultipleObjectsReturned(
                f"it has more than one key labelled {self._key.key}"
            )
        return found[0]

    def _with_session(self, ask: Callable[[Session], T]) -> T:
        pin = os.environ.get(self._key.pin_env)
        if pin is None:
            raise SignerUnavailable(
                f"{self._key.pin_env} is not set, so signer {self._name} is shut."
            )
        try:
            return _module(self._key.module).run(self._key.token, pin, ask)
        except (PKCS11Error, TookTooLong, ValueError) as error:
            raise SignerUnavailable(
                f"The token {self._key.token} of signer {self._name} cannot be used: "
                f"{str(error) or type(error).__name__}."
            ) from error


class _PinRefusedBefore(PKCS11Error):
    """The token refused this PIN; only a restart of this process tries one again."""


class _Module:
    """A vendor's library with its sessions; it may be used by one caller at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._line = Line(f"the PKCS#11 library {path.name}")
        self._sessions: dict[str, Session] = {}
        self._refused: set[str] = set()

    def run(self, token: str, pin: str, ask: Callable[[Session], T]) -> T:
        """Ask in the session that is open, or after any trouble in a new one."""
        return self._line.call(lambda: self._run(token, pin, ask), seconds=SECONDS_MAX)

    def _run(self, token: str, pin: str, ask: Callable[[Session], T]) -> T:
        try:
            return ask(self._session(token, pin))
        except (*_PIN_REFUSED, _PinRefusedBefore):
            raise
        except PKCS11Error:  # a session that lost its log-in even hides the key: NoSuchKey
            self._start_afresh()
            return ask(self._session(token, pin))

    def _session(self, token: str, pin: str) -> Session:
        if token in self._refused:
            raise _PinRefusedBefore("its PIN was refused; put that right and restart")
        if token not in self._sessions:
            found = pkcs11.lib(str(self._path)).get_token(token_label=token)
            try:
                self._sessions[token] = found.open(user_pin=pin)
            except _PIN_REFUSED:
                self._refused.add(token)
                raise
        return self._sessions[token]

    def _start_afresh(self) -> None:
        """End every session of the library, and what it remembers of slots and log-ins."""
        self._sessions.clear()
        with suppress(PKCS11Error):
            pkcs11.lib(str(self._path)).finalize()


_modules: dict[tuple[int, Path], _Module] = {}
_modules_lock = threading.Lock()


def _module(path: Path) -> _Module:
    """The one object for a library in this process; a forked child starts its own."""
    with _modules_lock:
        return _modules.setdefault((os.getpid(), path), _Module(path))
