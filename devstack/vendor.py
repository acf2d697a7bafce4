"""A price vendor on the loopback: tells by HTTP what the development chain's market pays.

`python -m devstack.vendor --port 8002 --chain-file chains.toml` answers `/prices/<token>.json` with
`{"price": "1.0413", "as_of": "2026-01-31T12:00:00Z"}`. As vendors do, it differs a little from
others, always by the same few basis points, and its clock is the wall's.
"""

import argparse
import json
import re
import threading
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from devnet.errors import DevnetError
from devnet.fund import Contract, Fund
from devstack.ports import LOOPBACK
from devstack.stopping import told_to_stop

REQUEST_SECONDS_MAX = 5.0
_PATH = re.compile(r"/prices/(0x[0-9a-f]{40})\.json")
_FEED_DECIMALS = 8
_OPINIONS_BPS = range(-3, 4)


class Vendor:
    """The server in a thread of its own."""

    def __init__(self, hub: Contract, port: int = 0) -> None:
        """Take the port; 0 picks a free one."""

        class Handler(_Handler):
            market = hub

        self._server = HTTPServer((LOOPBACK, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="vendor")

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def start(self) -> None:
        """Start answering."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def quote(token: str, answer: int) -> str:
    """What the vendor says of a market price with 8 decimals, rounded half even to 6."""
    opinion = _OPINIONS_BPS[int(token, 16) % len(_OPINIONS_BPS)]
    price = Decimal(answer).scaleb(-_FEED_DECIMALS) * (10_000 + opinion) / 10_000
    return f"{price:.6f}"


class _Handler(BaseHTTPRequestHandler):
    market: Contract
    timeout = REQUEST_SECONDS_MAX

    def do_GET(self) -> None:
        asked = _PATH.fullmatch(self.path)
        if asked is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        try:
            answer: int = self.market.read("market", asked[1])
        except DevnetError:
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        if answer == 0:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        body = json.dumps({"price": quote(asked[1], answer), "as_of": now}).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of what went well."""


def main() -> None:
    """Run the server until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m devstack.vendor", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--chain-file", type=Path, required=True)
    arguments = parser.parse_args()

    stopped = told_to_stop()
    vendor = Vendor(Fund.connect(arguments.chain_file).hub, arguments.port)
    vendor.start()
    print(f"prices at {vendor.url}/prices/", flush=True)
    stopped.wait()
    vendor.stop()


if __name__ == "__main__":
    main()
