"""A node of one's own: anvil, started on a free port and stopped for good.

    with Anvil.start(genesis_days_ago=120) as node:
        print(node.url, node.ws_url)

Anvil's clock runs at a fixed distance behind the wall clock; jumps (see `chain.Chain`) only ever
shorten that distance, and a restart from a state file sets the clock to now.
"""

from __future__ import annotations

import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from devnet.accounts import ACCOUNTS_COUNT, MNEMONIC
from devnet.errors import DevnetError
from devnet.rpc import NodeUnreachable, Rpc

if TYPE_CHECKING:
    from types import TracebackType

# The binary itself, not npm's wrapper around it: a wrapper would not pass our signals on.
_NPM_BINARY = Path(__file__).parent / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
_HOST = "127.0.0.1"
_DAY_SECONDS = 86_400
_STATE_INTERVAL_SECONDS = 30
_STOP_SECONDS_MAX = 20.0


class AnvilMissing(DevnetError):
    """The binary is not installed."""


class AnvilFailed(DevnetError):
    """The process ended or stayed silent instead of answering."""


@dataclass
class Anvil:
    """A running node. Make one with `start`."""

    port: int
    _process: subprocess.Popen[bytes]
    _scratch: Path

    @classmethod
    def start(
        cls,
        port: int = 0,
        *,
        block_time: float | None = None,
        state_path: Path | None = None,
        chain_id: int = 31_337,
        slots_in_an_epoch: int | None = None,
        genesis_days_ago: float | None = None,
        history_blocks: int = 1_500,
        start_seconds_max: float = 20.0,
    ) -> Self:
        """Starts anvil and waits until it answers.

        Args:
            port: 0 picks a free one.
            block_time: Seconds between blocks; None mines each transaction at once.
            state_path: File that keeps the chain across restarts; written every 30 s and at stop.
            chain_id: What `eth_chainId` answers.
            slots_in_an_epoch: 1 makes `finalized` = head - 2; None leaves anvil's 32 (head - 64).
            genesis_days_ago: How far in the past the clock starts; not for an existing state file,
                whose clock goes on at now.
            history_blocks: How many past states stay readable. Anvil writes each to disk, a few
                hundred kilobytes apiece. States from before a restart are gone in any case.
            start_seconds_max: Longest wait for the first answer.

        Raises:
            AnvilMissing: node_modules is not installed.
            AnvilFailed: The port is taken, the state file is unreadable, or the like.
        """
        port = _free_port(port)
        binary = anvil_binary()
        scratch = Path(tempfile.mkdtemp(prefix="paimon-anvil-"))
        arguments = [
            *(str(binary), "--host", _HOST, "--port", str(port), "--quiet"),
            *("--chain-id", str(chain_id)),
            *("--mnemonic", MNEMONIC, "--accounts", str(ACCOUNTS_COUNT)),
            *("--max-persisted-states", str(history_blocks), "--cache-path", str(scratch)),
        ]
        if block_time is not None:
            arguments += ["--block-time", f"{block_time:g}"]
        if slots_in_an_epoch is not None:
            arguments += ["--slots-in-an-epoch", str(slots_in_an_epoch)]
        if state_path is not None:
            state_path.parent.mkdir(parents=True, exist_ok=True)
            arguments += ["--state", str(state_path)]
            arguments += ["--state-interval", str(_STATE_INTERVAL_SECONDS)]
        if genesis_days_ago is not None and not (state_path and state_path.exists()):
            genesis = int(time.time() - genesis_days_ago * _DAY_SECONDS)
            arguments += ["--timestamp", str(genesis)]
        with (scratch / "anvil.log").open("wb") as log:
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        node = cls(port, process, scratch)
        try:
            node._wait_until_it_answers(chain_id, start_seconds_max)
        except BaseException:
            node.stop()
            raise
        return node

    @property
    def url(self) -> str:
        """HTTP address."""
        return f"http://{_HOST}:{self.port}"

    @property
    def ws_url(self) -> str:
        """WebSocket address."""
        return f"ws://{_HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """Process id, which is also its process group."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def wait(self) -> int:
        """Blocks until the process ends; answers its exit code."""
        return self._process.wait()

    def stop(self) -> None:
        """Ends the node, after it has written its state; harmless when it already ended."""
        if self.running:
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(_STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _wait_until_it_answers(self, chain_id: int, seconds_max: float) -> None:
        rpc = Rpc(self.url, timeout_seconds=2.0)
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            if not self.running:
                raise AnvilFailed(f"anvil ended at once: {self._last_words()}")
            try:
                answer = int(rpc.call("eth_chainId"), 16)
            except NodeUnreachable:
                time.sleep(0.02)
                continue
            finally:
                rpc.close()
            if answer != chain_id:
                raise AnvilFailed(f"port {self.port} belongs to another chain, id {answer}")
            return
        raise AnvilFailed(f"anvil did not answer on port {self.port} within {seconds_max:g} s")

    def _last_words(self) -> str:
        text = (self._scratch / "anvil.log").read_text(errors="replace").strip()
        return text.splitlines()[-1] if text else f"exit code {self._process.returncode}"


def anvil_binary() -> Path:
    """The binary npm put there for Linux on x86-64; on other machines the one on the PATH.

    Raises:
        AnvilMissing: It is not installed.
    """
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        if _NPM_BINARY.is_file():
            return _NPM_BINARY
        raise AnvilMissing("anvil is not installed; run: npm ci in devnet")
    found = shutil.which("anvil")
    if found is None:
        raise AnvilMissing("anvil is not on the PATH; install Foundry 1.7.1")
    return Path(found)


def _free_port(wanted: int) -> int:
    """The wanted port, or any for 0; somebody else's node there would answer in place of ours."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, wanted))
        except OSError as error:
            raise AnvilFailed(f"port {wanted} is taken: {error.strerror}") from error
        port: int = probe.getsockname()[1]
    return port
