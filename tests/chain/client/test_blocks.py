"""What a node says of blocks and logs: what cannot be is its lie, and nothing else stops us."""

from collections.abc import Sequence
from typing import Any

import pytest

from apps.chain.client.blocks import NodeLied, header_of, logs_of_range
from apps.chain.client.rpc import Request

OURS = "0x" + "ab" * 20
HASH = "0x" + "11" * 32
BLOCK: dict[str, Any] = {
    "number": "0x7",
    "hash": HASH,
    "parentHash": "0x" + "22" * 32,
    "timestamp": "0x64",
    "logsBloom": "0x" + "00" * 256,
    "receiptsRoot": HASH,
    **dict.fromkeys(("sha3Uncles", "stateRoot", "transactionsRoot", "mixHash"), HASH),
    **dict.fromkeys(("difficulty", "gasLimit", "gasUsed"), "0x1"),
    "miner": OURS,
    "extraData": "0x",
    "nonce": "0x" + "00" * 8,
}
LOG: dict[str, Any] = {
    "blockNumber": "0x7",
    "blockHash": HASH,
    "transactionHash": HASH,
    "transactionIndex": "0x0",
    "logIndex": "0x0",
    "address": OURS,
    "topics": [],
    "data": "0x",
}
TOO_LARGE = "0x" + "f" * 17


class Node:
    """Answers with one block and one log."""

    def __init__(self, log: dict[str, Any]) -> None:
        self._log = log

    def call(self, method: str, *params: Any) -> Any:
        return self.batch([(method, list(params))])[0]

    def batch(self, requests_: Sequence[Request]) -> list[Any]:
        return [BLOCK, [self._log]]


class TestHeaders:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("number", TOO_LARGE),
            ("number", "-0x1"),
            ("number", "0x_7"),
            ("number", 7),
            ("timestamp", "-0x1"),
            ("gasUsed", "-0x1"),
            ("logsBloom", "-0x1"),
            ("logsBloom", [1]),
            ("receiptsRoot", 5),
            ("hash", None),
        ],
    )
    def test_what_no_block_can_say_is_a_lie(self, field: str, value: Any) -> None:
        with pytest.raises(NodeLied, match="malformed"):
            header_of({**BLOCK, field: value})


class TestLogs:
    def test_a_log_is_read(self) -> None:
        _, [log] = logs_of_range(Node(LOG), 7, 7, [OURS])  # type: ignore[misc]

        assert (log.block_number, log.log_index, log.address) == (7, 0, OURS)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("logIndex", "0x80000000"),  # more than a column holds
            ("logIndex", "-0x1"),
            ("transactionIndex", "0x80000000"),
            ("transactionIndex", "-0x1"),
            ("blockNumber", TOO_LARGE),
            ("blockNumber", "-0x1"),
            ("topics", [HASH] * 5),
            ("topics", HASH),
        ],
    )
    def test_what_no_log_can_say_is_a_lie(self, field: str, value: Any) -> None:
        with pytest.raises(NodeLied, match="malformed"):
            logs_of_range(Node({**LOG, field: value}), 7, 7, [OURS])
