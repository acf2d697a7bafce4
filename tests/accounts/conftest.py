"""No node is needed here; only the chain's number is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from apps.chain import config

CHAIN = """
[[chains]]
name = "Test"
chain_id = 31337
rpc_urls = ["http://127.0.0.1:1"]
confirmations = 15
block_time_seconds = 1.0
explorer_url = ""

[[chains.contracts]]
kind = "vault"
address = "0x00000000000000000000000000000000000000ab"
start_block = 0
generation = "v1"
"""


@pytest.fixture(autouse=True)
def _chain(settings: Any, tmp_path: Path) -> Iterator[None]:
    file = tmp_path / "chain.toml"
    file.write_text(CHAIN)
    settings.CHAIN_FILE = str(file)
    config.reload()
    yield
    config.reload()


@pytest.fixture(autouse=True)
def _fresh_rates() -> Iterator[None]:
    """Each test has the whole rate limit of the sign-in endpoints for itself."""
    cache.clear()
    yield
    cache.clear()
