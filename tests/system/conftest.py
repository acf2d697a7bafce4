"""A configured chain that no node stands behind."""

from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.chain import config as chain_config
from tests.redemptions.helpers import write_chain_file


@pytest.fixture(autouse=True)
def chain_file(settings: LazySettings, tmp_path: Path) -> None:
    """The chain of the samples."""
    settings.CHAIN_FILE = str(write_chain_file(tmp_path))
    chain_config.reload()
