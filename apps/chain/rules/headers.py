"""A block's hash from its fields: what shows that a header was not made up.

The hash of a block is the hash of its header's fields in their order. A node that changes one of
them (the bloom, the receipts' root) has to give another hash, which the next block's parent denies.
"""

from collections.abc import Mapping
from typing import Any

from apps.chain.rules import rlp
from apps.chain.rules.keccak import keccak256

_NUMBERS = frozenset(
    {
        *("difficulty", "number", "gasLimit", "gasUsed", "timestamp"),
        *("baseFeePerGas", "blobGasUsed", "excessBlobGas"),
    }
)
_FIRST = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot"),
    *("logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData"),
    *("mixHash", "nonce"),
)
_LATER = (
    "baseFeePerGas",  # London
    "withdrawalsRoot",  # Shanghai
    *("blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot"),  # Cancun
    "requestsHash",  # Prague
)
"""Fields that forks appended; a block has those of its time, in this order."""


def header_hash(fields: Mapping[str, Any]) -> str | None:
    """The hash of a header as JSON-RPC gives it, as 0x-hex; None where a field is missing or odd.

    Another hash than the header's own means a header made up, or a fork that appended fields we do
    not know.
    """
    try:
        items = [_bytes(name, fields[name]) for name in _FIRST]
        items += [_bytes(name, fields[name]) for name in _LATER if fields.get(name) is not None]
    except (KeyError, TypeError, ValueError):
        return None
    return "0x" + keccak256(rlp.encode(items)).hex()


def _bytes(name: str, value: str) -> bytes:
    return rlp.encode_int(int(value, 16)) if name in _NUMBERS else bytes.fromhex(value[2:])
