"""Empty blocks by the thousand, written into anvil's state file.

Anvil itself needs longer for a block the longer its chain is: 48 000 would take it most of an hour.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import rlp
from eth_utils.crypto import keccak

# A header's fields in the order they are hashed in; numbers are hashed without leading zeros.
_FIELDS = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot"),
    *("logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData"),
    *("mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas"),
    *("parentBeaconBlockRoot", "requestsHash"),
)
_NUMBERS = {
    *("difficulty", "number", "gasLimit", "gasUsed", "timestamp"),
    *("baseFeePerGas", "blobGasUsed", "excessBlobGas"),
}


def stretch(state_file: Path, blocks: int) -> None:
    """Put so many empty blocks on top of the chain in the file; its head must be empty as well."""
    state = json.loads(state_file.read_text())
    head = max(state["blocks"], key=lambda block: int(block["header"]["number"], 16))
    for _ in range(blocks):
        header = head["header"]
        number = hex(int(header["number"], 16) + 1)
        head = {**head, "header": {**header, "parentHash": _hash(header), "number": number}}
        state["blocks"].append(head)
    state["best_block_number"] = int(number, 16)
    state["block"]["number"] = number
    state_file.write_text(json.dumps(state))


def _hash(header: dict[str, Any]) -> str:
    values = [
        rlp.sedes.big_endian_int.serialize(int(header[name], 16))
        if name in _NUMBERS
        else bytes.fromhex(header[name][2:])
        for name in _FIELDS
    ]
    return "0x" + keccak(rlp.encode(values)).hex()
