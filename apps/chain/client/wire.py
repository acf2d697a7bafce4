"""JSON-RPC over HTTP: one exchange, within its time and its size whatever the other side does.

The time limit is for the whole exchange. The socket's own limits begin anew with every byte, so a
node that drips would hold us for hours: here each read gets only the time that is left.
"""

import io
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from apps.chain.client.rpc import NodeTrouble, OverQuota, Request

ANSWER_BYTES_MAX = 64 * 2**20
_CHUNK_BYTES = 1 << 18
_IDLE_SECONDS = 2.0
_CLOSED_AT_ONCE_SECONDS = 0.5
_TOO_LARGE_WEIGHT = 0.5
"""An answer too large is as much the request's fault as the node's."""
_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "User-Agent": "paimon",
}

# urllib3 writes whole URLs, which may hold a key: with headers it cannot read, and when debugging.
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.ERROR)

_exchange = threading.local()


@dataclass(slots=True)
class _Line:
    """One thread's connections to one node."""

    session: requests.Session
    used_at: float


class Http:
    """Connections kept open, each thread with its own."""

    def __init__(self, *, answer_bytes_max: int = ANSWER_BYTES_MAX) -> None:
        self._local = threading.local()
        self._answer_bytes_max = answer_bytes_max

    def __call__(self, url: str, requests_: Sequence[Request], seconds: float) -> list[Any]:
        """One batch's answers, in the order of the requests.

        Raises:
            NodeTrouble: no answer, none in time, or none that is JSON-RPC.
        """
        body = json.dumps(
            [
                {"jsonrpc": "2.0", "id": place, "method": method, "params": params}
                for place, (method, params) in enumerate(requests_)
            ]
        ).encode()
        _exchange.ends_at = time.monotonic() + seconds
        try:
            status, retry_after, content = self._post(url, body)
        except (requests.RequestException, HTTPError, OSError) as error:
            # Without its cause, whose words hold the URL.
            raise NodeTrouble(_in_words(error)) from None
        if status == 429:
            raise OverQuota("it is over its quota (HTTP 429)", retry_after_seconds=retry_after)
        if status == 413:
            raise NodeTrouble("HTTP 413", weight=_TOO_LARGE_WEIGHT)
        return _in_order(_parsed(content, status), len(requests_))

    def _post(self, url: str, body: bytes) -> tuple[int, float, bytes]:
        line = self._line(url)
        now = time.monotonic()
        idle_seconds, line.used_at = now - line.used_at, now
        try:
            return self._exchanged(line.session, url, body)
        except requests.ConnectionError:
            # A connection left idle may have been closed by the node just as it was used again.
            if idle_seconds < _IDLE_SECONDS or time.monotonic() - now > _CLOSED_AT_ONCE_SECONDS:
                raise
            return self._exchanged(line.session, url, body)

    def _exchanged(
        self, session: requests.Session, url: str, body: bytes
    ) -> tuple[int, float, bytes]:
        """Status, Retry-After in seconds, and the body."""
        with session.post(
            url, data=body, timeout=_seconds_left(), stream=True, allow_redirects=False
        ) as response:
            content = bytearray()
            for chunk in response.iter_content(_CHUNK_BYTES):
                content += chunk
                if len(content) > self._answer_bytes_max:
                    raise NodeTrouble(
                        f"its answer is larger than {self._answer_bytes_max >> 20} MB",
                        weight=_TOO_LARGE_WEIGHT,
                    )
            after = response.headers.get("Retry-After", "")
            return response.status_code, float(after) if after.isdecimal() else 0.0, bytes(content)

    def _line(self, url: str) -> _Line:
        lines: dict[str, _Line] = self._local.__dict__.setdefault("lines", {})
        if url not in lines:
            session = requests.Session()
            session.proxies = dict(get_environ_proxies(url))  # once, not at every request
            session.trust_env = False
            session.headers.update(_HEADERS)
            for scheme in ("http://", "https://"):
                session.mount(scheme, _Adapter(pool_connections=1, pool_maxsize=1))
            lines[url] = _Line(session, time.monotonic())
        return lines[url]


def _parsed(content: bytes, status: int) -> Any:
    """The JSON of an answer; some nodes refuse requests with an HTTP status beside it."""
    try:
        answers = json.loads(content)
    except (ValueError, RecursionError):
        said = f"HTTP {status}" if status != 200 else "its answer is not JSON"
        raise NodeTrouble(said) from None
    if status >= 500 or (status != 200 and not isinstance(answers, list)):
        raise NodeTrouble(f"HTTP {status}")
    return answers


def _in_order(answers: Any, count: int) -> list[Any]:
    if isinstance(answers, dict) and isinstance(answers.get("error"), dict):
        answers = [{**answers, "id": place} for place in range(count)]  # one error for all of it
    if not isinstance(answers, list):
        raise NodeTrouble("its answer is not JSON-RPC")
    by_id = {str(answer.get("id")): answer for answer in answers if isinstance(answer, dict)}
    places = [str(place) for place in range(count)]
    if len(answers) != count or any(place not in by_id for place in places):
        answered = sum(place in by_id for place in places)
        raise NodeTrouble(f"it answered {answered} of {count} requests")
    return [by_id[place] for place in places]


def _in_words(error: Exception) -> str:
    if time.monotonic() >= _exchange.ends_at or isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke"
    if isinstance(error, requests.ConnectionError):
        return "cannot connect"
    return type(error).__name__


# -- the time that is left ---------------------------------------------------------------------


class _Timed(io.RawIOBase):
    """A socket's bytes, as long as this thread's exchange has time."""

    def __init__(self, sock: Any) -> None:
        self._sock, self._raw = sock, sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _exchange.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Timed(sock))


class _HttpConnection(HTTPConnection):
    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        return _connected(self, super()._new_conn)


class _HttpsConnection(HTTPSConnection):
    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        return _connected(self, super()._new_conn)


def _connected(line: HTTPConnection, connect: Callable[[], socket.socket]) -> socket.socket:
    """A connection to the first of the host's addresses that has one to give.

    Each gets half of the time that is left; urllib3 would give each all of it.
    """
    name = line._dns_host  # noqa: SLF001 - ``host`` leaves a final dot out
    try:
        found = socket.getaddrinfo(name.strip("[]"), line.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return connect()  # which says why in words of its own
    *others, last = dict.fromkeys(str(address[0]) for *_, address in found)
    for address in others:
        with suppress(ConnectTimeoutError, NewConnectionError):
            return _connected_to(address, line, connect)
    return _connected_to(last, line, connect)


def _connected_to(
    address: str, line: HTTPConnection, connect: Callable[[], socket.socket]
) -> socket.socket:
    name = line._dns_host  # noqa: SLF001
    line.timeout = _seconds_left() / 2
    line._dns_host = address  # noqa: SLF001
    try:
        sock = connect()
    finally:
        line._dns_host = name  # noqa: SLF001
    sock.settimeout(_seconds_left())  # for the handshake of TLS
    return sock


def _seconds_left() -> float:
    return float(max(_exchange.ends_at - time.monotonic(), 0.001))


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _Adapter(HTTPAdapter):
    """Uses connections that mind the time, directly and through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _mind_the_time(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        _mind_the_time(manager)
        return manager


def _mind_the_time(manager: Any) -> None:
    manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
