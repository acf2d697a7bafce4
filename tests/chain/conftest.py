"""A chain that is configured and not there: operations write rows, they ask no node."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.chain import config
from apps.chain.operations import guarding
from tests.redemptions.helpers import write_chain_file


@pytest.fixture(autouse=True)
def nobody_guards_trades(monkeypatch: pytest.MonkeyPatch) -> None:
    """What upper apps know of prices is no part of these tests."""
    monkeypatch.setattr(guarding, "_guards", [])


@pytest.fixture
def quiet_chain(tmp_path: Path, settings: LazySettings) -> Iterator[None]:
    """A fund chain whose node does not answer."""
    settings.CHAIN_FILE = str(write_chain_file(tmp_path))
    config.reload()
    yield
    config.reload()
