"""A real HTTP server that answers badly in every way."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Answer = Callable[[BaseHTTPRequestHandler], None]


class PriceServer:
    """``answers`` by path; ``asked`` are the paths that were, with the Host they were asked of."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str]] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def says(
        self, text: str | bytes, *, status: int = 200, path: str = "/p", **headers: str
    ) -> str:
        """Answer a path with a body; returns its URL."""
        body = text.encode() if isinstance(text, str) else text

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        return self.does(answer, path=path)

    def does(self, answer: Answer, *, path: str = "/p") -> str:
        """Answer a path in any way; returns its URL."""
        self.answers[path] = answer
        return self.url + path

    def drips(self, head: bytes, *, path: str = "/p", seconds: float = 0.05) -> str:
        """Send a head and then a byte now and then, without end; returns the URL."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.wfile.write(head)
            for _ in range(400):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(seconds)

        return self.does(answer, path=path)


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[PriceServer]:
    """A server on a port of its own; over TLS with a certificate and its key in one file."""
    told = PriceServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append((self.path, self.headers.get("Host", "")))
            try:
                told.answers[self.path](self)
            except OSError:
                self.close_connection = True  # the client had enough

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
