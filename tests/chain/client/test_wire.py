"""One exchange over a real socket: its time and its size are ours to decide."""

import gzip
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from apps.chain.client.rpc import NodeTrouble, OverQuota
from apps.chain.client.wire import Http

ASKED = [("eth_chainId", []), ("eth_blockNumber", [])]
ANSWER = json.dumps([{"id": 0, "result": "0x1"}, {"id": 1, "result": "0x2"}]).encode()
Serve = Callable[[socket.socket, int], None]


class Server:
    """Accepts connections and plays each by a function of the connection and its number."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self.serve: Serve = answer
        self.closing = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self.closing.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(
                    target=self._play, args=(connection, self.connections), daemon=True
                ).start()

    def _play(self, connection: socket.socket, number: int) -> None:
        with connection, suppress(OSError):
            self.serve(connection, number)


def hear(connection: socket.socket) -> bytes:
    """One request: head and body."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        part = connection.recv(65536)
        if not part:
            raise OSError("gone")
        heard += part
    head, _, body = heard.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return body


def say(connection: socket.socket, body: bytes, *headers: str, status: str = "200 OK") -> None:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    connection.sendall("\r\n".join(lines).encode() + body)


def answer(connection: socket.socket, number: int) -> None:
    """Answer as long as anybody asks."""
    while True:
        hear(connection)
        say(connection, ANSWER)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def results(answers: list[dict[str, str]]) -> list[str]:
    return [answer["result"] for answer in answers]


