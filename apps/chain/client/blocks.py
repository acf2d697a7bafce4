"""Headers and logs as a node gives them, checked before they are believed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.chain.client.pool import Client, RpcRefused
from apps.core.clock import from_timestamp


class NodeLied(Exception):
    """What a node said cannot be true; nothing of it is stored."""


@dataclass(frozen=True, slots=True)
class Header:
    """A block's header, the part we keep."""

    number: int
    hash: str
    parent_hash: str
    at: datetime


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


def header_of(answer: Any, *, number: int | None = None) -> Header:
    """A header from ``eth_getBlockBy…``.

    Raises:
        NodeLied: no block, a malformed one, or another height than asked for.
    """
    if isinstance(answer, RpcRefused) or not isinstance(answer, Mapping):
        raise NodeLied(f"it has no block {number if number is not None else ''}".rstrip())
    try:
        header = Header(
            number=int(answer["number"], 16),
            hash=answer["hash"].lower(),
            parent_hash=answer["parentHash"].lower(),
            at=from_timestamp(int(answer["timestamp"], 16)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NodeLied(f"its block is malformed ({error})") from error
    if number is not None and header.number != number:
        raise NodeLied(f"it answered block {header.number} for block {number}")
    return header


def headers(client: Client, numbers: Iterable[int]) -> list[Header]:
    """Headers by number, from one node.

    Raises:
        NodeLied, ChainUnavailable.
    """
    wanted = list(numbers)
    answers = client.batch([("eth_getBlockByNumber", [hex(n), False]) for n in wanted])
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
    client: Client, chain: Sequence[Header], addresses: Sequence[str]
) -> list[RawLog]:
    """The watched logs of some blocks, asked by block hash, in chain order.

    Each block is asked for beside its logs: a node that does not have it (one that lags behind the
    node that named it) may answer "no logs", which would be believed for good.

    Raises:
        NodeLied, ChainUnavailable.
    """
    if not chain or not addresses:
        return []
    answers = client.batch(
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
        found.extend(_logs(answer, addresses, {header.hash: header.number}))
    return found


def logs_of_range(
    client: Client, first: int, last: int, addresses: Sequence[str]
) -> list[RawLog] | RpcRefused:
    """The watched logs of a range of final blocks, or the node's refusal (range too large).

    The last block is asked for beside them: a node that does not have it yet would give the logs
    of a shorter range without a word.

    Raises:
        NodeLied, ChainUnavailable.
    """
    if not addresses:
        return []  # to a node, no address means any
    block, answer = client.batch(
        [
            ("eth_getBlockByNumber", [hex(last), False]),
            (
                "eth_getLogs",
                [{"fromBlock": hex(first), "toBlock": hex(last), "address": list(addresses)}],
            ),
        ]
    )
    header_of(block, number=last)
    if isinstance(answer, RpcRefused):
        return answer
    found = _logs(answer, addresses, None)
    if any(not first <= log.block_number <= last for log in found):
        raise NodeLied("it gave logs from outside the range")
    return found


def _logs(answer: Any, addresses: Sequence[str], hashes: Mapping[str, int] | None) -> list[RawLog]:
    if isinstance(answer, RpcRefused):
        raise NodeLied(f"it refused logs by block hash ({answer.message})")
    if not isinstance(answer, list):
        raise NodeLied("its logs are not a list")
    try:
        items = sorted(
            answer, key=lambda item: (int(item["blockNumber"], 16), int(item["logIndex"], 16))
        )
        found: list[RawLog] = []
        seen: set[tuple[str, int]] = set()
        positions: dict[tuple[str, str], int] = {}
        for item in items:
            log = _log(item, positions)
            if (log.block_hash, log.log_index) in seen:
                raise NodeLied(f"it gave log {log.log_index} of a block twice")
            seen.add((log.block_hash, log.log_index))
            if log.address not in addresses:
                raise NodeLied(f"it gave a log of {log.address}, which is not ours")
            if hashes is not None and hashes.get(log.block_hash) != log.block_number:
                raise NodeLied("it gave a log of another block")
            found.append(log)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NodeLied(f"its logs are malformed ({error})") from error
    return found


def _log(item: Mapping[str, Any], positions: dict[tuple[str, str], int]) -> RawLog:
    if item.get("removed"):
        raise NodeLied("it gave a removed log")
    block_hash, tx_hash = item["blockHash"].lower(), item["transactionHash"].lower()
    position = positions.get((block_hash, tx_hash), 0)
    positions[block_hash, tx_hash] = position + 1
    return RawLog(
        block_number=int(item["blockNumber"], 16),
        block_hash=block_hash,
        tx_hash=tx_hash,
        tx_index=int(item["transactionIndex"], 16),
        log_index=int(item["logIndex"], 16),
        position=position,
        address=item["address"].lower(),
        topics=tuple(topic.lower() for topic in item["topics"]),
        data=item["data"].lower(),
    )
