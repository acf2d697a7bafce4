"""A chain that lives: a block every 0.45 s, final two blocks later, share transfers in each."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from devnet.chain import Chain
from devnet.chain_file import read_chain_file, write_chain_file
from devnet.deploy import CHAIN_FILE, deploy
from devnet.fund import Contract
from devnet.node import Anvil
from devnet.rpc import Rpc
from tests.benchmarks.history import STATES_KEPT, Crowded, trade

BLOCK_SECONDS = 0.45
FINAL_BEHIND = 2
"""Blocks between the head and the node's `finalized`, as on BSC."""
TRANSFERS_PER_BLOCK = 5


@dataclass(frozen=True)
class Live:
    """The chain, its people, and the file that describes it."""

    node: Anvil
    chain_file: Path
    fund: Crowded
    crowd: Contract

    @property
    def addresses(self) -> list[str]:
        """Contracts whose logs we keep, as far as this chain has any news of them."""
        return [self.fund.vault.address]

    def head(self) -> int:
        """The newest block's number."""
        return self.fund.chain.block().number

    def reach_by(self, urls: Sequence[str]) -> None:
        """Name other endpoints of the same chain in the file."""
        entry = read_chain_file(self.chain_file)[0]
        write_chain_file(self.chain_file, [replace(entry, rpc_urls=tuple(urls))])


@contextmanager
def live_chain(
    folder: Path, *, confirmations: int | None = None, state_path: Path | None = None
) -> Iterator[Live]:
    """A deployed fund with its crowd, which mines only when told to.

    Without `confirmations` final is what the node says, two blocks behind the head. What is in
    `state_path` after the end can be started again.
    """
    with Anvil.start(
        genesis_days_ago=1,
        history_blocks=STATES_KEPT,
        slots_in_an_epoch=1,
        state_path=state_path,
    ) as node:
        deploy(
            node.url,
            folder,
            password="benchmark",
            confirmations=confirmations,
            finality=None if confirmations else "finalized",
            block_time_seconds=BLOCK_SECONDS,
        )
        fund = Crowded.connect(folder / CHAIN_FILE)
        crowd = fund.gather()
        fund.chain.catch_up()
        fund.chain.rpc.call("evm_setAutomine", False)
        yield Live(node, folder / CHAIN_FILE, fund, crowd)


class Metronome(threading.Thread):
    """Makes a block with transfers every 0.45 s, by a connection of its own."""

    def __init__(self, live: Live) -> None:
        super().__init__(name="metronome", daemon=True)
        self._rpc = Rpc(live.node.url)
        self._crowd = replace(live.crowd, chain=Chain(self._rpc))
        self._ended = threading.Event()
        self.blocks = 0

    def run(self) -> None:
        """Keep time; a beat that comes late does not delay the next."""
        beat = time.monotonic()
        while not self._ended.wait(max(0.0, beat - time.monotonic())):
            trade(self._crowd, seed=time.monotonic_ns(), transfers=TRANSFERS_PER_BLOCK)
            self._rpc.call("anvil_mine", "0x1")
            self.blocks += 1
            beat += BLOCK_SECONDS

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()