class TestConnections:
    def test_are_kept_open(self, server: Server) -> None:
        http = Http()

        for _ in range(5):
            assert results(http(server.url, ASKED, 2.0)) == ["0x1", "0x2"]

        assert server.connections == 1

    def test_each_thread_has_its_own(self, server: Server) -> None:
        http = Http()
        http(server.url, ASKED, 2.0)

        thread = threading.Thread(target=http, args=(server.url, ASKED, 2.0))
        thread.start()
        thread.join()

        assert server.connections == 2

    def test_one_that_was_closed_while_idle_is_opened_again(
        self, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def close_when_asked_again(connection: socket.socket, number: int) -> None:
            hear(connection)
            say(connection, ANSWER)
            hear(connection)
            if number > 1:
                say(connection, ANSWER)

        server.serve = close_when_asked_again
        http = Http()
        http(server.url, ASKED, 2.0)
        monkeypatch.setattr("apps.chain.client.wire._IDLE_SECONDS", 0.0)

        answers = http(server.url, ASKED, 2.0)

        assert results(answers) == ["0x1", "0x2"]
        assert server.connections == 2


class TestTime:
    @pytest.mark.parametrize("pause_seconds", [0.05, 30.0])
    @pytest.mark.parametrize("silent_bytes", [0, 10, 60, 120])
    def test_a_drip_from_any_byte_on_ends_in_time(
        self, server: Server, silent_bytes: int, pause_seconds: float
    ) -> None:
        def drip(connection: socket.socket, number: int) -> None:
            hear(connection)
            head = f"HTTP/1.1 200 OK\r\nX-Long: {'x' * 60}\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
            whole = head.encode() + ANSWER
            connection.sendall(whole[:silent_bytes])
            for place in range(silent_bytes, len(whole)):
                connection.sendall(whole[place : place + 1])
                if server.closing.wait(pause_seconds):
                    return

        server.serve = drip
        begun = time.monotonic()

        with pytest.raises(NodeTrouble, match="no answer in time"):
            Http()(server.url, ASKED, 0.4)

        assert time.monotonic() - begun < 0.8

    def test_a_node_that_does_not_read_ends_in_time(self, server: Server) -> None:
        def deaf(connection: socket.socket, number: int) -> None:
            server.closing.wait()

        server.serve = deaf
        long = [("eth_call", ["0x" + "00" * 8_000_000])]
        begun = time.monotonic()

        with pytest.raises(NodeTrouble):
            Http()(server.url, long, 0.4)

        assert time.monotonic() - begun < 1.5

    def test_a_host_of_many_addresses_that_are_all_deaf_ends_in_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.create_server(("0.0.0.0", 0), backlog=0) as deaf:  # noqa: S104 - for a moment
            port = deaf.getsockname()[1]
            waiting = [socket.socket() for _ in range(4)]
            for filler in waiting:  # what the backlog cannot hold is left without an answer
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            found = socket.getaddrinfo

            def look_up(host: str, *args: Any, **kwargs: Any) -> Any:
                hosts = [f"127.0.0.{n}" for n in range(1, 7)] if host == "many.test" else [host]
                return [entry for one in hosts for entry in found(one, *args, **kwargs)]

            monkeypatch.setattr(socket, "getaddrinfo", look_up)
            begun = time.monotonic()

            with pytest.raises(NodeTrouble, match="no answer in time"):
                Http()(f"http://many.test:{port}", ASKED, 0.4)

            took = time.monotonic() - begun
            for filler in waiting:
                filler.close()
        assert took < 0.8


class TestWords:
    def test_headers_that_make_no_sense_do_not_bring_the_url_into_the_log(
        self, server: Server, caplog: pytest.LogCaptureFixture
    ) -> None:
        def odd(connection: socket.socket, number: int) -> None:
            hear(connection)
            say(connection, ANSWER, "no header at all", "X: y")

        server.serve = odd
        caplog.set_level(logging.DEBUG)

        assert results(Http()(f"{server.url}/v3/sesame", ASKED, 2.0)) == ["0x1", "0x2"]
        assert "sesame" not in caplog.text

    def test_a_compressed_answer_is_read(self, server: Server) -> None:
        def compressed(connection: socket.socket, number: int) -> None:
            hear(connection)
            say(connection, gzip.compress(ANSWER), "Content-Encoding: gzip")

        server.serve = compressed

        assert results(Http()(server.url, ASKED, 2.0)) == ["0x1", "0x2"]

    def test_an_answer_in_chunks_is_read(self, server: Server) -> None:
        def chunked(connection: socket.socket, number: int) -> None:
            hear(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for byte in ANSWER:
                connection.sendall(b"1\r\n" + bytes([byte]) + b"\r\n")
            connection.sendall(b"0\r\n\r\n")

        server.serve = chunked

        assert results(Http()(server.url, ASKED, 2.0)) == ["0x1", "0x2"]

    def test_no_redirect_is_followed(self, server: Server) -> None:
        def elsewhere(connection: socket.socket, number: int) -> None:
            hear(connection)
            say(connection, b"", f"Location: {server.url}", status="307 Temporary Redirect")

        server.serve = elsewhere

        with pytest.raises(NodeTrouble, match="HTTP 307"):
            Http()(server.url, ASKED, 2.0)

        assert server.connections == 1

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("Retry-After: 12", 12.0),
            ("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT", 0.0),
            ("A: b", 0.0),
        ],
    )
    def test_a_quota_says_when_to_come_back(
        self, server: Server, header: str, seconds: float
    ) -> None:
        def busy(connection: socket.socket, number: int) -> None:
            hear(connection)
            say(connection, b"slow down", header, status="429 Too Many Requests")

        server.serve = busy

        with pytest.raises(OverQuota) as trouble:
            Http()(server.url, ASKED, 2.0)

        assert trouble.value.retry_after_seconds == seconds

    def test_an_error_for_the_whole_batch_answers_each(self, server: Server) -> None:
        def refuse(connection: socket.socket, number: int) -> None:
            hear(connection)
            say(connection, b'{"error": {"code": -32600, "message": "no"}}', status="200 OK")

        server.serve = refuse

        answers = Http()(server.url, ASKED, 2.0)

        assert [answer["error"]["message"] for answer in answers] == ["no", "no"]
