"""The chain file, and the parameters in force."""

import pytest

from tests.approvals.helpers import seed_rules
from tests.dead_node import chain_file

from .helpers import fund_now, seed_policy

__all__ = ["chain_file", "fund_now"]

_WITH_ROWS = frozenset({"db", "transactional_db", "world", "committed_world"})


@pytest.fixture(autouse=True)
def installed(request: pytest.FixtureRequest, chain_file: None) -> None:
    """What migrations put in; a transactional test before this one may have flushed it."""
    if request.node.get_closest_marker("django_db") or _WITH_ROWS & set(request.fixturenames):
        request.getfixturevalue("db")
        seed_rules()
        seed_policy()
