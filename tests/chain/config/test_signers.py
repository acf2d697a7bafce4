"""Signers in the chain file: each kind as it is written, each mistake one sentence."""

from pathlib import Path

import pytest

from apps.chain.config import (
    BadChainFile,
    KeystoreKey,
    KmsKey,
    KmsPlace,
    Pkcs11Key,
    SafeWallet,
    SignerConfig,
    SignerTier,
)
from apps.chain.config.parsing import parse

CHAIN = """
[[chains]]
name = "bsc"
chain_id = 56
rpc_urls = ["http://127.0.0.1:1"]
confirmations = 15
"""
ADDRESSES = [f"0x{n:040x}" for n in range(1, 5)]
KEYSTORE = f"""
[[chains.signers]]
name = "development"
address = "{ADDRESSES[0]}"
keystore = "key.json"
password_env = "PASSWORD"
"""
KMS = f"""
[[chains.signers]]
name = "operations"
type = "kms"
address = "{ADDRESSES[1]}"
kms_keys = [
    {{ region = "eu-central-1", key_id = "mrk-1" }},
    {{ region = "eu-west-1", key_id = "mrk-1", endpoint_url = "https://kms.test" }},
]
allow = ["SETTLE_REDEMPTION"]
per_transaction = 1000
per_day = 5000
calls_per_day = 50
"""
PKCS11 = f"""
[[chains.signers]]
name = "vaulted"
type = "pkcs11"
address = "{ADDRESSES[2]}"
module = "/usr/lib/hsm.so"
token = "operations"
key = "hot"
pin_env = "PIN"
"""
SAFE = f"""
[[chains.signers]]
name = "treasury"
type = "safe"
address = "{ADDRESSES[3]}"
executor = "operations"
"""


def signers(folder: Path, text: str) -> tuple[SignerConfig, ...]:
    file = folder / "chains.toml"
    file.write_text(CHAIN + text)
    return parse(str(file))[0].signers


class TestSigners:
    def test_reads_every_kind(self, tmp_path: Path) -> None:
        keystore, kms, hsm, safe = signers(tmp_path, KEYSTORE + KMS + PKCS11 + SAFE)

        assert keystore.key == KeystoreKey(keystore=tmp_path / "key.json", password_env="PASSWORD")
        assert kms.key == KmsKey(
            places=(
                KmsPlace(region="eu-central-1", key_id="mrk-1"),
                KmsPlace(region="eu-west-1", key_id="mrk-1", endpoint_url="https://kms.test"),
            )
        )
        assert hsm.key == Pkcs11Key(
            module=Path("/usr/lib/hsm.so"), token="operations", key="hot", pin_env="PIN"
        )
        assert safe.key == SafeWallet(executor="operations")
        assert [s.tier for s in (keystore, kms, hsm, safe)] == [SignerTier.HOT] * 3 + [
            SignerTier.WARM
        ]

    def test_limits_are_the_tiers_unless_said_otherwise(self, tmp_path: Path) -> None:
        keystore, kms, safe = signers(tmp_path, KEYSTORE + KMS + SAFE)

        assert (keystore.per_transaction_units, keystore.per_day_units) == (100_000, 500_000)
        assert (safe.per_transaction_units, safe.per_day_units) == (500_000, 2_000_000)
        assert (kms.per_transaction_units, kms.per_day_units, kms.calls_per_day) == (1000, 5000, 50)
        assert kms.allowed == {"SETTLE_REDEMPTION"}

    @pytest.mark.parametrize(
        ("old", "new", "sentence"),
        [
            ('type = "kms"', 'type = "gcp"', "type 'gcp' is none of keystore, kms, pkcs11, safe"),
            ('keystore = "key.json"', "", "keystore and password_env must be given"),
            ('password_env = "PASSWORD"', "", "keystore and password_env must be given"),
            ("kms_keys = [", "keys = [", "kms_keys must be a list like"),
            ('region = "eu-west-1"', 'region = "eu-central-1"', "kms_keys names a region twice"),
            ('region = "eu-west-1", ', "", "region must be given, as text"),
            ('"https://kms.test"', '"kms.test"', "endpoint_url must be an http"),
            ('key_id = "mrk-1" }', "key_id = 1 }", "key_id must be given, as text"),
            ('pin_env = "PIN"', "", "pin_env must be given, as text"),
            ('token = "operations"', "", "token must be given, as text"),
            ('executor = "operations"', 'executor = "treasury"', "executor 'treasury' is no key"),
            ("per_day = 5000", "per_day = -1", "per_day must be a whole number"),
            ('allow = ["SETTLE_REDEMPTION"]', "allow = [1]", "allow must be a list of kinds"),
            ('allow = ["SETTLE_REDEMPTION"]', "allow = []", "allow names no kind of call"),
            ('"SETTLE_REDEMPTION"', '"SETTLE_REDEMTION"', "names 'SETTLE_REDEMTION', which is no"),
            ('"SETTLE_REDEMPTION"', '"settle_redemption"', "names 'settle_redemption', which is"),
            ("per_transaction = 1000", "per_transacton = 9", "per_transacton is no setting"),
            ('executor = "operations"', 'executor = "operations"\nkey = "x"', "key is no setting"),
            ("endpoint_url", "endpoint", "endpoint is no setting"),
            ('type = "kms"', "type = [1]", "is none of keystore"),
            ('"vaulted"', '"operations"', "two signers have the same name or address"),
            (ADDRESSES[2], ADDRESSES[1], "two signers have the same name or address"),
        ],
    )
    def test_a_mistake_is_one_sentence(
        self, tmp_path: Path, old: str, new: str, sentence: str
    ) -> None:
        text = KEYSTORE + KMS + PKCS11 + SAFE
        assert old in text

        with pytest.raises(BadChainFile, match=sentence):
            signers(tmp_path, text.replace(old, new))
