"""AWS KMS in two regions: what moves on to the replica, and what must not."""

import time
from dataclasses import replace

import pytest

from apps.chain import signer
from apps.chain.config import KmsKey, SignerConfig
from apps.chain.signer import kms as kms_signer
from tests.chain.signer.kept import Kept, fields
from tests.chain.signer.kept import signer as signer_of
from tests.chain.signer.kms_in_trouble import SHUT, SILENT, TROUBLES, region_in_trouble
from tests.chain.signer.kms_server import PRIMARY, REPLICA, KmsServer

ALL_TROUBLES = [*TROUBLES, SILENT, SHUT]


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kms_signer, "_READ_SECONDS", 0.3)


def places(config: SignerConfig, primary: str, replica: str = "") -> SignerConfig:
    """The signer with its primary region, or both, at another door."""
    assert isinstance(config.key, KmsKey)
    first, second = config.key.places
    second = replace(second, endpoint_url=replica or second.endpoint_url)
    return replace(config, key=KmsKey(places=(replace(first, endpoint_url=primary), second)))


class TestFailover:
    @pytest.mark.parametrize("trouble", ALL_TROUBLES)
    def test_the_replica_signs_while_the_primary_is_in_trouble(
        self, kept_in_kms: Kept, trouble: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with region_in_trouble(trouble) as url:
            config = places(kept_in_kms.config, url)

            signer.check(config)
            signed = signer.sign(config, fields())

        assert signed.raw.startswith("0x02")
        assert f"signer operations: {PRIMARY}: " in caplog.text

    @pytest.mark.parametrize("trouble", ALL_TROUBLES)
    def test_nothing_is_signed_when_both_are_in_trouble(
        self, kept_in_kms: Kept, trouble: str
    ) -> None:
        with region_in_trouble(trouble) as url:
            config = places(kept_in_kms.config, url, url)

            with pytest.raises(signer.SignerUnavailable, match=f"{PRIMARY}: .*{REPLICA}: "):
                signer.sign(config, fields())
            with pytest.raises(signer.SignerUnavailable, match=f"{PRIMARY}: .*{REPLICA}: "):
                signer.check(config)

    def test_no_region_is_asked_beyond_the_budget(
        self, kept_in_kms: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kms_signer, "BUDGET_SECONDS", 0.2)
        started = time.monotonic()
        with region_in_trouble(SILENT) as url:
            config = places(kept_in_kms.config, url)

            with pytest.raises(signer.SignerUnavailable, match=f"{PRIMARY}: TookTooLong"):
                signer.sign(config, fields())

        assert time.monotonic() - started < 2

    def test_the_primary_signs_again_when_it_is_back(
        self, kept_in_kms: Kept, kms: KmsServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        with region_in_trouble("throttled") as url:
            signer.sign(places(kept_in_kms.config, url), fields())
        caplog.clear()

        signer.sign(kept_in_kms.config, fields())

        assert not [record for record in caplog.records if record.name == kms_signer.__name__]


class TestNotGoneAround:
    def test_a_disabled_key_is_named_and_its_replica_left_alone(self, kms: KmsServer) -> None:
        key_id, address = kms.create_key()
        config = signer_of(address, KmsKey(places=(kms.place(key_id), kms.place(key_id, REPLICA))))
        signer.check(config)
        kms.owner(PRIMARY).disable_key(KeyId=key_id)

        for ask in (lambda: signer.check(config), lambda: signer.sign(config, fields())):
            with pytest.raises(
                signer.SignerUnavailable, match=f"key {key_id} in {PRIMARY} is disabled"
            ):
                ask()

    def test_a_missing_key_is_named(self, kept_in_kms: Kept, kms: KmsServer) -> None:
        config = replace(kept_in_kms.config, key=KmsKey(places=(kms.place("mrk-gone"),)))

        with pytest.raises(
            signer.SignerUnavailable, match=f"the key mrk-gone in {PRIMARY} does not exist"
        ):
            signer.sign(config, fields())

    def test_a_replica_that_is_another_key_is_found_at_start_and_never_used(
        self, kept_in_kms: Kept, kms: KmsServer
    ) -> None:
        assert isinstance(kept_in_kms.config.key, KmsKey)
        ours = kept_in_kms.config.key.places[0]
        other_id, other_address = kms.create_key()
        config = replace(
            kept_in_kms.config, key=KmsKey(places=(ours, kms.place(other_id, REPLICA)))
        )

        with pytest.raises(signer.SignerUnavailable, match=f"{REPLICA} is of {other_address}"):
            signer.check(config)
        with region_in_trouble("throttled") as url, pytest.raises(signer.SignedOtherwise):
            signer.sign(places(config, url), fields())

    def test_a_key_on_another_curve_is_refused(self, kms: KmsServer) -> None:
        key_id, address = kms.create_key("ECC_NIST_P256")
        config = signer_of(address, KmsKey(places=(kms.place(key_id),)))

        with pytest.raises(signer.SignerUnavailable, match="not on the curve secp256k1"):
            signer.check(config)
        with pytest.raises(signer.SignedOtherwise):
            signer.sign(config, fields())

    def test_without_credentials_it_says_so_and_goes_on_once_there_are_some(
        self, kept_in_kms: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as without:
            without.delenv("AWS_ACCESS_KEY_ID")
            without.delenv("AWS_SECRET_ACCESS_KEY")
            without.setenv("AWS_EC2_METADATA_DISABLED", "true")
            without.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            without.setenv("AWS_CONFIG_FILE", "/dev/null")
            with pytest.raises(signer.SignerUnavailable, match="Unable to locate credentials"):
                signer.sign(kept_in_kms.config, fields())

        signed = signer.sign(kept_in_kms.config, fields())

        assert signed.raw.startswith("0x02")
