"""A node with a lived-in fund for each module; each test finds it as the others found it."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devnet.accounts import INVESTORS
from devnet.chain import Reverted
from devnet.deploy import CHAIN_FILE, deploy
from devnet.fund import usdt
from devnet.node import Anvil
from devnet.scenario import Scenario

PASSWORD = "only for tests"
SUBSCRIBED = usdt(1_000_000)

Refusal = Callable[..., "pytest.RaisesExc[Reverted]"]


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    """A node whose clock is four months behind."""
    with Anvil.start(genesis_days_ago=120) as anvil:
        yield anvil


@pytest.fixture(scope="module")
def folder(node: Anvil, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the deployment wrote its files."""
    folder = tmp_path_factory.mktemp("devnet")
    deploy(node.url, folder, password=PASSWORD)
    return folder


@pytest.fixture(scope="module")
def lived_in(folder: Path) -> Path:
    """The chain file, after every investor put a million in and it was invested."""
    scenario = Scenario.connect(folder / CHAIN_FILE)
    for investor in INVESTORS:
        scenario.subscribe(investor, SUBSCRIBED)
    scenario.restore_liquidity()
    return folder / CHAIN_FILE


@pytest.fixture
def fund(lived_in: Path) -> Iterator[Scenario]:
    """Twelve millions: L1 13 %, L2 29 %, L3 58 %, nothing requested; put back afterwards."""
    scenario = Scenario.connect(lived_in)
    before = scenario.snapshot()
    yield scenario
    scenario.chain.automine()
    scenario.revert(before)


@pytest.fixture
def refused() -> Refusal:
    """`with refused("NotPendingApproval", 7):` expects that custom error with those arguments."""

    def expect(name: str, *args: object) -> "pytest.RaisesExc[Reverted]":
        def matches(error: Reverted) -> bool:
            return error.name == name and (not args or error.error_args == args)

        return pytest.raises(Reverted, check=matches)

    return expect


@pytest.fixture
def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
