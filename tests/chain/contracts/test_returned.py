"""What a contract does not say is None; what a node cannot ask is not known."""

from collections.abc import Sequence
from typing import Any

import pytest

from apps.chain.client import ChainUnavailable, Request, RpcRefused
from apps.chain.contracts.returned import returned_at

TOKEN = "0x" + "70" * 20
HASH = "0x" + "11" * 32


class Node:
    """Answers each call with the next of some answers."""

    def __init__(self, *answers: Any) -> None:
        self._answers = answers
        self.asked: list[Request] = []

    def call(self, method: str, *params: Any) -> Any:
        return self.batch([(method, list(params))])[0]

    def batch(self, requests_: Sequence[Request]) -> list[Any]:
        self.asked.extend(requests_)
        return list(self._answers)


class TestReturnedAt:
    def test_asks_at_the_block(self) -> None:
        node = Node("0x01")

        assert returned_at(node, HASH, [(TOKEN, "0xabcd")]) == ["0x01"]
        assert node.asked == [("eth_call", [{"to": TOKEN, "data": "0xabcd"}, {"blockHash": HASH}])]

    @pytest.mark.parametrize(
        "answer",
        [
            "0x",
            None,
            RpcRefused(3, "execution reverted", "0x"),
            RpcRefused(-32000, "execution reverted", None),
            RpcRefused(-32000, "out of gas", None),
            RpcRefused(-32000, "invalid opcode: INVALID", None),
            RpcRefused(-32000, "stack underflow (0 <=> 1)", None),
            RpcRefused(-32603, "EVM error InvalidFEOpcode", None),
        ],
    )
    def test_a_contract_that_says_nothing_says_none(self, answer: Any) -> None:
        assert returned_at(Node("0x01", answer), HASH, [(TOKEN, "0x")] * 2) == ["0x01", None]

    @pytest.mark.parametrize(
        "words",
        ["header not found", "missing trie node", "unknown block", "execution timeout", "busy"],
    )
    def test_a_node_that_cannot_ask_is_no_answer_of_the_contract(self, words: str) -> None:
        with pytest.raises(ChainUnavailable, match=words):
            returned_at(Node("0x01", RpcRefused(-32000, words, None)), HASH, [(TOKEN, "0x")] * 2)
