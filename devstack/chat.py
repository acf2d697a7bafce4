"""A local stand-in for Slack, Telegram and PagerDuty that keeps every message as a file.

`python -m devstack.chat --port 8030 --dir chat` runs it by itself and shows at `/` what arrived;
tests run it in a thread and can tell it what to answer.
"""

import argparse
import itertools
import json
import os
import re
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from devstack import chat_page, chat_services
from devstack.chat_services import Keys, Verdict
from devstack.ports import LOOPBACK, free_port
from devstack.stopping import told_to_stop

BODY_BYTES_MAX = 1 << 20
_TELEGRAM_PATH = re.compile(r"/bot([^/]+)/sendMessage")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that a test asks for, instead of the service's own.

    ``delay_seconds`` is waited before it, ``drip_seconds`` before each of its bytes; ``cut`` closes
    the connection without a word. ``takes``: the message is kept all the same.
    """

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    drip_seconds: float = 0.0
    cut: bool = False
    takes: bool = False


class Chat:
    """The three services behind one port; messages land in `directory`/new, oldest name first."""

    def __init__(self, directory: Path, port: int = 0, keys: Keys | None = None) -> None:
        """Describe the server; nothing happens before `start`.

        Args:
            directory: where messages are kept.
            port: taken when it is free, otherwise the system picks one (see `port` afterwards).
            keys: what opens it; the demo's own when nothing is said.
        """
        self.directory = directory
        self.port = port
        self.keys = keys or Keys()
        self.answers: dict[str, deque[Answer]] = defaultdict(deque)
        """Service → what it answers next, one each, before it answers as usual."""
        self.always: dict[str, Answer] = {}
        """Service → what it answers whenever nothing else is asked for."""
        self.requests: list[tuple[str, dict[str, Any]]] = []
        """Every request, taken or not: the service and the body."""
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it answers, and what the demo links to."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """The environment of an installation that talks to it."""
        operations, critical = "#operations", "#critical"
        return {
            "PAIMON_SLACK_TOKEN": self.keys.slack_token,
            "PAIMON_SLACK_CHANNEL": operations,
            "PAIMON_SLACK_CRITICAL_CHANNEL": critical,
            "PAIMON_SLACK_API_URL": f"{self.url}/api/",
            "PAIMON_TELEGRAM_TOKEN": self.keys.telegram_token,
            "PAIMON_TELEGRAM_CHAT": self.keys.telegram_chat,
            "PAIMON_TELEGRAM_API_URL": self.url,
            "PAIMON_PAGERDUTY_KEY": self.keys.pagerduty_key,
            "PAIMON_PAGERDUTY_URL": f"{self.url}/v2/enqueue",
        }

    def start(self) -> None:
        """Start listening."""
        for folder in ("new", "tmp"):
            (self.directory / folder).mkdir(parents=True, exist_ok=True)
        self.port = free_port(self.port)

        class Handler(_Handler):
            chat = self

        self._server = ThreadingHTTPServer((LOOPBACK, self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="chat", daemon=True).start()

    def stop(self) -> None:
        """Let whoever is kept waiting go, and stop; nothing when it was not running."""
        self.stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def messages(self, service: str = "") -> list[dict[str, Any]]:
        """What has arrived, oldest first: ``service``, ``to``, ``provider_id``, ``body``."""
        found = messages_in(self.directory)
        return [one for one in found if service in ("", one["service"])]

    def verdict(self, path: str, headers: Mapping[str, str], raw: bytes) -> tuple[str, Verdict]:
        """Which service is asked, and what it would say; "" when there is none at this path."""
        body, number = chat_services.parsed(raw), next(self._numbers)
        telegram = _TELEGRAM_PATH.fullmatch(path)
        if path == "/api/chat.postMessage":
            service, verdict = "slack", chat_services.slack(self.keys, headers, body, number)
        elif telegram is not None:
            token = telegram[1]
            service, verdict = "telegram", chat_services.telegram(self.keys, token, body, number)
        elif path == "/v2/enqueue":
            service, verdict = "pagerduty", chat_services.pagerduty(self.keys, body, number)
        else:
            return "", Verdict(404, {})
        with self._lock:
            self.requests.append((service, body))
        return service, verdict

    def asked_for(self, service: str) -> Answer | None:
        """What a test wants said now."""
        with self._lock:
            waiting = self.answers[service]
            return waiting.popleft() if waiting else self.always.get(service)

    def keep(self, service: str, kept: dict[str, Any]) -> None:
        """Write a message beside the others, then move it in whole."""
        name = f"{time.time_ns():020d}-{os.getpid()}-{next(self._numbers):06d}.json"
        scratch = self.directory / "tmp" / name
        scratch.write_text(json.dumps({"service": service, "at": time.time(), **kept}))
        scratch.rename(self.directory / "new" / name)


def messages_in(directory: Path) -> list[dict[str, Any]]:
    """The messages of a folder, oldest first."""
    return [json.loads(file.read_text()) for file in sorted((directory / "new").glob("*.json"))]


class _Handler(BaseHTTPRequestHandler):
    chat: Chat
    timeout = 30.0

    def do_GET(self) -> None:
        """The page of what arrived."""
        if self.path != "/":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self._say(Answer(body=chat_page.page(self.chat.messages())), "text/html; charset=utf-8")

    def do_POST(self) -> None:
        """One message to one of the services."""
        length = int(self.headers.get("Content-Length", "0"))
        if length > BODY_BYTES_MAX:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        service, verdict = self.chat.verdict(
            self.path, dict(self.headers.items()), self.rfile.read(length)
        )
        asked = self.chat.asked_for(service)
        if verdict.kept is not None and (asked is None or asked.takes):
            self.chat.keep(service, verdict.kept)
        usual = Answer(verdict.status, json.dumps(verdict.answer))
        with suppress(OSError):  # who asked may have gone
            self._say(asked or usual, "application/json")

    def _say(self, answer: Answer, content_type: str) -> None:
        self.chat.stopping.wait(answer.delay_seconds)
        if answer.cut:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        content = answer.body.encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": content_type, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if not answer.drip_seconds:
            self.wfile.write(content)
            return
        for byte in content:
            if self.chat.stopping.wait(answer.drip_seconds):
                return
            self.wfile.write(bytes([byte]))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of what went well; a path may hold a token."""

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Nor of what did not."""


def main() -> None:
    """Run the server until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m devstack.chat", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", type=Path, required=True)
    arguments = parser.parse_args()

    stopped = told_to_stop()
    server = Chat(arguments.dir, arguments.port)
    server.start()
    print(f"chat servers on {server.url}, messages in {arguments.dir / 'new'}", flush=True)
    stopped.wait()
    server.stop()


if __name__ == "__main__":
    main()
