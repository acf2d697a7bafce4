"""Fixtures of the oracle's tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import User
from apps.chain import config
from apps.core import bus
from apps.oracle.queries import names, use_names
from tests.approvals.helpers import person, seed_rules
from tests.oracle.readings import CHAIN_ID, CONTROLLER, GOLD, MMF, VAULT


@pytest.fixture
def chain_file(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A chain that the fund lives on; nobody answers at its node."""
    path = tmp_path / "chains.toml"
    path.write_text(
        f"""
[[chains]]
name = "test"
chain_id = {CHAIN_ID}
rpc_urls = ["http://127.0.0.1:9"]
confirmations = 15
[[chains.contracts]]
kind = "vault"
address = "{VAULT}"
start_block = 1
[[chains.contracts]]
kind = "asset_controller"
address = "{CONTROLLER}"
start_block = 1
"""
    )
    settings.CHAIN_FILE = str(path)
    config.reload()
    yield path
    config.reload()


@pytest.fixture
def symbols() -> Iterator[None]:
    """The tokens have names."""
    before = list(names._names)
    use_names(lambda _: {MMF: "MMF", GOLD: "GOLD"})
    yield
    names._names[:] = before


@pytest.fixture
def facts(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is published, in order; nobody hears it."""
    published: list[object] = []
    monkeypatch.setattr(bus, "publish", lambda *facts: published.extend(facts))
    return published


@pytest.fixture
def admins() -> list[User]:
    seed_rules()
    return [person(name, "ADMIN") for name in ("ana", "ben")]
