"""What pages ask: soon or not at all, and never more than they can hold."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from apps.chain.client import ChainUnavailable
from apps.chain.queries.nodes import WEB_ANSWER_BYTES_MAX, web_client
from tests.chain.client.conftest import chain_of


class Talkative(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        # What is left unread of the request, or closed too early, the client may see as a reset.
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(WEB_ANSWER_BYTES_MAX // 2**20 + 2):
                self.wfile.write(b"[]," * 2**18 + b" " * 2**18)
            self.rfile.read(1)  # until the client hangs up
        except OSError:
            pass  # hung up on

    def log_message(self, *_: object) -> None:
        pass


class TestWebClient:
    def test_is_one_for_all_threads(self) -> None:
        config = chain_of("http://127.0.0.1:1")

        assert web_client(config) is web_client(config)

    def test_an_answer_too_large_for_a_page_is_left(self) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Talkative)
        Thread(target=server.serve_forever, daemon=True).start()
        client = web_client(chain_of(f"http://127.0.0.1:{server.server_port}"))

        with pytest.raises(ChainUnavailable, match="larger than 8 MB"):
            client.call("eth_blockNumber")

        server.shutdown()
        server.server_close()
