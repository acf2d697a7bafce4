"""An HTTP connection that ends at one instant, come what may.

A socket's own limit begins anew with every byte, so that a server that drips is listened to for
ever; here what is left of the whole exchange is set before every read.
"""

import io
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import SplitResult

ANSWER_BYTES_MAX = 64 * 1024
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close"}
_PORTS = {"https": 443, "http": 80}


class Line(HTTPConnection):
    """A connection to given addresses; ``ends_at`` is an instant of the monotonic clock.

    The name of the URL is not looked up again: it is only what a certificate must be made out to.
    """

    def __init__(self, url: SplitResult, addresses: Sequence[str], *, ends_at: float) -> None:
        super().__init__(url.hostname or "", port_of(url))
        self._addresses, self._ends_at = addresses, ends_at
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
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


def addresses_of(url: SplitResult) -> list[str]:
    """The addresses of the URL's host, each once, in the order to be tried.

    Raises:
        OSError: its name is not known.
    """
    found = socket.getaddrinfo(url.hostname or "", port_of(url), type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def port_of(url: SplitResult) -> int:
    """The port that the URL names, or that of its scheme.

    Raises:
        ValueError: it names one that there cannot be.
    """
    return url.port or _PORTS[url.scheme]


def target_of(url: SplitResult) -> str:
    """What is asked of the host: the URL's path and query."""
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def is_late(error: Exception, ends_at: float) -> bool:
    """Whether an exchange failed because its time was over."""
    return isinstance(error, TimeoutError) or time.monotonic() >= ends_at


def in_words(error: Exception, ends_at: float) -> str:
    """What went wrong, in our own words: a library's would hold the URL, and that may be secret."""
    if is_late(error, ends_at):
        return "No answer in time."
    if isinstance(error, ssl.SSLError):
        return "Its certificate or its TLS is not valid."
    if isinstance(error, socket.gaierror | UnicodeError):
        return "Its name is not known."
    if isinstance(error, ConnectionRefusedError):
        return "It takes no connection."
    return "The connection broke."


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
