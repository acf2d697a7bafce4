"""Django's SMTP, with an end: whatever the server does, a connection lives no longer than a minute.

A socket's own limit begins anew with every byte, and one that drips would hold up all mail.
"""

import smtplib
import socket
import threading
from contextlib import suppress
from typing import Any

from django.core.mail.backends import smtp

SECONDS_MAX = 60.0


class _Limited:
    """An SMTP connection that is cut when its time is up."""

    sock: socket.socket | None
    _watch: threading.Timer

    def _get_socket(self, *args: Any) -> Any:
        self._watch = threading.Timer(SECONDS_MAX, self._cut)
        self._watch.daemon = True
        self._watch.start()
        return super()._get_socket(*args)  # type: ignore[misc]

    def _cut(self) -> None:
        # STARTTLS puts another socket in the place of the first.
        if (sock := self.sock) is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._watch.cancel()
        super().close()  # type: ignore[misc]


class _Smtp(_Limited, smtplib.SMTP):
    pass


class _SmtpSsl(_Limited, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    """What EMAIL_URL's smtp means here."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """Django asks which client to use."""
        return _SmtpSsl if self.use_ssl else _Smtp
