"""Runs Django's management commands in processes of their own."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from devstack.env import ROOT
from devstack.errors import DevError

ERROR_LINES_SHOWN = 12
CODE_FOLDERS = ("apps", "paimon")


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody who may sign in to the demo."""

    username: str
    password: str
    totp_secret: str
    roles: tuple[str, ...]
    wallet: str

    @classmethod
    def from_json(cls, member: dict[str, Any]) -> Self:
        """Read one member as `create_demo_staff --json` prints it."""
        return cls(
            username=member["username"],
            password=member["password"],
            totp_secret=member["totp_secret"],
            roles=tuple(member["roles"]),
            wallet=member["wallet"],
        )


def code_fingerprint(salt: str) -> str:
    """Return a digest that changes with Django's code or the salt."""
    digest = hashlib.sha256(salt.encode())
    for folder in CODE_FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            digest.update(str(file.relative_to(ROOT)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """Run `manage.py` and return what it printed.

    Raises:
        DevError: with the last lines of what it said.
    """
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-ERROR_LINES_SHOWN:])
        raise DevError(f"`manage.py {' '.join(arguments)}` failed:\n{said}")
    return done.stdout


def migrate(environment: Mapping[str, str]) -> None:
    """Bring the database's tables up to date."""
    manage(environment, "migrate", "--no-input", "--verbosity", "0")


def load_about_assets(
    environment: Mapping[str, str], *, price_sources: Path, asset_terms: Path
) -> None:
    """Tell a new installation where prices come from, and who issues the assets."""
    manage(environment, "load_price_sources", str(price_sources))
    manage(environment, "load_asset_terms", str(asset_terms))


def create_staff(environment: Mapping[str, str]) -> list[StaffMember]:
    """Create the demo's staff where it is missing, and return all of it."""
    printed = json.loads(manage(environment, "create_demo_staff", "--json"))
    return [StaffMember.from_json(member) for member in printed["staff"]]
