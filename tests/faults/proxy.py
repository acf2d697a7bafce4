"""A node that misbehaves on purpose: a JSON-RPC proxy in front of a real one.

    with FaultyNode(anvil.url) as node:
        node.add(Status(429, retry_after_seconds=7), when=method("eth_getLogs"), times=2)
        node.add(Stale(behind=5))
        node.mix({Drop(): 0.05, OmitLogs(): 0.1}, seed=7)
        Client(replace(config, rpc_urls=(node.url, anvil.url)))
        ...
        node.heal()

Without faults it passes everything on. A fault added by `add` acts on every exchange in which a
call meets `when`, at most `times` times; of a `mix` at most one acts on an exchange, by chance: the
same for the same seed and order of exchanges. The faults themselves are in `tests.faults.troubles`.
`node.calls` lists what was asked, for tests that look at it. The WebSocket's twin is
`tests.faults.socket_proxy`.
"""

import json
import random
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import urllib3

Answer = dict[str, Any]
"""What a node says to one call: a result or an error."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an exchange."""

    method: str
    params: list[Any]
    id: Any = None


@dataclass(slots=True)
class Reply:
    """What goes back over the wire; ``pause_seconds`` between its bytes, all at once when 0."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    pause_seconds: float = 0.0


class Gone(Exception):
    """The connection ends here, without an answer."""


class Upstream:
    """The real node, as faults may ask it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool = urllib3.PoolManager(maxsize=8, retries=False)

    def ask(self, method_: str, *params: Any) -> Any:
        """One result; None where the node refuses."""
        return self.pass_on([Call(method_, list(params))])[0].get("result")

    def pass_on(self, calls: Sequence[Call]) -> list[Answer]:
        """What the node says to each call."""
        body = [
            {"jsonrpc": "2.0", "id": place, "method": call.method, "params": call.params}
            for place, call in enumerate(calls)
        ]
        response = self._pool.request(
            "POST",
            self.url,
            body=json.dumps(body),
            headers={"Content-Type": "application/json"},
            timeout=30.0,
        )
        answers = sorted(response.json(), key=lambda answer: answer["id"])
        return [{k: a[k] for k in ("result", "error") if k in a} for a in answers]

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


class Fault:
    """One way to misbehave; a fault overrides what it changes.

    In order: ``arrived`` once per exchange, before anything; ``instead`` and ``asked`` for each
    call that meets the rule, before the real node; ``answered`` for each, after it; ``batched`` and
    ``leaving`` once, on what goes out.
    """

    def arrived(self, node: "FaultyNode") -> None:
        """Wait, or raise `Gone`."""

    def instead(self, call: Call, node: "FaultyNode") -> Answer | None:
        """An answer without the real node."""
        return None

    def asked(self, call: Call, node: "FaultyNode") -> Call:
        """What the real node is asked in place of the call."""
        return call

    def answered(self, call: Call, answer: Answer, node: "FaultyNode") -> Answer:
        """What is said in place of the real node's answer; ``call`` as the client made it."""
        return answer

    def batched(self, answers: list[Answer], node: "FaultyNode") -> list[Answer]:
        """Which of the finished answers go out, in which order."""
        return answers

    def leaving(self, reply: Reply, node: "FaultyNode") -> Reply:
        """What goes over the wire; or `Gone` raised."""
        return reply


When = Callable[[Call], bool]


def method(*names: str) -> When:
    """Calls of these methods."""
    return lambda call: call.method in names


@dataclass(slots=True)
class _Rule:
    fault: Fault
    when: When | None
    times: int | None

    def meets(self, call: Call) -> bool:
        return self.when is None or self.when(call)


