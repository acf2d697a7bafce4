"""The ways in which `FaultyNode` misbehaves.

The wire: `Drop`, `AnswerLost`, `Hang`, `Delay`, `Drip`, `Cut`, `Flood`, `Status`, `Html`,
`MissingItems`, `Reordered`. One call: `Refuse`, `Reword`, `Swallow`, `ChainId`, `Tamper`. The
chain's state: `Stale`. Logs: `OmitLogs`, `DuplicateLogs`, `ShuffleLogs`, `ForeignLogs`,
`OutsideLogs`, `CapLogs`. Those of logs act on ``eth_getLogs`` by themselves, without a ``when``.
"""

import random
from collections.abc import Callable
from typing import Any

from eth_utils.crypto import keccak

from tests.faults.proxy import Answer, Call, Fault, FaultyNode, Gone, Reply

# -- the wire --------------------------------------------------------------------------------------


class Drop(Fault):
    """The connection is closed; the real node hears nothing."""

    def arrived(self, node: FaultyNode) -> None:
        raise Gone


class AnswerLost(Fault):
    """The real node hears and does it; the client gets no answer (after a time, a closed door)."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def leaving(self, reply: Reply, node: FaultyNode) -> Reply:
        node.closing.wait(self.seconds)
        raise Gone


class Hang(Fault):
    """Silence for a time, then a closed connection; the real node hears nothing."""

    def __init__(self, seconds: float = 60.0) -> None:
        self.seconds = seconds

    def arrived(self, node: FaultyNode) -> None:
        node.closing.wait(self.seconds)
        raise Gone


class Delay(Fault):
    """The right answer, late."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def arrived(self, node: FaultyNode) -> None:
        node.closing.wait(self.seconds)


class Drip(Fault):
    """The right answer, byte by byte."""

    def __init__(self, pause_seconds: float = 0.1) -> None:
        self.pause_seconds = pause_seconds

    def leaving(self, reply: Reply, node: FaultyNode) -> Reply:
        reply.pause_seconds = self.pause_seconds
        return reply


