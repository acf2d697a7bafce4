"""A local SMTP server that keeps every message as a file.

`python -m devstack.mail --port 1025 --dir mail` runs it by itself; tests run it in a thread.
"""

import argparse
import email
import email.policy
import itertools
import os
import time
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from devstack.ports import LOOPBACK, free_port
from devstack.stopping import told_to_stop

MESSAGE_BYTES_MAX = 32 * 1024 * 1024


class Mail:
    """An SMTP server in a thread; messages land in `directory`/new, oldest name first."""

    def __init__(self, directory: Path, port: int = 0) -> None:
        """Describe the server; nothing happens before `start`.

        Args:
            directory: the mailbox.
            port: taken when it is free, otherwise the system picks one (see `port` afterwards).
        """
        self.directory = directory
        self.port = port
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        """The EMAIL_URL of the server."""
        return f"smtp://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start listening."""
        self.port = free_port(self.port)
        self._controller = Controller(
            _Mailbox(self.directory),
            hostname=LOOPBACK,
            port=self.port,
            data_size_limit=MESSAGE_BYTES_MAX,
        )
        self._controller.start()

    def stop(self) -> None:
        """Stop listening; nothing when it was not."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def messages(self) -> list[EmailMessage]:
        """Return what has arrived, oldest first."""
        return messages_in(self.directory)

    def clear(self) -> None:
        """Forget what has arrived."""
        for file in _files_in(self.directory):
            file.unlink()


def messages_in(directory: Path) -> list[EmailMessage]:
    """Return the messages of a mailbox folder, oldest first."""
    return [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in _files_in(directory)
    ]


def _files_in(directory: Path) -> list[Path]:
    return sorted((directory / "new").glob("*.eml"))


class _Mailbox:
    """Writes each accepted message beside the mailbox, then moves it in whole."""

    def __init__(self, directory: Path) -> None:
        self._new = directory / "new"
        self._tmp = directory / "tmp"
        self._counter = itertools.count()
        for folder in (self._new, self._tmp):
            folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        name = f"{time.time_ns():020d}-{os.getpid()}-{next(self._counter):06d}.eml"
        body = envelope.content or b""
        header = "".join(f"Delivered-To: {recipient}\r\n" for recipient in envelope.rcpt_tos)
        scratch = self._tmp / name
        scratch.write_bytes(header.encode() + (body if isinstance(body, bytes) else body.encode()))
        scratch.rename(self._new / name)
        return "250 Message accepted"


def main() -> None:
    """Run the server until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m devstack.mail", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", type=Path, required=True)
    arguments = parser.parse_args()

    stopped = told_to_stop()
    server = Mail(arguments.dir, arguments.port)
    server.start()
    print(f"mail server on {server.url}, messages in {arguments.dir / 'new'}", flush=True)
    stopped.wait()
    server.stop()


if __name__ == "__main__":
    main()
