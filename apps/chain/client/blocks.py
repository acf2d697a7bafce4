"""Headers and logs as a node gives them, checked before they are believed."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.chain.client.answers import quantity
from apps.chain.client.rpc import Reader, Request, RpcRefused
from apps.chain.rules import headers as header_rules
from apps.chain.rules import receipts as receipt_rules
from apps.core.clock import from_timestamp

_HASH = re.compile(r"0x[0-9a-f]{64}")
_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_BYTES = re.compile(r"0x(?:[0-9a-f]{2})*")
_PLACE_MAX = 2**31 - 1
"""What our columns hold of places within a block; no chain comes near."""
_BLOOM_MAX = 2**2048 - 1
_TOPICS_MAX = 4


class NodeLied(Exception):
    """What a node said cannot be true; nothing of it is stored."""


class NoSuchBlock(NodeLied):
    """The node has no such block: it lags, or the block is of a branch it left."""


@dataclass(frozen=True, slots=True)
class Header:
    """A block's header, the part we use.

    ``proven``: the hash follows from the fields, so that bloom and receipts' root are the block's
    own. Of a header that is not, only hash, parent and time are used.
    """

    number: int
    hash: str
    parent_hash: str
    at: datetime
    bloom: int = field(default=0, repr=False)
    receipts_root: str = field(default="", repr=False)
    proven: bool = False


@dataclass(frozen=True, slots=True)
class RawLog:
    """A log as the node gave it; ``position`` is its place among its transaction's logs.

    Known only when all logs of the transaction are: the block-wide index of the transaction's first
    log is not in the log itself. We count our own contracts' logs of the transaction, which is as
    stable across a reorg and needs no receipt.
    """

    block_number: int
    block_hash: str
    tx_hash: str
    tx_index: int
    log_index: int
    position: int
    address: str
    topics: tuple[str, ...]
    data: str


@dataclass(frozen=True, slots=True)
class Heads:
    """A node's newest block, its newest final one where asked for and given, and what follows on
    the block we hold, as far as the node has it."""

    latest: Header
    final: Header | None
    following: tuple[Header, ...]


def header_of(answer: Any, *, number: int | None = None) -> Header:
    """A header from ``eth_getBlockBy…``.

    Raises:
        NoSuchBlock: it has none.
        NodeLied: a malformed one, or another height than asked for.
    """
    if isinstance(answer, RpcRefused) or answer is None:
        raise NoSuchBlock(f"it has no block {number if number is not None else ''}".rstrip())
    if not isinstance(answer, Mapping):
        raise NodeLied("its block is malformed (no object)")
    try:
        header = Header(
            number=quantity(answer["number"]),
            hash=_hash(answer["hash"]),
            parent_hash=_hash(answer["parentHash"]),
            at=from_timestamp(quantity(answer["timestamp"])),
            bloom=quantity(answer.get("logsBloom") or "0x0", most=_BLOOM_MAX),
            receipts_root=(answer.get("receiptsRoot") or "").lower(),
            proven=header_rules.header_hash(answer) == answer["hash"].lower(),
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise NodeLied(f"its block is malformed ({error})") from error
    if number is not None and header.number != number:
        raise NodeLied(f"it answered block {header.number} for block {number}")
    return header


def heads(reader: Reader, *, first: int, count: int, with_final: bool) -> Heads:
    """The node's heads and up to ``count`` headers from height ``first`` on, in one batch.

    Raises:
        NodeLied, and what the reader raises when it cannot answer.
    """
    tags = ["latest", "finalized"] if with_final else ["latest"]
    numbers = range(first, first + count)
    answers = reader.batch(
        [("eth_getBlockByNumber", [tag, False]) for tag in (*tags, *map(hex, numbers))]
    )
    final = answers[1] if with_final else None
    following = []
    for number, answer in zip(numbers, answers[len(tags) :], strict=True):
        if answer is None or isinstance(answer, RpcRefused):
            break
        following.append(header_of(answer, number=number))
    return Heads(
        latest=header_of(answers[0]),
        final=None if final is None or isinstance(final, RpcRefused) else header_of(final),
        following=tuple(following),
    )


def headers(reader: Reader, numbers: Iterable[int]) -> list[Header]:
    """Headers by number, from one node.

    Raises:
        NodeLied, and what the reader raises when it cannot answer.
    """
    wanted = list(numbers)
    answers = reader.batch([("eth_getBlockByNumber", [hex(n), False]) for n in wanted])
    return [header_of(answer, number=n) for answer, n in zip(answers, wanted, strict=True)]


def check_linked(parent_hash: str, chain: Sequence[Header]) -> None:
    """Every header's parent is the one before it; the first one's is ``parent_hash`` ('' = any).

    Raises:
        NodeLied: the chain is broken.
    """
    for header in chain:
        if parent_hash and header.parent_hash != parent_hash:
            raise NodeLied(f"block {header.number} does not follow the block before it")
        parent_hash = header.hash


def logs_of_blocks(
    reader: Reader, chain: Sequence[Header], addresses: Sequence[str]
) -> list[RawLog]:
    """The watched logs of some blocks, asked by block hash, in chain order.

    Each block is asked for beside its logs: a node that does not have it (one that lags behind the
    node that named it) may answer "no logs", which would be believed for good.

    Raises:
        NoSuchBlock: it does not have one of the blocks.
        NodeLied, and what the reader raises when it cannot answer.
    """
    if not chain or not addresses:
        return []
    answers = reader.batch(
        [
            request
            for header in chain
            for request in (
                ("eth_getBlockByHash", [header.hash, False]),
                ("eth_getLogs", [{"blockHash": header.hash, "address": list(addresses)}]),
            )
        ]
    )
    found: list[RawLog] = []
    for header, block, answer in zip(chain, answers[::2], answers[1::2], strict=True):
        if header_of(block).hash != header.hash:
            raise NodeLied(f"it gave another block for {header.hash}")
        if isinstance(answer, RpcRefused):
            raise NodeLied(f"it refused logs by block hash ({answer.message})")
        found.extend(_logs(answer, addresses, {header.hash: header.number}))
    return found


def logs_of_range(
    reader: Reader, first: int, last: int, addresses: Sequence[str]
) -> tuple[Header, list[RawLog]] | RpcRefused:
    """The range's last header and the watched logs of its final blocks, or the node's refusal.

    A refusal means that the range is too large. The last block is asked for beside the logs: a node
    that does not have it yet would give the logs of a shorter range without a word.

    Raises:
        NodeLied, and what the reader raises when it cannot answer.
    """
    asked: list[Request] = [("eth_getBlockByNumber", [hex(last), False])]
    if addresses:  # to a node, no address means any
        span = {"fromBlock": hex(first), "toBlock": hex(last), "address": list(addresses)}
        asked.append(("eth_getLogs", [span]))
    block, *answers = reader.batch(asked)
    header = header_of(block, number=last)
    if not answers:
        return header, []
    if isinstance(answers[0], RpcRefused):
        return answers[0]
    found = _logs(answers[0], addresses, None)
    if any(not first <= log.block_number <= last for log in found):
        raise NodeLied("it gave logs from outside the range")
    return header, found


def logs_by_receipts(
    reader: Reader, header: Header, addresses: Collection[str]
) -> list[RawLog] | None:
    """The watched logs of a proven block, from receipts that hash to its header's root: the truth.

    None where the node cannot say: it has no receipts, or not these ones.

    Raises:
        What the reader raises when it cannot answer.
    """
    [receipts] = reader.batch([("eth_getBlockReceipts", [header.hash])])
    try:
        if not header.proven or receipt_rules.receipts_root(receipts) != header.receipts_root:
            return None
        items = _numbered(receipts, header)
        return _logs(
            [item for item in items if item["address"].lower() in addresses],
            addresses,
            {header.hash: header.number},
        )
    except (TypeError, ValueError, KeyError, AttributeError, NodeLied):
        return None


def _numbered(receipts: Sequence[Mapping[str, Any]], header: Header) -> list[dict[str, Any]]:
    """Every log of a block's receipts, placed by counting: the root covers no indices."""
    logs = [
        (place, receipt["transactionHash"], log)
        for place, receipt in enumerate(receipts)
        for log in receipt["logs"]
    ]
    return [
        {
            "blockNumber": hex(header.number),
            "blockHash": header.hash,
            "transactionHash": tx_hash,
            "transactionIndex": hex(place),
            "logIndex": hex(index),
            "address": log["address"],
            "topics": log["topics"],
            "data": log["data"],
        }
        for index, (place, tx_hash, log) in enumerate(logs)
    ]


