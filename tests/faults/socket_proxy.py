"""A node's WebSocket that misbehaves on purpose: silent, closed, or not there.

with FaultySocket(anvil.ws_url) as wire:
    HeadWatcher((wire.url,)).start(wake)
    wire.silent.set()     # open, but nothing comes through any more
    wire.close_all()      # everybody is thrown out, and may come again
"""

import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve


class FaultySocket:
    """Passes messages both ways until told otherwise."""

    def __init__(self, upstream_url: str) -> None:
        self.silent = threading.Event()
        self.connections = 0
        self._upstream_url = upstream_url
        self._open: set[ServerConnection] = set()
        self._server = serve(self._relay, "127.0.0.1", 0, compression=None)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def close_all(self) -> None:
        """Throw everybody out."""
        for connection in list(self._open):
            connection.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close_all()
        self._server.shutdown()
        self._thread.join()

    def _relay(self, client: ServerConnection) -> None:
        self.connections += 1
        self._open.add(client)
        with (
            suppress(ConnectionClosed, OSError),
            connect(self._upstream_url, compression=None) as node,
        ):
            back = threading.Thread(target=self._back, args=(node, client), daemon=True)
            back.start()
            for message in client:
                node.send(message)
        self._open.discard(client)

    def _back(self, node: ClientConnection, client: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            for message in node:
                if not self.silent.is_set():
                    client.send(message)
        client.close()
