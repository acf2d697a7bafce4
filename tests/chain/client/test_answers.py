"""Whose fault an error is: the node's, or the request's."""

from typing import Any

import pytest

from apps.chain.client.answers import result_of
from apps.chain.client.rpc import NodeTrouble, OverQuota, Request, RpcRefused

CALL: Request = ("eth_call", [{}, "latest"])
RANGE: Request = ("eth_getLogs", [{"fromBlock": "0x1", "toBlock": "0x2"}])
OF_A_BLOCK: Request = ("eth_getLogs", [{"blockHash": "0x00"}])


def error(code: Any, message: Any, **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **more}}


class TestResultOf:
    @pytest.mark.parametrize("result", [None, "0x", [], {"a": 1}])
    def test_a_result_is_itself(self, result: Any) -> None:
        assert result_of(CALL, {"result": result}) == result
        assert result_of(CALL, {"result": result, "error": None}) == result

    @pytest.mark.parametrize("answer", [None, 7, "no", [], {}, {"id": 1}])
    def test_anything_else_is_trouble(self, answer: Any) -> None:
        with pytest.raises(NodeTrouble, match="not JSON-RPC"):
            result_of(CALL, answer)

    @pytest.mark.parametrize(
        ("request_", "answer"),
        [
            (CALL, error(429, "nothing more today")),
            (CALL, error(-32005, "limit exceeded")),
            (OF_A_BLOCK, error(-32005, "limit exceeded")),
            (RANGE, error(-32005, "daily request count exceeded, request rate limited")),
            (RANGE, error(-32000, "Your app has exceeded its compute units per second capacity")),
            (CALL, error(-32090, "Too many requests, retry in 10s")),
        ],
    )
    def test_had_enough_of_us(self, request_: Request, answer: dict[str, Any]) -> None:
        with pytest.raises(OverQuota):
            result_of(request_, answer)

    @pytest.mark.parametrize(
        ("request_", "answer"),
        [
            (RANGE, error(-32005, "query returned more than 10000 results")),
            (RANGE, error(-32005, "limit exceeded")),
            (RANGE, error(-32602, "Log response size exceeded")),
            (RANGE, error(-32600, "eth_getLogs is limited to a 10,000 range")),
            (CALL, error(3, "execution reverted: rate limit", data="0x08c379a0")),
            (CALL, error(-32000, "missing trie node")),
            (CALL, error(-32601, "the method does not exist")),
            (CALL, {"error": "just words"}),
            (CALL, error("code", None)),
        ],
    )
    def test_no_to_this_request(self, request_: Request, answer: dict[str, Any]) -> None:
        assert isinstance(result_of(request_, answer), RpcRefused)

    @pytest.mark.parametrize("data", ["0xabcd", {"data": "0xabcd"}, {"result": "0xabcd"}])
    def test_revert_bytes_are_found_where_clients_put_them(self, data: Any) -> None:
        refused = result_of(CALL, error(-32000, "failed", data=data))

        assert refused.data == "0xabcd"
        assert refused.is_revert

    def test_words_are_kept_short(self) -> None:
        refused = result_of(CALL, error(-32000, "x" * 100_000))

        assert len(refused.message) == 500

    @pytest.mark.parametrize("message", ["a\x00b", "a\ud800b", "a\nb", "a\u202eb"])
    def test_words_can_be_kept_and_shown(self, message: str) -> None:
        refused = result_of(CALL, error(-32000, message))
        with pytest.raises(OverQuota) as over:
            result_of(CALL, error(429, message))

        assert refused.message == "a\ufffdb"
        assert over.value.message == "it is over its quota (a\ufffdb)"

    def test_what_must_not_be_shown_is_taken_out_of_its_words(self) -> None:
        refused = result_of(CALL, error(-32000, "no such key: sesame"), secrets=["sesame"])

        assert refused.message == "no such key: \u2026"
