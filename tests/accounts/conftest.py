"""No chain is needed here; only its number is."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _chain(settings: Any) -> None:
    settings.SIGNING_CHAIN = "tests.accounts.people.signing_chain"


@pytest.fixture(autouse=True)
def _fresh_rates() -> Iterator[None]:
    """Each test has the whole rate limit of the sign-in endpoints for itself."""
    cache.clear()
    yield
    cache.clear()
