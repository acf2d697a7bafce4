"""The chain file, and the parameters in force."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.chain import config
from tests.approvals.helpers import seed_rules
from tests.redemptions.helpers import write_chain_file

from .helpers import fund_now, seed_policy

__all__ = ["fund_now"]

_WITH_ROWS = frozenset({"db", "transactional_db", "world", "committed_world"})


@pytest.fixture(autouse=True)
def chain_file(tmp_path: Path, settings: LazySettings) -> Iterator[None]:
    """A fund chain whose node does not answer."""
    settings.CHAIN_FILE = str(write_chain_file(tmp_path))
    config.reload()
    yield
    config.reload()


@pytest.fixture(autouse=True)
def installed(request: pytest.FixtureRequest, chain_file: None) -> None:
    """What migrations put in; a transactional test before this one may have flushed it."""
    if request.node.get_closest_marker("django_db") or _WITH_ROWS & set(request.fixturenames):
        request.getfixturevalue("db")
        seed_rules()
        seed_policy()
