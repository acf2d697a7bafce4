"""A mail server in a thread that refuses, stalls or accepts as it is told."""

import email
import email.policy
import threading
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from devstack.ports import LOOPBACK, free_port


class ScriptedServer:
    """Answers the recipient and the data as ``on_rcpt`` and ``on_data`` say; None accepts."""

    def __init__(self) -> None:
        self.port = free_port(0)
        self.on_rcpt: str | None = None
        self.on_data: str | None = None
        self.hangs = False
        self.messages: list[EmailMessage] = []
        self._let_go = threading.Event()
        self._controller = Controller(self, hostname=LOOPBACK, port=self.port)
        self._controller.start()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """The answer to a recipient."""
        if self.on_rcpt is not None:
            return self.on_rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The answer to a message, which counts as taken unless it is refused."""
        if self.on_data is not None:
            return self.on_data
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        self.messages.append(email.message_from_bytes(raw, policy=email.policy.default))  # type: ignore[arg-type]
        if self.hangs:
            await server.loop.run_in_executor(None, self._let_go.wait)
        return "250 Taken"

    def stop(self) -> None:
        """Let whoever hangs go, and stop."""
        self._let_go.set()
        self._controller.stop()
