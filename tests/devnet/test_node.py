"""Starting and stopping nodes."""

import platform
import socket
import tempfile
import time
from pathlib import Path

import pytest

from devnet import node as node_module
from devnet.accounts import ADMIN, STRANGER
from devnet.chain import Chain
from devnet.node import Anvil, AnvilFailed, AnvilMissing, anvil_binary
from devnet.rpc import Rpc

DAY_SECONDS = 86_400


def test_a_node_answers_until_it_is_stopped() -> None:
    with Anvil.start(chain_id=1_234) as node:
        assert int(Rpc(node.url).call("eth_chainId"), 16) == 1_234
        with socket.create_connection(("127.0.0.1", node.port), timeout=1):
            assert node.ws_url == f"ws://127.0.0.1:{node.port}"
        scratch = node._scratch
        assert scratch.exists()

    assert not node.running
    assert not scratch.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", node.port), timeout=1)
    node.stop()


def test_the_clock_starts_in_the_past_and_goes_on_from_there() -> None:
    with Anvil.start(genesis_days_ago=120) as node:
        block = Chain(Rpc(node.url)).mine()

    assert abs(time.time() - 120 * DAY_SECONDS - block.timestamp) < 10


def test_blocks_come_by_the_clock_and_finality_two_behind() -> None:
    with Anvil.start(block_time=0.1, slots_in_an_epoch=1) as node:
        chain = Chain(Rpc(node.url))
        deadline = time.monotonic() + 10
        while chain.block().number < 5 and time.monotonic() < deadline:
            time.sleep(0.05)

        finalized, head = chain.block("finalized"), chain.block()

    assert head.number >= 5
    assert 2 <= head.number - finalized.number <= 3


def test_the_chain_is_kept_in_its_state_file(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "state.json"
    with Anvil.start(state_path=state, genesis_days_ago=10) as node:
        chain = Chain(Rpc(node.url))
        chain.send(ADMIN.address, STRANGER.address, value_wei=5)
        before = chain.block()

    with Anvil.start(state_path=state, genesis_days_ago=10) as node:
        chain = Chain(Rpc(node.url))
        after = chain.block()
        now = chain.mine().timestamp

    assert after == before
    assert 0 <= time.time() - now < 10


def test_a_taken_port_is_refused() -> None:
    with Anvil.start() as node, pytest.raises(AnvilFailed, match=f"port {node.port} is taken"):
        Anvil.start(node.port)


def test_an_unreadable_state_is_reported_in_anvil_s_words(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("not a state")

    with pytest.raises(AnvilFailed, match="ended at once"):
        Anvil.start(state_path=state)


def test_a_missing_binary_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "_NPM_BINARY", tmp_path / "anvil")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with pytest.raises(AnvilMissing, match="run: npm ci in devnet"):
        Anvil.start()
    assert list(tmp_path.iterdir()) == []


def test_other_machines_take_anvil_from_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AnvilMissing, match="install Foundry"):
        anvil_binary()
    found = tmp_path / "anvil"
    found.touch(mode=0o755)

    assert anvil_binary() == found
