"""Blocks with real hashes: header by RLP, bloom, and the Merkle root of the receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rlp
from eth_utils.crypto import keccak

from tests.simulation.ledger import LogDraft, Reverted, State, Tx

GAS_OF_A_TRANSACTION = 50_000
BASE_FEE = 10**9
_EMPTY = b"\x00" * 32


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction in its block; ``first_log`` is the index of its first log."""

    tx: Tx
    succeeded: bool
    logs: tuple[LogDraft, ...]
    first_log: int


@dataclass(frozen=True, slots=True)
class Block:
    """A block, the state after it, and its header as nodes tell it."""

    number: int
    hash: str
    parent_hash: str
    time: int
    receipts: tuple[Receipt, ...]
    state: State
    header: dict[str, str]


def make(parent: Block | None, txs: Sequence[Tx], *, time: int, salt: bytes) -> Block:
    """The block that follows ``parent`` with these transactions; ``salt`` tells twins apart."""
    number = parent.number + 1 if parent else 0
    state = parent.state.clone() if parent else State()
    receipts = []
    logs = 0
    for tx in txs:
        receipt = _run(tx, state, time, logs)
        logs += len(receipt.logs)
        receipts.append(receipt)
        if tx.nonce is not None:
            state.nonces[tx.sender] = tx.nonce + 1
    parent_hash = parent.hash if parent else "0x" + "00" * 32
    header = _header(number, parent_hash, time, receipts, salt)
    return Block(number, header["hash"], parent_hash, time, tuple(receipts), state, header)


def logs_of(block: Block, addresses: Sequence[str] | None) -> list[dict[str, Any]]:
    """The block's logs of these addresses, as ``eth_getLogs`` tells them."""
    return [
        log
        for index in range(len(block.receipts))
        for log in receipt_of(block, index)["logs"]
        if addresses is None or log["address"] in addresses
    ]


def receipt_of(block: Block, index: int) -> dict[str, Any]:
    """A transaction's receipt as a node tells it."""
    receipt = block.receipts[index]
    return {
        "type": "0x2",
        "status": "0x1" if receipt.succeeded else "0x0",
        "cumulativeGasUsed": hex((index + 1) * GAS_OF_A_TRANSACTION),
        "gasUsed": hex(GAS_OF_A_TRANSACTION),
        "logsBloom": "0x" + _bloom(receipt.logs).hex(),
        "transactionHash": receipt.tx.hash,
        "transactionIndex": hex(index),
        "blockHash": block.hash,
        "blockNumber": hex(block.number),
        "from": receipt.tx.sender,
        "logs": [
            {
                "address": draft.address,
                "topics": list(draft.topics),
                "data": draft.data,
                "blockNumber": hex(block.number),
                "blockHash": block.hash,
                "transactionHash": receipt.tx.hash,
                "transactionIndex": hex(index),
                "logIndex": hex(receipt.first_log + place),
                "removed": False,
            }
            for place, draft in enumerate(receipt.logs)
        ],
    }


def _run(tx: Tx, state: State, time: int, first_log: int) -> Receipt:
    before = state.clone()
    try:
        logs = tx.effect(state, time)
    except Reverted:
        state.balances, state.locked = before.balances, before.locked
        state.requests = before.requests
        return Receipt(tx, False, (), first_log)
    return Receipt(tx, True, tuple(logs), first_log)


def _header(
    number: int, parent_hash: str, time: int, receipts: Sequence[Receipt], salt: bytes
) -> dict[str, str]:
    every_log = [log for receipt in receipts for log in receipt.logs]
    hashes = b"".join(bytes.fromhex(receipt.tx.hash[2:]) for receipt in receipts)
    fields: list[tuple[str, bytes | int]] = [
        ("parentHash", bytes.fromhex(parent_hash[2:])),
        ("sha3Uncles", keccak(rlp.encode([]))),
        ("miner", b"\x00" * 20),
        ("stateRoot", keccak(salt)),
        ("transactionsRoot", keccak(hashes)),
        ("receiptsRoot", _root([_receipt_bytes(i, r) for i, r in enumerate(receipts)])),
        ("logsBloom", _bloom(every_log)),
        ("difficulty", 0),
        ("number", number),
        ("gasLimit", 30_000_000),
        ("gasUsed", len(receipts) * GAS_OF_A_TRANSACTION),
        ("timestamp", time),
        ("extraData", b""),
        ("mixHash", _EMPTY),
        ("nonce", b"\x00" * 8),
        ("baseFeePerGas", BASE_FEE),
        ("withdrawalsRoot", _EMPTY),
        ("blobGasUsed", 0),
        ("excessBlobGas", 0),
        ("parentBeaconBlockRoot", _EMPTY),
    ]
    encoded = rlp.encode([_minimal(value) for _, value in fields])
    told = {
        name: hex(value) if isinstance(value, int) else "0x" + value.hex() for name, value in fields
    }
    return {**told, "hash": "0x" + keccak(encoded).hex()}


def _minimal(value: bytes | int) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _bloom(logs: Sequence[LogDraft]) -> bytes:
    bits = 0
    for log in logs:
        for item in (log.address, *log.topics):
            digest = keccak(bytes.fromhex(item[2:]))
            for offset in (0, 2, 4):
                bits |= 1 << (int.from_bytes(digest[offset : offset + 2], "big") % 2048)
    return bits.to_bytes(256, "big")


def _receipt_bytes(index: int, receipt: Receipt) -> bytes:
    logs = [
        [
            bytes.fromhex(log.address[2:]),
            [bytes.fromhex(topic[2:]) for topic in log.topics],
            bytes.fromhex(log.data[2:]),
        ]
        for log in receipt.logs
    ]
    return b"\x02" + rlp.encode(
        [
            b"\x01" if receipt.succeeded else b"",
            _minimal((index + 1) * GAS_OF_A_TRANSACTION),
            _bloom(receipt.logs),
            logs,
        ]
    )


def _root(values: Sequence[bytes]) -> bytes:
    """The root of the Merkle Patricia trie of values under their RLP-encoded places."""
    if not values:
        return keccak(rlp.encode(b""))
    pairs = [
        ([nibble for byte in rlp.encode(_minimal(i)) for nibble in divmod(byte, 16)], value)
        for i, value in enumerate(values)
    ]
    return keccak(rlp.encode(_node(pairs)))


def _node(pairs: list[tuple[list[int], bytes]]) -> list[Any]:
    if len(pairs) == 1:
        path, value = pairs[0]
        return [_packed(path, leaf=True), value]
    shared = 0
    first = pairs[0][0]
    while all(len(path) > shared and path[shared] == first[shared] for path, _ in pairs):
        shared += 1
    if shared:
        below = _node([(path[shared:], value) for path, value in pairs])
        return [_packed(first[:shared], leaf=False), _reference(below)]
    branches: list[Any] = []
    for nibble in range(16):
        inside = [(path[1:], value) for path, value in pairs if path and path[0] == nibble]
        branches.append(_reference(_node(inside)) if inside else b"")
    ends = [value for path, value in pairs if not path]
    return [*branches, ends[0] if ends else b""]


def _reference(node: list[Any]) -> Any:
    encoded = rlp.encode(node)
    return node if len(encoded) < 32 else keccak(encoded)


def _packed(path: list[int], *, leaf: bool) -> bytes:
    flag = 2 if leaf else 0
    nibbles = [flag + 1, *path] if len(path) % 2 else [flag, 0, *path]
    return bytes(16 * high + low for high, low in zip(nibbles[::2], nibbles[1::2], strict=True))
