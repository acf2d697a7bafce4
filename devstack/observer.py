"""An independent clock: how long from a block being served to its logs being rows, and applied.

It watches the node and the database from outside, with its own connections and its own clock, and
knows nothing of how the listener works. What it measures includes its own polling, so the truth is
a little better.
"""

import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
import requests
from web3 import HTTPProvider, Web3
from web3.types import FilterParams

POLL_SECONDS = 0.02
_DONE = ["APPLIED", "IGNORED", "UNKNOWN", "UNDECODABLE"]


@dataclass
class _Watched:
    """A block with logs of ours, from when the node first served it."""

    number: int
    logs: int
    served_at: float
    stored_at: float | None = None
    final_at: float | None = None
    applied_at: float | None = None


@dataclass(frozen=True)
class Latency:
    """Seconds, in order."""

    seconds: list[float] = field(default_factory=list)

    def percentile(self, percent: float) -> float:
        """The smallest measured value that at least ``percent`` of the values do not exceed."""
        if not self.seconds:
            return float("nan")
        place = max(0, -(-len(self.seconds) * int(percent * 10) // 1000) - 1)
        return sorted(self.seconds)[place]

    def __str__(self) -> str:
        return (
            f"p50 {self.percentile(50):.2f} s, p99 {self.percentile(99):.2f} s "
            f"over {len(self.seconds)} blocks"
        )


class Observer(threading.Thread):
    """Watches until stopped."""

    def __init__(
        self, *, rpc_url: str, database_url: str, addresses: Iterable[str], confirmations: int
    ) -> None:
        super().__init__(name="observer", daemon=True)
        self._web3 = Web3(HTTPProvider(rpc_url))
        self._database_url = database_url
        self._addresses = [Web3.to_checksum_address(address) for address in addresses]
        self._confirmations = confirmations
        self._blocks: dict[str, _Watched] = {}
        self._stop_asked = threading.Event()
        self._lock = threading.Lock()

    def run(self) -> None:
        """Look at the node, then at the database, again and again."""
        head: int = self._web3.eth.block_number
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            while not self._stop_asked.wait(POLL_SECONDS):
                # A node too busy to answer has not served anything yet.
                with suppress(requests.RequestException):
                    head = self._look_at_node(head)
                self._look_at_database(connection)

    def stop(self) -> None:
        """End the watch."""
        self._stop_asked.set()
        self.join()

    def block_to_row(self) -> Latency:
        """From a block being served to all its logs being rows; so far, where they are not yet."""
        now = time.monotonic()
        return Latency([(b.stored_at or now) - b.served_at for b in self._all()])

    def final_to_applied(self) -> Latency:
        """From the block being served that makes a block final to all its logs being applied."""
        now = time.monotonic()
        return Latency([(b.applied_at or now) - b.final_at for b in self._all() if b.final_at])

    def _all(self) -> list[_Watched]:
        with self._lock:
            return list(self._blocks.values())

    def _look_at_node(self, head: int) -> int:
        newest = self._web3.eth.block_number
        at = time.monotonic()
        for number in range(head + 1, newest + 1):
            block = self._web3.eth.get_block(number)
            filter_: FilterParams = {"blockHash": block["hash"], "address": self._addresses}
            logs = len(self._web3.eth.get_logs(filter_))
            if logs:
                with self._lock:
                    self._blocks[block["hash"].to_0x_hex()] = _Watched(number, logs, at)
        for watched in self._all():
            if watched.final_at is None and newest >= watched.number + self._confirmations:
                watched.final_at = at
        return max(head, newest)

    def _look_at_database(self, connection: psycopg.Connection[Any]) -> None:
        open_hashes = [key for key, b in list(self._blocks.items()) if b.applied_at is None]
        if not open_hashes:
            return
        rows = connection.execute(
            "SELECT block_hash, count(*), count(*) FILTER (WHERE status = ANY(%s)) "
            "FROM chain_log WHERE block_hash = ANY(%s) GROUP BY block_hash",
            [_DONE, open_hashes],
        ).fetchall()
        at = time.monotonic()
        for block_hash, stored, done in rows:
            watched = self._blocks[block_hash]
            if stored >= watched.logs and watched.stored_at is None:
                watched.stored_at = at
            if done >= watched.logs and watched.final_at is not None:
                watched.applied_at = at
