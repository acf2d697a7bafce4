"""The chain file of every play."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.chain import config as chain_config
from apps.chain.config import ChainConfig
from tests.simulation import stage

Configure = Callable[[str], ChainConfig]


@pytest.fixture(scope="session")
def chain_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("simulation")
    return {finality: stage.build(folder, finality) for finality in (stage.BY_DEPTH, stage.BY_TAG)}


@pytest.fixture
def configure(
    chain_files: dict[str, Path], settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Configure]:
    """Makes the simulated chain ours, final by depth or by the nodes' tag."""
    monkeypatch.setenv(stage.PASSWORD_ENV, stage.PASSWORD)

    def choose(finality: str) -> ChainConfig:
        settings.CHAIN_FILE = str(chain_files[finality])
        chain_config.reload()
        return chain_config.fund_chain()

    yield choose
    chain_config.reload()
