"""The root over a block's receipts: what settles which logs a block has, whoever says otherwise.

A block's header commits to the root of a Merkle-Patricia trie (Yellow Paper, appendix D) from
each transaction's index to its receipt. Receipts that hash to the root of a proven header are the
block's own, all of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.chain.rules import blooms, rlp
from apps.chain.rules.keccak import keccak256

_OPTIMISM_DEPOSIT = 0x7E

Pair = tuple[tuple[int, ...], bytes]
"""A path of half-bytes and what lies at its end."""


def receipts_root(receipts: Sequence[Mapping[str, Any]]) -> str:
    """The root over receipts as ``eth_getBlockReceipts`` gives them, in transaction order.

    Raises:
        ValueError: a receipt is malformed.
    """
    try:
        pairs = [
            (_half_bytes(rlp.encode(rlp.encode_int(index))), _receipt(receipt))
            for index, receipt in enumerate(receipts)
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a receipt is malformed ({error})") from error
    root = rlp.encode(_node(sorted(pairs), 0)) if pairs else rlp.encode(b"")
    return "0x" + keccak256(root).hex()


def _receipt(receipt: Mapping[str, Any]) -> bytes:
    """A receipt as the trie holds it: its type's byte (none for legacy) and its fields.

    The bloom is made from the logs, so that it cannot disagree with them.
    """
    logs = receipt["logs"]
    bloom = blooms.bloom_of(value for log in logs for value in (log["address"], *log["topics"]))
    # Before Byzantium a receipt had the state's root where it has a status now.
    outcome = (
        rlp.encode_int(int(receipt["status"], 16))
        if receipt.get("status") is not None
        else _raw(receipt["root"])
    )
    fields: list[rlp.Item] = [
        outcome,
        rlp.encode_int(int(receipt["cumulativeGasUsed"], 16)),
        bloom.to_bytes(256, "big"),
        [
            [_raw(log["address"]), [_raw(topic) for topic in log["topics"]], _raw(log["data"])]
            for log in logs
        ],
    ]
    kind = int(receipt.get("type") or "0x0", 16)
    if kind == _OPTIMISM_DEPOSIT:
        fields += [
            rlp.encode_int(int(receipt[name], 16))
            for name in ("depositNonce", "depositReceiptVersion")
            if receipt.get(name) is not None
        ]
    return (bytes([kind]) if kind else b"") + rlp.encode(fields)


def _node(pairs: Sequence[Pair], depth: int) -> rlp.Item:
    """The trie node over pairs, sorted, that share their first ``depth`` half-bytes."""
    path, value = pairs[0]
    if len(pairs) == 1:
        return [_compact(path[depth:], leaf=True), value]
    shared = depth
    last = pairs[-1][0]
    while shared < min(len(path), len(last)) and path[shared] == last[shared]:
        shared += 1
    if shared > depth:
        return [_compact(path[depth:shared], leaf=False), _reference(_node(pairs, shared))]
    branch: list[rlp.Item] = [b""] * 17
    for half_byte in range(16):
        below = [pair for pair in pairs if len(pair[0]) > depth and pair[0][depth] == half_byte]
        if below:
            branch[half_byte] = _reference(_node(below, depth + 1))
    if len(path) == depth:
        branch[16] = value
    return branch


def _reference(node: rlp.Item) -> rlp.Item:
    """How a node stands in the one above it: itself when short, else its hash."""
    encoded = rlp.encode(node)
    return node if len(encoded) < 32 else keccak256(encoded)


def _compact(path: Sequence[int], *, leaf: bool) -> bytes:
    """A path in bytes: a flag for leaf and for odd length, then the half-bytes."""
    flag = 2 * leaf + len(path) % 2
    half_bytes = [flag, *path] if len(path) % 2 else [flag, 0, *path]
    return bytes(
        16 * high + low for high, low in zip(half_bytes[::2], half_bytes[1::2], strict=True)
    )


def _half_bytes(data: bytes) -> tuple[int, ...]:
    return tuple(half for byte in data for half in divmod(byte, 16))


def _raw(value: str) -> bytes:
    return bytes.fromhex(value[2:])
