"""A key or a library that answers with something else than was asked: it must never get out."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_keys.constants import SECPK1_N
from eth_keys.datatypes import PrivateKey

from apps.chain import signer
from apps.chain.config import KeystoreKey, SafeWallet, SignerConfig
from apps.chain.signer import curve, envelope, signing
from tests.chain.signer.kept import ELSEWHERE, HIGHEST_S, decoded, fields

OURS, THEIRS = PrivateKey(b"\x11" * 32), PrivateKey(b"\x22" * 32)
CONFIG = SignerConfig(
    name="operations",
    address=OURS.public_key.to_address(),
    key=KeystoreKey(keystore=Path("never-opened.json"), password_env="UNSET"),
)


class GivenKey:
    """A key that signs as the test says."""

    def __init__(self, sign: Callable[[bytes], tuple[int, int]]) -> None:
        self._sign = sign

    def address(self) -> str:
        return CONFIG.address

    def sign_digest(self, digest: bytes) -> tuple[int, int]:
        return self._sign(digest)


def by(key: PrivateKey, digest: bytes) -> tuple[int, int]:
    _, r, s = key.sign_msg_hash(digest).vrs
    return r, s


def high_twin(digest: bytes) -> tuple[int, int]:
    r, s = by(OURS, digest)
    return r, SECPK1_N - s


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a given key in the place of the configured one."""

    def put(sign: Callable[[bytes], tuple[int, int]]) -> None:
        monkeypatch.setattr(signing, "key_of", lambda _: GivenKey(sign))

    return put


class TestSign:
    def test_a_high_s_becomes_its_low_twin(self, use: Callable[..., None]) -> None:
        use(high_twin)

        signed = signer.sign(CONFIG, fields())

        assert decoded(signed.raw)["s"] <= HIGHEST_S
        assert Account.recover_transaction(signed.raw).lower() == CONFIG.address

    @pytest.mark.parametrize(
        "sign",
        [
            lambda digest: by(THEIRS, digest),
            lambda digest: by(OURS, digest[::-1]),
            lambda digest: by(OURS, digest)[::-1],
            lambda _: (0, 1),
            lambda _: (1, 0),
            lambda _: (SECPK1_N, 1),
            lambda _: (1, SECPK1_N),
            lambda _: (-1, 1),
            lambda _: (5, 1),  # no point of the curve has this x
        ],
    )
    def test_anything_but_our_signature_is_refused(
        self, use: Callable[..., None], sign: Callable[[bytes], tuple[int, int]]
    ) -> None:
        use(sign)

        with pytest.raises(signer.SignedOtherwise):
            signer.sign(CONFIG, fields())

    @pytest.mark.parametrize(
        ("name", "other"),
        [
            ("chainId", 1),
            ("nonce", 1),
            ("to", "0x" + "11" * 20),
            ("value", 1),
            ("data", "0x"),
            ("gas", 99_999),
            ("maxFeePerGas", 31_000_000_000),
            ("maxPriorityFeePerGas", 2),
            ("accessList", [{"address": ELSEWHERE, "storageKeys": []}]),
        ],
    )
    def test_bytes_that_say_something_else_are_refused_though_well_signed(
        self, use: Callable[..., None], monkeypatch: pytest.MonkeyPatch, name: str, other: Any
    ) -> None:
        use(lambda digest: by(OURS, digest))
        assemble = envelope.assemble

        def assemble_otherwise(asked: Mapping[str, Any], _: curve.Signature) -> bytes:
            changed = {**asked, name: other}
            digest = envelope.digest_of(changed)
            signature = curve.canonical(digest, *by(OURS, digest), address=CONFIG.address)
            return assemble(changed, signature)

        monkeypatch.setattr(envelope, "assemble", assemble_otherwise)

        with pytest.raises(signer.SignedOtherwise, match="signed"):
            signer.sign(CONFIG, fields())

    def test_bytes_signed_by_another_account_are_refused(
        self, use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use(lambda digest: by(OURS, digest))
        assemble = envelope.assemble

        def assemble_signed_by_another(asked: Mapping[str, Any], _: curve.Signature) -> bytes:
            digest = envelope.digest_of(asked)
            theirs = THEIRS.public_key.to_address()
            return assemble(asked, curve.canonical(digest, *by(THEIRS, digest), address=theirs))

        monkeypatch.setattr(envelope, "assemble", assemble_signed_by_another)

        with pytest.raises(signer.SignedOtherwise, match="The bytes recover"):
            signer.sign(CONFIG, fields())

    def test_a_safe_is_told_apart(self) -> None:
        safe = SignerConfig(name="warm", address=ELSEWHERE, key=SafeWallet(executor="operations"))

        with pytest.raises(signer.SignerUnavailable, match="warm is a Safe"):
            signer.sign(safe, fields())


class TestCheck:
    def test_a_key_that_tells_our_address_and_signs_by_another_is_found(
        self, use: Callable[..., None]
    ) -> None:
        use(lambda digest: by(THEIRS, digest))

        with pytest.raises(signer.SignerUnavailable, match="does not sign as itself"):
            signer.check(CONFIG)

    def test_a_safe_has_no_key_to_check(self) -> None:
        signer.check(
            SignerConfig(name="warm", address=ELSEWHERE, key=SafeWallet(executor="operations"))
        )
