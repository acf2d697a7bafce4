"""News of new blocks wakes whoever waits; without news nothing is lost but time."""

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection, serve

from apps.chain.client.heads import HeadWatcher
from devnet.chain_file import read_chain_file
from devnet.node import Anvil
from tests.faults.proxy import FaultyNode
from tests.faults.socket_proxy import FaultySocket

pytestmark = pytest.mark.chain

NOBODY = "ws://127.0.0.1:1/secret"


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.chain.client.heads._PAUSE_SECONDS", (0.01, 0.05))


@pytest.fixture
def wire(anvil: Anvil) -> Iterator[FaultySocket]:
    with FaultySocket(anvil.ws_url) as wire:
        yield wire


@pytest.fixture
def watch() -> Iterator[Callable[..., threading.Event]]:
    """Starts watchers, and stops them afterwards."""
    watchers = []

    def start(*urls: str, silence_seconds: float = 30.0) -> threading.Event:
        wake = threading.Event()
        watcher = HeadWatcher(urls, silence_seconds=silence_seconds)
        watchers.append(watcher)
        watcher.start(wake)
        return wake

    yield start
    for watcher in watchers:
        watcher.stop()


def comes(node: FaultyNode, wake: threading.Event) -> bool:
    """Whether one of the next blocks wakes us: a subscription takes a moment to be there."""
    for _ in range(100):
        wake.clear()
        node.upstream.ask("anvil_mine", "0x1")
        if wake.wait(0.1):
            return True
    return False


class TestHeadWatcher:
    def test_each_block_wakes(
        self, first: FaultyNode, wire: FaultySocket, watch: Callable[..., threading.Event]
    ) -> None:
        wake = watch(wire.url)
        assert comes(first, wake)

        for _ in range(3):
            wake.clear()
            first.upstream.ask("anvil_mine", "0x1")
            assert wake.wait(5)

        assert wire.connections == 1

    def test_a_closed_connection_is_made_again(
        self, first: FaultyNode, wire: FaultySocket, watch: Callable[..., threading.Event]
    ) -> None:
        wake = watch(wire.url)
        assert comes(first, wake)

        wire.close_all()

        assert comes(first, wake)
        assert wire.connections == 2

    def test_a_silent_one_is_left_for_the_next(
        self,
        first: FaultyNode,
        anvil: Anvil,
        wire: FaultySocket,
        watch: Callable[..., threading.Event],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.INFO, logger="apps.chain")
        wire.silent.set()

        wake = watch(wire.url, anvil.ws_url, silence_seconds=0.2)

        assert comes(first, wake)
        assert wire.connections == 1
        assert f"no news of blocks from {wire.url} (silent for 0.2 s)" in caplog.text

    def test_one_that_talks_nonsense_is_left_for_the_next(
        self, first: FaultyNode, anvil: Anvil, watch: Callable[..., threading.Event]
    ) -> None:
        def talk(connection: ServerConnection) -> None:
            connection.send("[" * 100_000)
            connection.recv()

        with serve(talk, "127.0.0.1", 0) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            port = server.socket.getsockname()[1]

            wake = watch(f"ws://127.0.0.1:{port}", anvil.ws_url)

            assert comes(first, wake)

    def test_an_address_that_is_not_there_is_passed_over_without_its_secret(
        self,
        first: FaultyNode,
        anvil: Anvil,
        watch: Callable[..., threading.Event],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.INFO, logger="apps.chain")

        wake = watch(NOBODY, anvil.ws_url)

        assert comes(first, wake)
        assert "from ws://127.0.0.1:1 (ConnectionRefusedError)" in caplog.text
        assert "secret" not in caplog.text

    def test_trouble_is_told_once(
        self, watch: Callable[..., threading.Event], caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, logger="apps.chain")

        with FaultySocket(NOBODY) as wire:
            watch(wire.url)
            for _ in range(500):
                if wire.connections >= 4:
                    break
                threading.Event().wait(0.01)

        assert wire.connections >= 4
        assert caplog.text.count("no news of blocks") == 1

    def test_without_addresses_there_is_no_thread(
        self, watch: Callable[..., threading.Event]
    ) -> None:
        before = threading.active_count()

        wake = watch()

        assert threading.active_count() == before
        assert not wake.is_set()

    def test_the_development_chains_file_names_its_socket(
        self, deployed: tuple[Anvil, Path]
    ) -> None:
        node, chain_file = deployed

        [entry] = read_chain_file(chain_file)

        assert entry.ws_urls == (node.ws_url,)

    def test_stops_at_once(
        self, first: FaultyNode, wire: FaultySocket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("apps.chain.client.heads._BETWEEN_HEADS_SECONDS", 0.0)
        wake = threading.Event()
        watcher = HeadWatcher((wire.url,))
        watcher.start(wake)
        assert comes(first, wake)

        watcher.stop()

        assert not any(thread.name == "chain-heads" for thread in threading.enumerate())
