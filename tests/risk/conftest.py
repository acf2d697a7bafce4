"""Facts as they are published, the chain file, and what migrations put in."""

import pytest

from tests import installed
from tests.approvals.conftest import facts
from tests.dead_node import chain_file

__all__ = ["chain_file", "facts"]

_WITH_ROWS = frozenset({"db", "transactional_db", "world", "committed_world"})


@pytest.fixture(autouse=True)
def rows_installed(request: pytest.FixtureRequest, chain_file: None) -> None:
    """The first policies and rules; a transactional test before this one may have flushed them."""
    if request.node.get_closest_marker("django_db") or _WITH_ROWS & set(request.fixturenames):
        request.getfixturevalue("db")
        installed.rules()
        installed.policy()
        installed.risk_policy()