class Cut(Fault):
    """Half of the right answer, as if that were all."""

    def leaving(self, reply: Reply, node: FaultyNode) -> Reply:
        reply.body = reply.body[: len(reply.body) // 2]
        return reply


class Flood(Fault):
    """The right answer with that many bytes of blanks before it."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes

    def leaving(self, reply: Reply, node: FaultyNode) -> Reply:
        reply.body = b" " * self.size_bytes + reply.body
        return reply


class Status(Fault):
    """An HTTP status in place of an answer; the real node hears nothing."""

    def __init__(
        self, status: int, *, retry_after_seconds: int | None = None, body: bytes = b"no"
    ) -> None:
        self.status, self.retry_after_seconds, self.body = status, retry_after_seconds, body

    def instead(self, call: Call, node: FaultyNode) -> Answer | None:
        return {}

    def leaving(self, reply: Reply, node: FaultyNode) -> Reply:
        reply.status, reply.body = self.status, self.body
        reply.headers = {"Content-Type": "text/plain"}
        if self.retry_after_seconds is not None:
            reply.headers["Retry-After"] = str(self.retry_after_seconds)
        return reply


class Html(Status):
    """A page for people, with status 200: what a gateway says."""

    def __init__(self) -> None:
        super().__init__(200, body=b"<html><body>Just a moment...</body></html>")


class MissingItems(Fault):
    """The last answers of a batch are not there."""

    def __init__(self, count: int = 1) -> None:
        self.count = count

    def batched(self, answers: list[Answer], node: FaultyNode) -> list[Answer]:
        return answers[: -self.count]


class Reordered(Fault):
    """The answers of a batch come in reverse; their ids are right, which JSON-RPC allows."""

    def batched(self, answers: list[Answer], node: FaultyNode) -> list[Answer]:
        return answers[::-1]


# -- one call --------------------------------------------------------------------------------------


class Refuse(Fault):
    """An error in place of the answer; ``forwarded`` = the real node did it all the same."""

    def __init__(
        self, code: int, message: str, data: Any = None, *, forwarded: bool = False
    ) -> None:
        error = {"code": code, "message": message, "data": data}
        self.answer: Answer = {"error": {k: v for k, v in error.items() if v is not None}}
        self.forwarded = forwarded

    def instead(self, call: Call, node: FaultyNode) -> Answer | None:
        return None if self.forwarded else self.answer

    def answered(self, call: Call, answer: Answer, node: FaultyNode) -> Answer:
        return self.answer


class Reword(Fault):
    """The real node's refusals in another client's words; its results are left alone."""

    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message

    def answered(self, call: Call, answer: Answer, node: FaultyNode) -> Answer:
        if "error" not in answer:
            return answer
        return {"error": {**answer["error"], "code": self.code, "message": self.message}}


class Swallow(Fault):
    """A sent transaction is taken with thanks (its hash) and never passed on."""

    def instead(self, call: Call, node: FaultyNode) -> Answer | None:
        if call.method != "eth_sendRawTransaction":
            return None
        return {"result": "0x" + keccak(hexstr=call.params[0]).hex()}


class ChainId(Fault):
    """It says that it is another chain."""

    def __init__(self, chain_id: int) -> None:
        self.chain_id = chain_id

    def instead(self, call: Call, node: FaultyNode) -> Answer | None:
        return {"result": hex(self.chain_id)} if call.method == "eth_chainId" else None


class Tamper(Fault):
    """Results changed by a function of theirs; use it with a ``when``."""

    def __init__(self, change: Callable[[Any], Any]) -> None:
        self.change = change

    def answered(self, call: Call, answer: Answer, node: FaultyNode) -> Answer:
        return {"result": self.change(answer["result"])} if "result" in answer else answer


# -- the chain's state -----------------------------------------------------------------------------


class Stale(Fault):
    """The chain as it was: a head ``behind`` blocks back, or one that stands still at ``at``.

    Blocks, logs and receipts above are unknown, consistently; logs of a range end at the old head
    without a word; logs of an unknown block's hash are none, as some gateways answer.
    """

    def __init__(self, *, behind: int = 0, at: int | None = None) -> None:
        self.behind, self.at = behind, at

    def instead(self, call: Call, node: FaultyNode) -> Answer | None:
        head = self._head(node)
        params = call.params
        if call.method == "eth_blockNumber":
            return {"result": hex(head)}
        if call.method in {"eth_getBlockByNumber", "eth_getBlockReceipts"} and _above(
            params[0], head
        ):
            return {"result": None}
        if call.method == "eth_getLogs":
            span = params[0]
            if "blockHash" in span:
                block = node.upstream.ask("eth_getBlockByHash", span["blockHash"], False)
                unknown = block is None or int(block["number"], 16) > head
                return {"result": []} if unknown else None
            return {"result": []} if _above(span.get("fromBlock", "0x0"), head) else None
        return None

    def asked(self, call: Call, node: FaultyNode) -> Call:
        head = self._head(node)
        params = list(call.params)
        if call.method == "eth_getLogs" and "blockHash" not in params[0]:
            last = params[0].get("toBlock", "latest")
            ends = hex(head) if last == "latest" or _above(last, head) else last
            params[0] = {**params[0], "toBlock": ends}
        else:
            lag = int(node.upstream.ask("eth_blockNumber"), 16) - head
            params = [self._older(value, head, lag, node) for value in params]
        return Call(call.method, params, call.id)

    def answered(self, call: Call, answer: Answer, node: FaultyNode) -> Answer:
        if call.method not in {
            "eth_getBlockByHash",
            "eth_getTransactionReceipt",
            "eth_getTransactionByHash",
            "eth_getBlockReceipts",
        }:
            return answer
        result = answer.get("result")
        block = result[0] if isinstance(result, list) and result else result
        if isinstance(block, dict):
            height = block.get("number", block.get("blockNumber"))
            if height is not None and _above(height, self._head(node)):
                return {"result": None}
        return answer

    def _head(self, node: FaultyNode) -> int:
        real = int(node.upstream.ask("eth_blockNumber"), 16)
        return max(min(real - self.behind, real if self.at is None else self.at), 0)

    def _older(self, value: Any, head: int, lag: int, node: FaultyNode) -> Any:
        if value == "latest":
            return hex(head)
        if value in {"finalized", "safe"} if isinstance(value, str) else False:
            block = node.upstream.ask("eth_getBlockByNumber", value, False)
            return hex(max(int(block["number"], 16) - lag, 0))
        return value


def _above(height: Any, head: int) -> bool:
    return isinstance(height, str) and height.startswith("0x") and _number(height) > head


def _number(height: str) -> int:
    return int(height, 16) if len(height) < 20 else -1  # a hash is no height


# -- logs ------------------------------------------------------------------------------------------


class LogFault(Fault):
    """Acts on the list that ``eth_getLogs`` answers."""

    def change(self, logs: list[Any], call: Call) -> list[Any]:
        """The list in its place."""
        raise NotImplementedError

    def answered(self, call: Call, answer: Answer, node: FaultyNode) -> Answer:
        if call.method != "eth_getLogs" or not isinstance(answer.get("result"), list):
            return answer
        return {"result": self.change(answer["result"], call)}


class OmitLogs(LogFault):
    """Every ``every``-th log is left out, under right block hashes; 1 = all of them."""

    def __init__(self, every: int = 1) -> None:
        self.every = every

    def change(self, logs: list[Any], call: Call) -> list[Any]:
        return [log for place, log in enumerate(logs, start=1) if place % self.every]


class DuplicateLogs(LogFault):
    """Every log twice."""

    def change(self, logs: list[Any], call: Call) -> list[Any]:
        return [log for log in logs for _ in range(2)]


class ShuffleLogs(LogFault):
    """The right logs in any order."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - trouble, not a secret

    def change(self, logs: list[Any], call: Call) -> list[Any]:
        return self.rng.sample(logs, len(logs))


class ForeignLogs(LogFault):
    """One more log, of a contract that was not asked for."""

    def __init__(self, address: str = "0x" + "f0" * 20) -> None:
        self.address = address

    def change(self, logs: list[Any], call: Call) -> list[Any]:
        more = [{**log, "address": self.address, "logIndex": "0xffff"} for log in logs[:1]]
        return logs + more


class OutsideLogs(LogFault):
    """One more log, of a block that was not asked for."""

    def change(self, logs: list[Any], call: Call) -> list[Any]:
        return logs + [
            {
                **log,
                "blockNumber": hex(int(log["blockNumber"], 16) + 1_000_000),
                "blockHash": "0x" + "0f" * 32,
            }
            for log in logs[:1]
        ]


class CapLogs(LogFault):
    """At most ``most`` logs: more are refused in words, or silently cut off."""

    def __init__(self, most: int, *, silently: bool = False) -> None:
        self.most, self.silently = most, silently

    def change(self, logs: list[Any], call: Call) -> list[Any]:
        return logs[: self.most]

    def answered(self, call: Call, answer: Answer, node: FaultyNode) -> Answer:
        result = answer.get("result")
        many = isinstance(result, list) and len(result) > self.most
        if call.method == "eth_getLogs" and many and not self.silently:
            message = f"query returned more than {self.most} results"
            return {"error": {"code": -32005, "message": message}}
        return super().answered(call, answer, node)
