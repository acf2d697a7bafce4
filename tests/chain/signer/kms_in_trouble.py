"""A region that is there and does not sign: a local HTTP server with one bad answer for all."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TROUBLES = {
    "throttled": (400, json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"})),
    "too many": (429, ""),
    "internal": (500, json.dumps({"__type": "KMSInternalException"})),
    "overloaded": (503, "<html>Service Unavailable</html>"),
    "cut off": (200, '{"Signature": "MEUC'),
    "empty": (200, "{}"),
    "garbled": (200, json.dumps({"Signature": "A", "PublicKey": "A"})),
    "of another kind": (200, json.dumps({"Signature": 5, "PublicKey": [5]})),
    "a list": (200, "[1]"),
    "deep": (200, "[" * 100_000),
}
SILENT, SHUT = "silent", "shut"


@contextmanager
def region_in_trouble(trouble: str) -> Iterator[str]:
    """The URL of a region that is TROUBLES[trouble], takes requests in silence, or has no door."""
    over = threading.Event()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if trouble == SILENT:
                over.wait()
                return
            status, text = TROUBLES[trouble]
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    url = f"http://127.0.0.1:{server.server_port}"
    if trouble == SHUT:
        server.server_close()
        yield url
        return
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield url
    over.set()
    server.shutdown()
    server.server_close()
