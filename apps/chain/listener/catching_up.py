"""Final blocks in ranges: logs by range, headers only of blocks that have any.

How many blocks a node gives at once is found out and remembered for each node. A few blocks of each
range, which the node cannot guess, are proven as if they were at the tip.
"""

from dataclasses import dataclass
from secrets import SystemRandom

from apps.chain.client import Node, NodeTrouble, RpcRefused, blocks
from apps.chain.client.blocks import Header, NodeLied, RawLog
from apps.chain.listener.proofs import Proofs

SAMPLED_BLOCKS = 8

_random = SystemRandom()


class RangeRefused(Exception):
    """The node gives no logs of so many blocks at once; it is asked for fewer from now on."""


class RangeIncomplete(Exception):
    """Not all logs of the range: its blocks must be read one by one, which can be proven."""


@dataclass(frozen=True, slots=True)
class Read:
    """A range as it was read: headers of its first and last block and of those with logs."""

    headers: tuple[Header, ...]
    logs: list[RawLog]

    @property
    def last(self) -> int:
        """The height of its last block."""
        return self.headers[-1].number


def read_range(node: Node, proofs: Proofs, first: int, last_max: int) -> Read:
    """As many blocks from ``first`` on, up to ``last_max``, as the node gives at once.

    Raises:
        RangeRefused, RangeIncomplete: see there.
        NodeLied, NodeTrouble: the node is of no use now.
    """
    last = min(last_max, first + node.range_blocks - 1)
    size = last - first + 1
    try:
        found = blocks.logs_of_range(node, first, last, proofs.addresses)
    except NodeTrouble:  # perhaps only too much to answer in time
        node.range_refused(size)
        raise
    if isinstance(found, RpcRefused):
        if size == 1:
            raise RangeIncomplete(f"it refuses the logs of one block ({found.message})")
        node.range_refused(size)
        raise RangeRefused(found.message)
    last_header, logs = found
    with_logs = {entry.block_number for entry in logs}
    sampled = set(_random.sample(range(first, last + 1), min(SAMPLED_BLOCKS, size)))
    numbers = sorted({first, *with_logs, *sampled} - {last})
    chain = [*blocks.headers(node, numbers), last_header]
    hashes = {header.number: header.hash for header in chain}
    if any(hashes[entry.block_number] != entry.block_hash for entry in logs):
        raise NodeLied("its logs and its blocks are of different branches")
    proofs.check_headers(node, chain)
    proofs.check_blooms(chain, logs)
    _prove(node, proofs, [header for header in chain if header.number in sampled], logs)
    node.range_served(size, len(logs))
    kept = {first, last, *with_logs}
    return Read(tuple(header for header in chain if header.number in kept), logs)


def read_block_by_block(node: Node, proofs: Proofs, first: int, last: int) -> Read:
    """The same blocks from a node whose ranges cannot be believed, each of them proven.

    Raises:
        NodeLied, NodeTrouble: the node is of no use now.
    """
    chain = blocks.headers(node, range(first, last + 1))
    blocks.check_linked("", chain)
    logs = proofs.logs_of(node, chain)
    kept = {first, last, *(entry.block_number for entry in logs)}
    return Read(tuple(header for header in chain if header.number in kept), logs)


def _prove(node: Node, proofs: Proofs, sampled: list[Header], logs: list[RawLog]) -> None:
    due = [header for header in proofs.that_may_hold_ours(sampled) if header.proven]
    hashes = {header.hash for header in due}
    given = [entry for entry in logs if entry.block_hash in hashes]
    if proofs.verified(node, due, given) != given:
        raise RangeIncomplete("a range was not all of its blocks' logs")