def _logs(
    answer: Any, addresses: Collection[str], hashes: Mapping[str, int] | None
) -> list[RawLog]:
    if not isinstance(answer, list):
        raise NodeLied("its logs are not a list")
    try:
        items = sorted(
            answer, key=lambda item: (quantity(item["blockNumber"]), quantity(item["logIndex"]))
        )
        found: dict[tuple[str, int], RawLog] = {}
        positions: dict[tuple[str, str], int] = {}
        for item in items:
            log = _log(item, positions, found)
            if log is None:
                continue
            if log.address not in addresses:
                raise NodeLied(f"it gave a log of {log.address}, which is not ours")
            if hashes is not None and hashes.get(log.block_hash) != log.block_number:
                raise NodeLied("it gave a log of another block")
            found[log.block_hash, log.log_index] = log
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NodeLied(f"its logs are malformed ({error})") from error
    return list(found.values())


def _log(
    item: Mapping[str, Any],
    positions: dict[tuple[str, str], int],
    found: Mapping[tuple[str, int], RawLog],
) -> RawLog | None:
    """One log, None when it is a log already found, said again in the same words."""
    if item.get("removed"):
        raise NodeLied("it gave a removed log")
    block_hash, tx_hash = _hash(item["blockHash"]), _hash(item["transactionHash"])
    log_index = quantity(item["logIndex"], most=_PLACE_MAX)
    said = found.get((block_hash, log_index))
    position = positions.get((block_hash, tx_hash), 0) if said is None else said.position
    log = RawLog(
        block_number=quantity(item["blockNumber"]),
        block_hash=block_hash,
        tx_hash=tx_hash,
        tx_index=quantity(item["transactionIndex"], most=_PLACE_MAX),
        log_index=log_index,
        position=position,
        address=_matching(_ADDRESS, item["address"]),
        topics=_topics(item["topics"]),
        data=_matching(_BYTES, item["data"]),
    )
    if said is None:
        positions[block_hash, tx_hash] = position + 1
        return log
    if said != log:
        raise NodeLied(f"it gave two logs the index {log_index}")
    return None


def _topics(topics: Any) -> tuple[str, ...]:
    if not isinstance(topics, list) or len(topics) > _TOPICS_MAX:
        raise ValueError("its topics are no list of at most four")
    return tuple(_hash(topic) for topic in topics)


def _hash(value: str) -> str:
    return _matching(_HASH, value)


def _matching(pattern: re.Pattern[str], value: str) -> str:
    value = value.lower()
    if not pattern.fullmatch(value):
        raise ValueError(f"{value[:80]!r} is not what belongs there")
    return value
