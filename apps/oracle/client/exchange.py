"""One GET: to a public host over TLS, within one deadline, no more than 64 KB, no redirects.

The name is looked up once, every address it has must be public, and the connection goes to exactly
those addresses, so a name that answers differently the next time leads nowhere. No proxy is used:
behind one nobody could say where the connection goes. The deadline is for the whole exchange; a
socket's own limit begins anew with every byte.
"""

import io
import socket
import ssl
import time
from contextlib import closing, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from apps.oracle.client.trouble import NoFigure
from apps.oracle.rules.hosts import is_public

ANSWER_BYTES_MAX = 64 * 1024
_PORTS = {"https": 443, "http": 80}
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "paimon",
}


def get(url: str, *, ends_at: float, allow_private: bool) -> bytes:
    """The body of a 200 answer; ``ends_at`` is an instant of the monotonic clock.

    Raises:
        NoFigure: there is none, and why.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        raise NoFigure("Only https is asked.")
    try:
        return _got(parts, ends_at=ends_at, allow_private=allow_private)
    except (HTTPException, OSError, ValueError) as error:
        raise NoFigure(_in_words(error, ends_at)) from error


def _got(parts: SplitResult, *, ends_at: float, allow_private: bool) -> bytes:
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    addresses = _addresses(host, port, allow_private=allow_private)
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    with closing(_Line(host, port, addresses=addresses, tls=tls, ends_at=ends_at)) as line:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        line.request("GET", target, headers=_HEADERS)
        return _body(line.getresponse())


def _addresses(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The host's addresses in the order to be tried; all of them are public, or none is used."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not allow_private and not all(is_public(ip_address(one)) for one in addresses):
        raise NoFigure("Its host is not on the public internet, so it is not asked.")
    return addresses


def _body(answer: HTTPResponse) -> bytes:
    if 300 <= answer.status < 400:
        raise NoFigure(f"It leads elsewhere (HTTP {answer.status}), where nobody follows.")
    if answer.status != 200:
        raise NoFigure(f"It answered HTTP {answer.status}.")
    if answer.getheader("Content-Encoding", "identity") != "identity":
        raise NoFigure("Its answer is compressed, which nobody asked for.")
    body = answer.read(ANSWER_BYTES_MAX + 1)
    if len(body) > ANSWER_BYTES_MAX:
        raise NoFigure(f"Its answer is larger than {ANSWER_BYTES_MAX >> 10} KB.")
    if answer.length:
        raise NoFigure("Its answer broke off.")
    return body


def _in_words(error: Exception, ends_at: float) -> str:
    if isinstance(error, TimeoutError) or time.monotonic() >= ends_at:
        return "No answer in time."
    if isinstance(error, ssl.SSLError):
        return "Its certificate or its TLS is not valid."
    if isinstance(error, socket.gaierror | UnicodeError):
        return "Its name is not known."
    if isinstance(error, ConnectionRefusedError):
        return "It takes no connection."
    return "The connection broke."


class _Line(HTTPConnection):
    """A connection to addresses that were checked, all of it before one instant."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        addresses: list[str],
        tls: ssl.SSLContext | None,
        ends_at: float,
    ) -> None:
        super().__init__(host, port)
        self._addresses, self._tls, self._ends_at = addresses, tls, ends_at
        self.response_class = partial(_TimedAnswer, ends_at=ends_at)  # type: ignore[assignment]

    def connect(self) -> None:
        self.sock = self._connected()
        self.sock.settimeout(_left(self._ends_at))
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)
            self.sock.settimeout(_left(self._ends_at))

    def _connected(self) -> socket.socket:
        """To the first address that has a connection to give; each gets half of what is left."""
        *others, last = self._addresses
        for address in others:
            with suppress(OSError):
                return socket.create_connection((address, self.port), _left(self._ends_at) / 2)
        return socket.create_connection((last, self.port), _left(self._ends_at))


class _TimedAnswer(HTTPResponse):
    def __init__(self, sock: Any, *args: Any, ends_at: float, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Timed(sock, ends_at))


class _Timed(io.RawIOBase):
    """A socket's bytes, as long as there is time."""

    def __init__(self, sock: Any, ends_at: float) -> None:
        self._sock, self._raw, self._ends_at = sock, sock.makefile("rb", buffering=0), ends_at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_left(self._ends_at))
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
