"""The encrypted file: what keeps it shut is one sentence."""

from dataclasses import replace
from pathlib import Path

import pytest

from apps.chain import signer
from apps.chain.config import KeystoreKey
from tests.chain.signer.kept import PASSWORD_ENV, Kept, fields


class TestKeystoreSigner:
    def test_without_its_password_it_is_shut_and_opens_once_there_is_one(
        self, kept_in_keystore: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as without:
            without.delenv(PASSWORD_ENV)
            with pytest.raises(signer.SignerUnavailable, match=f"{PASSWORD_ENV} is not set"):
                signer.sign(kept_in_keystore.config, fields())

        assert signer.sign(kept_in_keystore.config, fields()).raw.startswith("0x02")

    def test_a_wrong_password_does_not_open_it(
        self, kept_in_keystore: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(PASSWORD_ENV, "wrong")

        with pytest.raises(signer.SignerUnavailable, match="does not open"):
            signer.check(kept_in_keystore.config)

    @pytest.mark.parametrize(
        "content",
        [
            *("", "[]", "{}", "\x00"),
            *('{"version": 1}', '{"version": 3}', '{"version": "3", "crypto": {}}'),
            '{"version": 3, "crypto": 1}',
        ],
    )
    def test_a_broken_file_does_not_open(
        self, kept_in_keystore: Kept, tmp_path: Path, content: str
    ) -> None:
        file = tmp_path / "broken.json"
        file.write_text(content)
        key = KeystoreKey(keystore=file, password_env=PASSWORD_ENV)

        with pytest.raises(signer.SignerUnavailable, match=r"broken\.json does not open"):
            signer.check(replace(kept_in_keystore.config, key=key))
