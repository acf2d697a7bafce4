"""The demo's chain: an anvil node whose state survives, the fund deployed on it, and its people."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from devnet.asset_terms import ASSET_TERMS_FILE
from devnet.chain_file import read_chain_file, write_chain_file
from devnet.deploy import CHAIN_FILE, deploy
from devnet.errors import DevnetError
from devnet.history import seed_activity
from devnet.live import live_event, live_step
from devnet.node import Anvil
from devnet.price_sources import PRICE_SOURCES_FILE
from devnet.scenario import Scenario
from devstack.errors import DevError
from devstack.processes import ProcessId

BLOCK_SECONDS = 1
HISTORY_DAYS = 120
# Each kept state is a few hundred kilobytes on disk; finality needs 15 of them.
HISTORY_BLOCKS = 300
# Of all that happens; at the demo's pace one in six minutes.
EVENT_SHARE = 1 / 60


class DevChain:
    """One node with one deployment, in one folder."""

    def __init__(self, folder: Path, port: int) -> None:
        """Describe the chain; nothing happens before `start`."""
        self.chain_file = folder / CHAIN_FILE
        self.price_sources = folder / PRICE_SOURCES_FILE
        self.asset_terms = folder / ASSET_TERMS_FILE
        self._folder = folder
        self._port = port
        self._node: Anvil | None = None

    @property
    def url(self) -> str:
        """The node's JSON-RPC address."""
        return self._running.url

    @property
    def processes(self) -> dict[str, ProcessId]:
        """The node, when it runs."""
        process = ProcessId.of(self._node.pid) if self._node else None
        return {"chain": process} if process else {}

    def start(self) -> None:
        """Start the node where its state file left off; it does not mine by itself yet.

        Raises:
            DevError: it does not start.
        """
        try:
            self._node = Anvil.start(
                self._port,
                state_path=self._folder / "state.json",
                genesis_days_ago=HISTORY_DAYS,
                history_blocks=HISTORY_BLOCKS,
            )
        except DevnetError as error:
            raise DevError(f"The chain node did not start: {error}.") from error

    def stop(self) -> None:
        """Stop the node after it has written its state."""
        if self._node:
            self._node.stop()
            self._node = None

    def deploy(self, password: str, *, price_server_url: str) -> None:
        """Deploy the fund, or point the chain file of an earlier deployment at the node."""
        if not self.chain_file.exists():
            deploy(
                self.url,
                self._folder,
                password=password,
                block_time_seconds=float(BLOCK_SECONDS),
                price_server_url=price_server_url,
            )
            return
        entries = read_chain_file(self.chain_file)
        at_its_port = [
            replace(entry, rpc_urls=(self.url,), ws_urls=(self._running.ws_url,))
            for entry in entries
        ]
        write_chain_file(self.chain_file, at_its_port)

    def seed(self, *, days_behind: float = 0) -> None:
        """Play a few months of the fund's past, up to now or up to some days ago."""
        seed_activity(Scenario.connect(self.chain_file), days_behind=days_behind)

    def run(self) -> None:
        """Let the clock make blocks from now on, as on a real chain."""
        Scenario.connect(self.chain_file).chain.mine_every(BLOCK_SECONDS)

    def live(self, tell: Callable[[str], None], wait: Callable[[], None]) -> None:
        """Play the fund's present, one event after another, for ever."""
        scenario = Scenario.connect(self.chain_file)
        scenario.refresh_prices()  # a node that was down for long has old ones
        rng = random.Random()  # noqa: S311 - play money
        while True:
            wait()
            try:
                act = live_event if rng.random() < EVENT_SHARE else live_step
                tell(act(scenario, rng))
            except DevnetError as error:
                tell(f"nothing happens: {error}")

    @property
    def _running(self) -> Anvil:
        if self._node is None:
            raise DevError("The chain node is not running.")
        return self._node
