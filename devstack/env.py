"""The one place that builds the environment in which Django's processes run."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from devstack.ports import LOOPBACK

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Secrets:
    """What an installation must keep to itself."""

    secret_key: str
    jwt_private_key: str
    signer_password: str


@dataclass(frozen=True, slots=True)
class Places:
    """Where Django finds what it needs."""

    database_url: str
    redis_url: str
    email_url: str
    chain_file: Path
    web_port: int
    ws_port: int


def new_jwt_private_key() -> str:
    """Return a fresh Ed25519 key as PEM."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_environment(places: Places, secrets: Secrets) -> dict[str, str]:
    """Return what Django's settings read while tests run."""
    return {
        **_common(places, secrets),
        "DJANGO_SETTINGS_MODULE": "paimon.settings.test",
        "PAIMON_ENVIRONMENT": "TEST",
    }


def demo_environment(places: Places, secrets: Secrets, rpc_url: str) -> dict[str, str]:
    """Return what Django's settings read in the demo, where a development wallet may sign."""
    return {
        **_common(places, secrets),
        "DJANGO_SETTINGS_MODULE": "paimon.settings.local",
        "PAIMON_ENVIRONMENT": "DEMO",
        "PAIMON_DEMO": "1",
        "PAIMON_DEV_WALLET_URL": rpc_url,
        "PAIMON_ORACLE_ALLOW_HTTP": "1",  # the demo's price vendor is a process of this machine
    }


def child_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return our own environment with `variables` on top, fit for starting Python programs."""
    inherited = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    own_programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    ours = {"PATH": own_programs, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return {**inherited, **ours, **variables}


def _common(places: Places, secrets: Secrets) -> dict[str, str]:
    return {
        "DATABASE_URL": places.database_url,
        "REDIS_URL": places.redis_url,
        "EMAIL_URL": places.email_url,
        "PAIMON_CHAIN_FILE": str(places.chain_file),
        "PAIMON_SECRET_KEY": secrets.secret_key,
        "PAIMON_JWT_PRIVATE_KEY": secrets.jwt_private_key,
        "PAIMON_SIGNER_PASSWORD": secrets.signer_password,
        "PAIMON_BASE_URL": f"http://{LOOPBACK}:{places.web_port}",
        "PAIMON_WS_URL": f"ws://{LOOPBACK}:{places.ws_port}/ws/v1/",
        "PORT": str(places.web_port),
        "WS_PORT": str(places.ws_port),
    }