class FaultyNode:
    """The proxy; serves from `__enter__` to `__exit__`, or from `start` to `stop`."""

    def __init__(self, upstream_url: str) -> None:
        self.upstream = Upstream(upstream_url)
        self.calls: list[Call] = []
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self._chances: Mapping[Fault, float] = {}
        self._rng = random.Random(0)  # noqa: S311 - trouble, not a secret
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    # -- what is wrong with it -----------------------------------------------------------------

    def add(self, fault: Fault, *, when: When | None = None, times: int | None = None) -> Fault:
        """Misbehave so from now on: for calls that meet ``when``, in ``times`` exchanges."""
        with self._lock:
            self._rules.append(_Rule(fault, when, times))
        return fault

    def remove(self, fault: Fault) -> None:
        """Stop misbehaving so."""
        with self._lock:
            self._rules = [rule for rule in self._rules if rule.fault is not fault]

    def mix(self, chances: Mapping[Fault, float], *, seed: int) -> None:
        """At most one of these on every exchange, each with its chance (0…1)."""
        with self._lock:
            self._chances, self._rng = chances, random.Random(seed)  # noqa: S311

    def heal(self) -> None:
        """Behave from now on."""
        with self._lock:
            self._rules, self._chances = [], {}

    # -- serving -------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def count(self, method_: str) -> int:
        """How many calls of a method came in so far."""
        return sum(call.method == method_ for call in self.calls)

    def start(self) -> Self:
        """Serve in a thread."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Let go of whoever hangs, and end."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.upstream.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def reply_to(self, body: bytes) -> Reply:
        """What to say to a request's body.

        Raises:
            Gone: nothing, and close.
        """
        asked = json.loads(body)
        items = asked if isinstance(asked, list) else [asked]
        calls = [Call(item["method"], item.get("params") or [], item.get("id")) for item in items]
        rules = self._draw(calls)
        for rule in rules:
            rule.fault.arrived(self)
        answers = [
            {"jsonrpc": "2.0", "id": call.id, **answer}
            for call, answer in zip(calls, self._answers(calls, rules), strict=True)
        ]
        for rule in rules:
            answers = rule.fault.batched(answers, self)
        reply = Reply(json.dumps(answers if isinstance(asked, list) else answers[0]).encode())
        for rule in rules:
            reply = rule.fault.leaving(reply, self)
        return reply

    def _draw(self, calls: Sequence[Call]) -> list[_Rule]:
        """The rules that act on an exchange."""
        with self._lock:
            self.calls.extend(calls)
            acting = []
            for rule in self._rules:
                if rule.times != 0 and any(rule.meets(call) for call in calls):
                    rule.times = None if rule.times is None else rule.times - 1
                    acting.append(rule)
            luck = self._rng.random() if self._chances else 1.0
            for fault, chance in self._chances.items():
                if luck < chance:
                    acting.append(_Rule(fault, None, None))
                    break
                luck -= chance
            return acting

    def _answers(self, calls: Sequence[Call], rules: Sequence[_Rule]) -> list[Answer]:
        answers: dict[int, Answer] = {}
        passed: dict[int, Call] = {}
        for place, call in enumerate(calls):
            faults = [rule.fault for rule in rules if rule.meets(call)]
            own = next((own for f in faults if (own := f.instead(call, self)) is not None), None)
            if own is not None:
                answers[place] = own
                continue
            changed = call
            for fault in faults:
                changed = fault.asked(changed, self)
            passed[place] = changed
        if passed:
            said = self.upstream.pass_on(list(passed.values()))
            for place, answer in zip(passed, said, strict=True):
                for rule in rules:
                    if rule.meets(calls[place]):
                        answer = rule.fault.answered(calls[place], answer, self)  # noqa: PLW2901
                answers[place] = answer
        return [answers[place] for place in range(len(calls))]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, node: FaultyNode) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.node = node

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up waiting is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            reply = self.server.node.reply_to(body)
        except Gone:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in reply.headers:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if not reply.pause_seconds:
            self.wfile.write(reply.body)
            return
        for place in range(len(reply.body)):
            self.wfile.write(reply.body[place : place + 1])
            self.wfile.flush()
            if self.server.node.closing.wait(reply.pause_seconds):
                break

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Quiet."""
