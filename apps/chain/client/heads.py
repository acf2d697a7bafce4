"""News of new blocks by WebSocket: a hint to look at once, never data.

Polling is the truth, so whatever is lost here is only seen a poll later.
"""

import itertools
import json
import logging
import threading
from collections.abc import Sequence

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from apps.chain.client.node import label_of

log = logging.getLogger(__name__)
# When debugging it writes whole addresses, which may hold a key.
logging.getLogger("websockets.client").setLevel(logging.INFO)

_SUBSCRIBE = json.dumps(
    {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
)
_PAUSE_SECONDS = (1.0, 60.0)
"""Before the next address is tried: the first time, and at most."""
_OPEN_SECONDS = 5.0
_PING_SECONDS = 10.0
_BETWEEN_HEADS_SECONDS = 0.05
"""News comes no faster than this; a talkative node must not make us ask without a rest."""
_MESSAGE_BYTES_MAX = 2**20


class NoHeads(Exception):
    """Connected, but no news comes."""


class HeadWatcher:
    """Listens to one address at a time, in a thread, and takes the next when it falls silent."""

    def __init__(self, urls: Sequence[str], *, silence_seconds: float = 30.0) -> None:
        self._urls = tuple(urls)
        self._silence_seconds = silence_seconds
        self._stopping = threading.Event()
        self._connection: Connection | None = None
        self._thread: threading.Thread | None = None
        self._hears = False

    def start(self, wake: threading.Event) -> None:
        """Set ``wake`` at each new block from now on; without addresses never."""
        if self._urls:
            self._thread = threading.Thread(
                target=self._run, args=(wake,), name="chain-heads", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Hang up, and wait until that is done."""
        self._stopping.set()
        if self._connection is not None:
            self._connection.close()
        if self._thread is not None:
            self._thread.join(timeout=_OPEN_SECONDS)

    def _run(self, wake: threading.Event) -> None:
        pause, longest = _PAUSE_SECONDS
        told = False
        for url in itertools.cycle(self._urls):
            self._hears = False
            try:
                self._listen(url, wake)
            except (WebSocketException, NoHeads, OSError, ValueError, RecursionError) as trouble:
                if self._stopping.is_set():
                    return
                if self._hears:
                    pause, told = _PAUSE_SECONDS[0], False
                if not told:  # once, until there is news again
                    words = str(trouble) if isinstance(trouble, NoHeads) else type(trouble).__name__
                    log.info(
                        "no news of blocks from %s (%s); polling goes on", label_of(url), words
                    )
                    told = True
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, longest)

    def _listen(self, url: str, wake: threading.Event) -> None:
        """Until it closes or falls silent."""
        with connect(
            url,
            open_timeout=_OPEN_SECONDS,
            close_timeout=1.0,
            ping_interval=_PING_SECONDS,
            ping_timeout=_PING_SECONDS,
            compression=None,
            max_size=_MESSAGE_BYTES_MAX,
        ) as connection:
            self._connection = connection
            connection.send(_SUBSCRIBE)
            while not self._stopping.is_set():
                try:
                    message = json.loads(connection.recv(timeout=self._silence_seconds))
                except TimeoutError:
                    raise NoHeads(f"silent for {self._silence_seconds:g} s") from None
                if not isinstance(message, dict) or "error" in message:
                    raise NoHeads("it does not tell of new blocks")
                if message.get("method") == "eth_subscription":
                    self._hears = True
                    wake.set()
                    self._stopping.wait(_BETWEEN_HEADS_SECONDS)
