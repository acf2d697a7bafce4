"""Nodes made of nothing but the blocks they see, and a listener over them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from apps.chain.client import ChainUnavailable, Client, NodeTrouble
from apps.chain.config import ChainConfig
from apps.chain.listener import Listener, Outcome, ingest
from apps.core import clock
from tests.chain.listener.checks import Minutes
from tests.simulation import blocks
from tests.simulation.blocks import Block

FINALISED_DEPTH = 6
Line = tuple[Block, ...]


def longer(line: Line, count: int, *, salt: bytes = b"") -> Line:
    """The line with so many more blocks; another salt makes another branch."""
    for _ in range(count):
        line = (*line, blocks.make(line[-1], [], time=line[-1].time + 1, salt=salt))
    return line


GENESIS: Line = (blocks.make(None, [], time=1_772_000_000, salt=b""),)


class Nodes:
    """A chain's nodes, each with a line of blocks (None: it is down), and the listener over them.

    No contract is watched: only blocks matter here.
    """

    def __init__(self, *lines: Line | None, confirmations: int | None = 20) -> None:
        self.urls = tuple(f"http://node-{place}.test" for place in range(len(lines)))
        self.lines = dict(zip(self.urls, lines, strict=True))
        self.minutes = Minutes()
        self.config = ChainConfig(
            name="made up",
            chain_id=31337,
            rpc_urls=self.urls,
            confirmations=confirmations,
            block_time_seconds=1.0,
            explorer_url="",
            contracts=(),
            signers=(),
        )
        ingest.cursor_for(self.config)
        client = Client(self.config, transport=self.answer, clock=self.minutes)
        epoch = ingest.take_over(self.config.chain_id)
        self.listener = Listener(self.config, client, epoch=epoch, clock=self.now)

    def now(self) -> datetime:
        return clock.now() + timedelta(seconds=self.minutes.seconds)

    def answer(self, url: str, requests: Sequence[tuple[str, list[Any]]]) -> list[dict[str, Any]]:
        line = self.lines[url]
        if line is None:
            raise NodeTrouble("it is down")
        return [{"result": self._result(line, method, params)} for method, params in requests]

    def _result(self, line: Line, method: str, params: list[Any]) -> Any:
        if method == "eth_chainId":
            return hex(self.config.chain_id)
        if method == "eth_blockNumber":
            return hex(line[-1].number)
        assert method == "eth_getBlockByNumber", method
        if params[0] == "finalized":
            return line[max(len(line) - 1 - FINALISED_DEPTH, 0)].header
        number = line[-1].number if params[0] == "latest" else int(params[0], 16)
        return line[number].header if number < len(line) else None

    def see(self, *lines: Line | None) -> None:
        self.lines = dict(zip(self.urls, lines, strict=True))

    def read(self, *, turns: int = 8) -> list[Outcome]:
        outcomes = []
        for _ in range(turns):
            self.minutes.pass_by(1.0)
            try:
                outcomes.append(self.listener.tick().outcome)
            except ChainUnavailable:
                continue
        return outcomes
