"""Past blocks, read beside the listener: of contracts that were not watched then, or again.

A contract that is added, or whose first block is set lower, leaves a hole in its coverage. Holes
are read from the bottom, a chunk of final blocks at a time; a chunk's logs and the coverage they
give are one transaction, so that stopping anywhere loses nothing.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from apps.chain.client import ChainUnavailable, Client, Node, NodeTrouble, blocks
from apps.chain.client.blocks import NodeLied
from apps.chain.config import ChainConfig
from apps.chain.listener import coverage, ingest
from apps.chain.listener.catching_up import (
    RangeIncomplete,
    RangeRefused,
    Read,
    read_block_by_block,
    read_range,
)
from apps.chain.listener.comparing import Comparison, compare, heal
from apps.chain.listener.ingest import NotFinal, OtherBranch
from apps.chain.listener.proofs import Proofs
from apps.chain.models import Cursor

log = logging.getLogger(__name__)

CHUNK_BLOCKS_MAX = 2000
_BY_BLOCK_MAX = 100


class Backfill:
    """Fills the holes in a chain's coverage."""

    def __init__(self, config: ChainConfig, client: Client, clock: Callable[[], datetime]) -> None:
        self._config, self._client, self._clock = config, client, clock

    def step(self) -> bool:
        """Read one chunk of past blocks; False when there is nothing to read, or not now.

        Trouble with nodes waits for the next step: the listener's own ticks come first.
        """
        cursor = Cursor.objects.get(chain_id=self._config.chain_id)
        if cursor.halted_reason or cursor.final_number is None:
            return False
        hole = coverage.first_hole(
            self._config,
            below=min(cursor.final_number + 1, cursor.next_block),
            blocks_max=CHUNK_BLOCKS_MAX,
        )
        if hole is None:
            return False
        try:
            node = self._client.pin()
            read = self._read(node, hole, cursor)
        except (ChainUnavailable, NodeTrouble) as trouble:
            log.warning("chain %s: past blocks wait: %s", self._config.chain_id, trouble)
            return False
        except NodeLied as lie:
            self._client.bench(node, str(lie))
            return False
        filled = coverage.Hole((hole.span[0], read.last + 1), hole.addresses)
        try:
            new = ingest.add_past(
                self._config,
                on=cursor.final_hash,
                headers=read.headers,
                logs=read.logs,
                at=self._clock(),
                fills=filled,
            )
        except (NotFinal, OtherBranch) as refusal:
            log.warning("chain %s: past blocks wait: %s", self._config.chain_id, refusal)
            return False
        log.info(
            "chain %s: read blocks %s to %s for %s: %s logs",
            self._config.chain_id,
            filled.span[0],
            read.last,
            ", ".join(filled.addresses),
            len(new),
        )
        return True

    def _read(self, node: Node, hole: coverage.Hole, cursor: Cursor) -> Read:
        first, stop = hole.span
        check_same_branch(node, cursor)
        proofs = Proofs(self._config, self._client, self._clock, addresses=hole.addresses)
        return read_past(node, self._client, proofs, first, stop - 1)


def check_same_branch(node: Node, cursor: Cursor) -> None:
    """Make sure that the node's past is ours: it has our final block.

    Raises:
        NodeLied: it has another one.
    """
    assert cursor.final_number is not None  # noqa: S101 - callers look first
    if blocks.headers(node, [cursor.final_number])[0].hash != cursor.final_hash:
        raise NodeLied(f"its block {cursor.final_number} is not the one that is final for us")


def read_past(node: Node, client: Client, proofs: Proofs, first: int, last_max: int) -> Read:
    """Final blocks from ``first`` on, as many as the node gives at once, up to ``last_max``.

    Raises:
        NodeLied, NodeTrouble: the node is of no use now.
    """
    while True:
        try:
            return read_range(node, proofs, first, last_max)
        except RangeRefused:
            continue  # it is asked for half as many each time, down to one
        except RangeIncomplete as lie:
            client.bench(node, str(lie))
            last = min(last_max, first + _BY_BLOCK_MAX - 1)
            return read_block_by_block(node, proofs, first, last)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Blocks that were read again, and how they compare with what we hold."""

    first: int
    last: int
    logs: int
    comparison: Comparison


def read_again(
    config: ChainConfig,
    client: Client,
    *,
    first: int,
    last: int,
    dry_run: bool,
    clock: Callable[[], datetime],
) -> Iterator[Chunk]:
    """Read final blocks once more, from another node than the listener's where there is one.

    What is missing is stored and written down as a finding that is healed, unless ``dry_run``.

    Raises:
        NotFinal: the range ends above what is final.
        OtherBranch: the node has another past than we.
        ChainUnavailable, NodeTrouble, NodeLied: the nodes are of no use; what was read stays.
    """
    cursor = Cursor.objects.get(chain_id=config.chain_id)
    if cursor.final_number is None or last > cursor.final_number or cursor.halted_reason:
        shown = "nothing" if cursor.final_number is None else f"block {cursor.final_number}"
        raise NotFinal(f"Only {shown} is final on chain {config.chain_id}.")
    pinned = client.pin()
    node = client.other(pinned) or pinned
    check_same_branch(node, cursor)
    proofs = Proofs(config, client, clock)
    while first <= last:
        read = read_past(node, client, proofs, first, last)
        comparison = compare(config, node, proofs, first, read)
        if not dry_run:
            heal(config, node, comparison, on=cursor.final_hash, at=clock())
        yield Chunk(first, read.last, len(read.logs), comparison)
        first = read.last + 1
