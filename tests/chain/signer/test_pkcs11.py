"""An HSM that restarts, loses its token, or does not like our PIN."""

import threading
from dataclasses import replace

import pkcs11
import pytest

from apps.chain import signer
from apps.chain.signer import pkcs11 as pkcs11_signer
from apps.chain.signer.keys import key_of
from tests.chain.signer.kept import Kept, fields
from tests.chain.signer.kept import signer as signer_of
from tests.chain.signer.softhsm import PIN, PIN_ENV, SoftHsm


@pytest.fixture(autouse=True)
def _modules_loaded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pkcs11_signer, "_modules", {})


# The library complains on stderr when a search is thrown away whose session ended.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
class TestSession:
    def test_goes_on_after_the_hsm_restarted(self, kept_in_pkcs11: Kept, hsm: SoftHsm) -> None:
        signer.sign(kept_in_pkcs11.config, fields())
        hsm.forget()

        signed = signer.sign(kept_in_pkcs11.config, fields(1))

        assert signed.raw.startswith("0x02")

    def test_goes_on_after_somebody_closed_every_session(
        self, kept_in_pkcs11: Kept, hsm: SoftHsm
    ) -> None:
        signer.sign(kept_in_pkcs11.config, fields())
        pkcs11_signer._module(hsm.module)._sessions["operations"].close()

        signed = signer.sign(kept_in_pkcs11.config, fields(1))

        assert signed.raw.startswith("0x02")

    def test_refuses_while_the_token_is_gone_and_goes_on_when_it_is_back(
        self, hsm: SoftHsm
    ) -> None:
        hsm.create_token("removable")
        config = signer_of(hsm.create_key("removable", "hot"), hsm.key("removable", "hot"))
        signer.sign(config, fields())
        with (
            hsm.unplugged(),
            pytest.raises(signer.SignerUnavailable, match=r"token removable .* No token"),
        ):
            signer.sign(config, fields())

        signed = signer.sign(config, fields(1))

        assert signed.raw.startswith("0x02")

    def test_is_opened_once_and_shared_by_the_keys_of_a_token(
        self, kept_in_pkcs11: Kept, hsm: SoftHsm
    ) -> None:
        other = signer_of(hsm.create_key("operations", "second"), hsm.key("operations", "second"))

        signer.sign(kept_in_pkcs11.config, fields())
        session = pkcs11_signer._module(hsm.module)._sessions["operations"]
        signer.sign(other, fields())

        assert pkcs11_signer._module(hsm.module)._sessions == {"operations": session}

    def test_many_threads_sign_at_once(self, kept_in_pkcs11: Kept) -> None:
        signed: list[signer.Signed] = []

        def sign(nonce: int) -> None:
            signed.append(signer.sign(kept_in_pkcs11.config, fields(nonce)))

        threads = [threading.Thread(target=sign, args=(nonce,)) for nonce in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len({one.tx_hash for one in signed}) == 20


class TestRefusals:
    def test_a_refused_pin_is_not_tried_twice(
        self, kept_in_pkcs11: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(PIN_ENV, "wrong-pin")
        with pytest.raises(signer.SignerUnavailable, match="PinIncorrect"):
            signer.sign(kept_in_pkcs11.config, fields())
        monkeypatch.setenv(PIN_ENV, PIN)

        with pytest.raises(signer.SignerUnavailable, match="its PIN was refused"):
            signer.sign(kept_in_pkcs11.config, fields())

    def test_without_a_pin_it_is_shut(
        self, kept_in_pkcs11: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(PIN_ENV)

        with pytest.raises(signer.SignerUnavailable, match=f"{PIN_ENV} is not set"):
            signer.sign(kept_in_pkcs11.config, fields())

    def test_a_missing_key_is_named(self, kept_in_pkcs11: Kept, hsm: SoftHsm) -> None:
        config = replace(kept_in_pkcs11.config, key=hsm.key("operations", "cold"))

        with pytest.raises(signer.SignerUnavailable, match="it has no key labelled cold"):
            signer.sign(config, fields())

    def test_of_two_keys_with_one_label_neither_is_used(self, hsm: SoftHsm) -> None:
        address = hsm.create_key("operations", "twin")
        hsm.create_key("operations", "twin")
        config = signer_of(address, hsm.key("operations", "twin"))

        for _ in range(2):
            with pytest.raises(signer.SignerUnavailable, match="more than one key labelled twin"):
                signer.sign(config, fields())

    def test_a_key_on_another_curve_is_refused(self, hsm: SoftHsm) -> None:
        address = hsm.create_key("operations", "p256", "secp256r1")
        config = signer_of(address, hsm.key("operations", "p256"))

        with pytest.raises(signer.SignerUnavailable, match="not on the curve secp256k1"):
            signer.check(config)
        with pytest.raises(signer.SignedOtherwise):
            signer.sign(config, fields())

    def test_a_library_that_is_not_there_is_named(self, kept_in_pkcs11: Kept, hsm: SoftHsm) -> None:
        key = replace(hsm.key("operations", "hot"), module=hsm.tokens / "none.so")

        with pytest.raises(signer.SignerUnavailable, match=r"none\.so"):
            signer.sign(replace(kept_in_pkcs11.config, key=key), fields())

    def test_an_hsm_that_hangs_is_not_waited_for(
        self, kept_in_pkcs11: Kept, hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        over = threading.Event()
        monkeypatch.setattr(pkcs11_signer, "SECONDS_MAX", 0.2)
        monkeypatch.setattr(pkcs11, "lib", lambda _: over.wait())

        with pytest.raises(signer.SignerUnavailable, match="did not answer within"):
            key_of(kept_in_pkcs11.config).sign_digest(bytes(32))
        over.set()
