"""A chain file for tests that need contracts' addresses and no chain."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.chain import config
from tests.redemptions.helpers import write_chain_file


@pytest.fixture(autouse=True)
def chain_file(tmp_path: Path, settings: LazySettings) -> Iterator[None]:
    """A fund chain whose node does not answer."""
    settings.CHAIN_FILE = str(write_chain_file(tmp_path))
    config.reload()
    yield
    config.reload()
