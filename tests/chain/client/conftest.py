"""A real node, two faulty doors to it, and clients with little patience."""

from collections.abc import Callable, Iterator

import pytest

from apps.chain.client import Client
from apps.chain.config import ChainConfig
from devnet.node import Anvil
from tests.faults.proxy import FaultyNode

PATIENCE_SECONDS = 0.5


class HandClock:
    """A clock that goes on when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    """A node with a few blocks and no contracts."""
    with Anvil.start() as node, FaultyNode(node.url) as door:
        door.upstream.ask("anvil_mine", "0xa")
        yield node


@pytest.fixture
def first(anvil: Anvil) -> Iterator[FaultyNode]:
    with FaultyNode(anvil.url) as node:
        yield node


@pytest.fixture
def second(anvil: Anvil) -> Iterator[FaultyNode]:
    with FaultyNode(anvil.url) as node:
        yield node


def chain_of(*urls: str) -> ChainConfig:
    return ChainConfig(
        name="devnet",
        chain_id=31_337,
        rpc_urls=urls,
        confirmations=15,
        block_time_seconds=1.0,
        explorer_url="",
        contracts=(),
        signers=(),
    )


@pytest.fixture
def client_of() -> Callable[..., Client]:
    """A client of these URLs."""

    def make(*urls: str, **options: object) -> Client:
        return Client(chain_of(*urls), **{"timeout_seconds": PATIENCE_SECONDS, **options})  # type: ignore[arg-type]

    return make
