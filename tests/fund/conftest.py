"""Fixtures of the fund's tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from apps.chain import config
from apps.fund.queries.overview import OVERVIEW_CACHE_KEY
from paimon import subscriptions
from tests.fund.facts import CHAIN_ID, CONTROLLER, MANAGER, VAULT, Logs


@pytest.fixture(autouse=True)
def _no_cached_overview() -> None:
    """What another test left in Redis is not ours."""
    cache.delete(OVERVIEW_CACHE_KEY)


@pytest.fixture
def logs() -> Logs:
    """A fresh chain."""
    return Logs()


@pytest.fixture
def project() -> Callable[..., None]:
    """Applies facts as the dispatcher does, together in one transaction, to this app alone."""

    def apply(*facts: Any) -> None:
        with transaction.atomic():
            for fact in facts:
                for handler in subscriptions.PROJECTIONS[type(fact)]:
                    if handler.__module__.startswith("apps.fund."):
                        handler(fact)

    return apply


@pytest.fixture
def chain_file(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A chain with the contracts of ``facts``; nobody answers at its node."""
    contracts = {"vault": VAULT, "redemption_manager": MANAGER, "asset_controller": CONTROLLER}
    path = tmp_path / "chains.toml"
    path.write_text(
        f"""
[[chains]]
name = "test"
chain_id = {CHAIN_ID}
rpc_urls = ["http://127.0.0.1:9"]
confirmations = 15
"""
        + "".join(
            f'[[chains.contracts]]\nkind = "{kind}"\naddress = "{address}"\nstart_block = 1\n'
            for kind, address in contracts.items()
        )
    )
    settings.CHAIN_FILE = str(path)
    config.reload()
    yield path
    config.reload()
