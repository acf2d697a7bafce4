"""devstack.mail, spoken to over SMTP."""

import signal
import smtplib
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

from devstack.env import ROOT
from devstack.mail import Mail, messages_in
from devstack.ports import LOOPBACK, free_port, wait_for_port


def send(port: int, subject: str, attachment: bytes = b"") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "fund@x.invalid", "a@x.invalid", subject
    message.set_content("Grüße")
    if attachment:
        message.add_attachment(attachment, maintype="application", subtype="pdf", filename="r.pdf")
    with smtplib.SMTP(LOOPBACK, port) as client:
        client.send_message(message, to_addrs=["a@x.invalid", "hidden@x.invalid"])


def test_keeps_messages_in_their_order(mail_server: Mail) -> None:
    for number in range(3):
        send(mail_server.port, f"Report {number}")

    subjects = [message["Subject"] for message in mail_server.messages()]

    assert subjects == ["Report 0", "Report 1", "Report 2"]


def test_keeps_attachments_and_every_recipient(mail_server: Mail) -> None:
    content = bytes(range(256)) * 1000

    send(mail_server.port, "Report", content)

    (message,) = mail_server.messages()
    (attachment,) = message.iter_attachments()
    assert attachment.get_content() == content
    assert message.get_all("Delivered-To") == ["a@x.invalid", "hidden@x.invalid"]


def test_clear_forgets(mail_server: Mail) -> None:
    send(mail_server.port, "Report")

    mail_server.clear()

    assert mail_server.messages() == []


def test_runs_as_a_process_until_told_to_stop(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "devstack.mail", "--port", str(port), "--dir", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as server:
        assert wait_for_port(port, seconds_max=20)

        send(port, "Report")
        server.send_signal(signal.SIGTERM)

        assert server.wait(timeout=20) == 0
    assert [message["Subject"] for message in messages_in(tmp_path)] == ["Report"]
