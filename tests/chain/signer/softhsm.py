"""An HSM in software (SoftHSM 2) with tokens of its own in a folder."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

from apps.chain.config import Pkcs11Key
from tests.chain.signer.kept import address_of

PIN, PIN_ENV = "pin-4711-of-the-token", "PAIMON_TEST_HSM_PIN"
_SO_PIN = "pin-of-the-security-officer"
_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
)


def softhsm_module() -> Path | None:
    """The library, None where SoftHSM is not installed."""
    found = next((Path(place) for place in _PLACES if Path(place).exists()), None)
    return found if shutil.which("softhsm2-util") else None


class SoftHsm:
    """SoftHSM over one folder, to which ``patch`` makes the environment point."""

    def __init__(self, module: Path, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.module, self.tokens = module, folder / "tokens"
        self.tokens.mkdir()
        configuration = folder / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {self.tokens}\nlog.level = ERROR\n")
        patch.setenv("SOFTHSM2_CONF", str(configuration))

    def create_token(self, label: str) -> None:
        command = ["softhsm2-util", "--init-token", "--free", "--label", label]
        command += ["--pin", PIN, "--so-pin", _SO_PIN]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        self.forget()

    def create_key(self, token: str, label: str, curve_name: str = "secp256k1") -> str:
        """A key pair inside a token; returns its address."""
        self.forget()
        with (
            pkcs11.lib(str(self.module))
            .get_token(token_label=token)
            .open(rw=True, user_pin=PIN) as session
        ):
            parameters = session.create_domain_parameters(
                KeyType.EC,
                {Attribute.EC_PARAMS: encode_named_curve_parameters(curve_name)},
                local=True,
            )
            public, _ = parameters.generate_keypair(store=True, label=label)
            der = encode_ec_public_key(public)
        self.forget()
        return address_of(der)

    def forget(self) -> None:
        """End every session that anybody in this process has, as a restart of the HSM does."""
        pkcs11.lib(str(self.module)).finalize()

    @contextmanager
    def unplugged(self) -> Iterator[None]:
        """Without any token, as when a cable is pulled."""
        away = self.tokens.with_name("away")
        self.tokens.rename(away)
        self.tokens.mkdir()
        self.forget()
        yield
        self.tokens.rmdir()
        away.rename(self.tokens)

    def key(self, token: str, label: str) -> Pkcs11Key:
        return Pkcs11Key(module=self.module, token=token, key=label, pin_env=PIN_ENV)
