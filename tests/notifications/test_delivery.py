"""Messages leave through a real mail server, and failures are what they are."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connection, transaction

from apps.notifications import delivery, operations
from apps.notifications.delivery import email, smtp
from apps.notifications.models import Notification
from apps.notifications.rules import (
    ATTEMPTS_MAX,
    LEASE,
    Channel,
    Failure,
    FailureType,
    Severity,
    Shared,
    Status,
)
from devstack.chat import Chat
from devstack.mail import Mail
from tests.notifications.helpers import NOON, announce, deliver, later, only, tell
from tests.notifications.smtp import ScriptedServer
from tests.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]


class TestArrival:
    def test_arrives_as_text_and_html_with_its_link(self, mail_server: Mail) -> None:
        tell()

        assert deliver() == {"sent": 1, "failed": 0}

        [message] = mail_server.messages()
        assert message["Subject"] == "[Paimon TEST] Decision needed: redemption 7"
        assert message["Delivered-To"] == "ana@example.org"
        assert message["Auto-Submitted"] == "auto-generated"
        for kind in ("plain", "html"):
            part = message.get_body((kind,))
            assert part is not None
            assert "31,200.00 USDT" in part.get_content()
            assert "https://paimon.example/admin/tickets/7" in part.get_content()
        assert (only().status, only().sent_at) == (Status.SENT, NOON)

    def test_the_critical_leave_first(self, mail_server: Mail) -> None:
        tell(subject="calm", dedupe_key="calm")
        tell(subject="urgent", dedupe_key="urgent", severity=Severity.CRITICAL, at=later(minutes=1))

        deliver(later(minutes=2))

        subjects = [message["Subject"] for message in mail_server.messages()]
        assert subjects == ["[Paimon TEST] urgent", "[Paimon TEST] calm"]
        assert mail_server.messages()[0]["Importance"] == "high"

    def test_what_a_flushed_broker_forgot_is_found_by_the_sweep(
        self, mail_server: Mail, chat: Chat
    ) -> None:
        tell(shared=list(Shared))
        cache._cache.get_client().flushall()  # type: ignore[attr-defined]

        deliver(later(seconds=10))

        assert len(mail_server.messages()) == 1
        assert len(chat.messages()) == len(Shared)

    def test_a_hostile_reason_arrives_as_text_cut_to_size(self, mail_server: Mail) -> None:
        tell(
            subject="Rejected\r\nBcc: evil@example.org\r\n\r\n<script>",
            body="<script>alert(1)</script> \u202e\x00 " + "x" * 10_000_000,
            details=[("Reason", "<img src=x onerror=y>" * 500_000)] * 200,
        )

        assert deliver() == {"sent": 1, "failed": 0}

        [message] = mail_server.messages()
        assert message["Subject"].startswith("[Paimon TEST] Rejected Bcc: evil@example.org")
        assert message["Bcc"] is None
        assert message["Delivered-To"] == "ana@example.org"
        html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert "<script>" not in html
        assert "<img" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt; [U+202E][U+0000]" in html
        assert len(message.as_bytes()) < 3_000_000


class TestRefusals:
    def test_421_is_tried_again_and_arrives(self, scripted: ScriptedServer) -> None:
        tell()
        scripted.on_data = "421 4.3.2 Service shutting down"

        deliver()

        row = only()
        assert (row.status, row.failure_type) == (Status.RETRY, FailureType.SERVER_ERROR)
        assert row.next_attempt_at is not None
        assert later(seconds=30) <= row.next_attempt_at <= later(seconds=45)
        assert deliver(later(seconds=29)) == {"sent": 0, "failed": 0}

        scripted.on_data = None
        deliver(row.next_attempt_at)
        assert only().status == Status.SENT
        assert only().failure_type == ""

    def test_gives_up_after_three_retries(self, scripted: ScriptedServer) -> None:
        tell()
        scripted.on_rcpt = "451 4.3.0 Local error"

        for attempt in range(ATTEMPTS_MAX):
            assert deliver(later(hours=attempt)) == {"sent": 0, "failed": 1}

        assert (only().status, only().attempts) == (Status.FAILED, ATTEMPTS_MAX)
        assert deliver(later(days=1)) == {"sent": 0, "failed": 0}

    def test_550_is_never_tried_again(self, scripted: ScriptedServer) -> None:
        tell()
        scripted.on_rcpt = "550 5.1.1 User unknown"

        deliver()

        row = only()
        assert (row.status, row.failure_type) == (Status.FAILED, FailureType.INVALID_RECIPIENT)
        assert row.attempts == 1
        assert "550" in row.error

    def test_spam_is_named(self, scripted: ScriptedServer) -> None:
        tell()
        scripted.on_data = "554 5.7.1 Rejected as spam"

        deliver()

        assert only().failure_type == FailureType.SPAM_FILTERED

    def test_a_server_that_hangs_is_a_timeout(self, scripted: ScriptedServer) -> None:
        tell()
        scripted.hangs = True

        deliver()

        assert (only().status, only().failure_type) == (Status.RETRY, FailureType.TIMEOUT)

    def test_no_server_at_all_is_tried_again(self) -> None:
        tell()

        deliver()

        assert (only().status, only().failure_type) == (Status.RETRY, FailureType.SERVER_ERROR)

    def test_an_impossible_address_fails_at_once(self, mail_server: Mail) -> None:
        tell(addresses=["ana@example.org\r\nBcc: evil@example.org"])

        deliver()

        assert (only().status, only().failure_type) == (
            Status.FAILED,
            FailureType.INVALID_RECIPIENT,
        )
        assert mail_server.messages() == []

    def test_a_server_that_drips_is_cut_off(
        self, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(smtp, "SECONDS_MAX", 0.8)
        tell()

        with dripping_server() as port:
            settings.EMAIL_PORT = port
            started = time.monotonic()
            assert deliver() == {"sent": 0, "failed": 1}

        assert time.monotonic() - started < 5
        assert (only().status, only().failure_type) == (Status.RETRY, FailureType.SERVER_ERROR)

    def test_the_password_is_not_kept_even_when_the_server_says_it(
        self, scripted: ScriptedServer, settings: LazySettings
    ) -> None:
        settings.EMAIL_HOST_PASSWORD = "hunter2-hunter2"
        settings.EMAIL_HOST_USER = ""
        tell()
        scripted.on_data = "554 5.0.0 You said hunter2-hunter2"

        deliver()

        assert only().error == "554 5.0.0 You said [secret]"

    def test_a_dead_mail_server_does_not_hold_up_the_others(
        self, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        everything = threading.Event()
        seen: list[bool] = []

        def hang(row: Notification, at: datetime) -> Failure:
            deadline = time.monotonic() + 30
            while len(chat.messages()) < 12 and time.monotonic() < deadline:
                everything.wait(0.05)
            seen.append(len(chat.messages()) == 12)
            return Failure(FailureType.TIMEOUT, permanent=False, error="late", unreachable=True)

        monkeypatch.setitem(delivery.SEND, Channel.EMAIL, hang)
        for number in range(3):
            tell(dedupe_key=f"test:{number}", shared=list(Shared))

        assert deliver() == {"sent": 12, "failed": 1}
        assert seen == [True]

    def test_one_bad_message_does_not_hold_up_the_next(self, scripted: ScriptedServer) -> None:
        tell(dedupe_key="first", addresses=["bad\n@example.org"])
        tell(dedupe_key="second")

        assert deliver() == {"sent": 1, "failed": 1}


class TestCrash:
    def test_a_worker_killed_between_send_and_record_repeats_a_recognisable_message(
        self, mail_server: Mail
    ) -> None:
        tell()
        child = subprocess.run(
            [sys.executable, "-c", _KILLED_AFTER_SENDING],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": _test_database_url()},
            timeout=60,
            check=False,
        )
        assert child.returncode == 137
        assert only().status == Status.SENDING

        assert deliver(NOON + LEASE / 2) == {"sent": 0, "failed": 0}
        assert deliver(NOON + LEASE * 2) == {"sent": 1, "failed": 0}

        first, second = mail_server.messages()
        assert first["Message-ID"] == second["Message-ID"]

    def test_nothing_is_lost_when_a_worker_dies_at_the_shared_places(self, chat: Chat) -> None:
        announce(Shared.SLACK, Shared.PAGERDUTY, topic="risk:x")
        for channel in (Channel.SLACK, Channel.PAGERDUTY):
            row = operations.claim_next(NOON, channel=channel)
            assert row is not None
            assert isinstance(delivery.SEND[channel](row, NOON), str)  # and here it dies

        assert deliver(NOON + LEASE) == {"sent": 2, "failed": 0}

        first, second = chat.messages("pagerduty")
        assert first["provider_id"] == second["provider_id"]  # there it is one alarm
        first, second = chat.messages("slack")
        assert first["body"]["blocks"][-1] == second["body"]["blocks"][-1]  # message number

    def test_a_resend_by_a_person_is_another_message(self) -> None:
        tell()
        before = email.message_id(only())
        Notification.objects.update(resends=1)

        assert email.message_id(only()) != before

    def test_a_message_that_kills_its_workers_is_given_up(self) -> None:
        tell()
        for attempt in range(ATTEMPTS_MAX):
            assert (
                operations.claim_next(NOON + 2 * LEASE * attempt, channel=Channel.EMAIL) is not None
            )

        assert operations.claim_next(later(days=1), channel=Channel.EMAIL) is None
        assert only().status == Status.FAILED

    def test_a_worker_back_from_the_dead_does_not_overwrite(self) -> None:
        tell()
        slow = operations.claim_next(NOON, channel=Channel.EMAIL)
        quick = operations.claim_next(NOON + LEASE, channel=Channel.EMAIL)
        assert slow is not None
        assert quick is not None

        assert operations.record_sent(
            notification_id=quick.pk,
            attempt=quick.attempts,
            provider_id="<1@x>",
            at=later(minutes=3),
        )
        assert not operations.record_failure(
            notification_id=slow.pk,
            attempt=slow.attempts,
            failure=Failure(FailureType.TIMEOUT, permanent=False, error="late"),
            at=later(minutes=4),
        )
        assert only().status == Status.SENT

    def test_no_mail_server_is_asked_inside_a_transaction(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        open_transactions: list[bool] = []

        def send(row: Notification, at: datetime) -> str:
            open_transactions.append(connection.in_atomic_block)
            return "<1@x>"

        monkeypatch.setitem(delivery.SEND, Channel.EMAIL, send)
        tell()

        deliver()

        assert open_transactions == [False]


class TestWorkers:
    def test_many_workers_send_each_message_once(
        self, mail_server: Mail, settings: LazySettings
    ) -> None:
        settings.EMAIL_TIMEOUT = 10
        with transaction.atomic():
            for number in range(24):
                tell(dedupe_key=f"test:{number}", subject=f"message {number}")

        at_once(4, lambda _number: deliver())

        subjects = [message["Subject"] for message in mail_server.messages()]
        assert len(subjects) == len(set(subjects)) == 24
        assert not Notification.objects.exclude(status=Status.SENT.value).exists()

    def test_fifty_at_once_send_each_message_once_and_in_order(self, chat: Chat) -> None:
        with transaction.atomic():
            for number in range(15):
                announce(Shared.SLACK, dedupe_key=f"test:{number}", subject=f"message {number}")

        at_once(50, lambda _number: deliver())

        titles = [message["body"]["text"] for message in chat.messages()]
        assert titles == [f"message {number}" for number in range(15)]
        assert not Notification.objects.exclude(status=Status.SENT.value).exists()

    def test_the_same_alert_from_many_at_once_is_one_message(self, chat: Chat) -> None:
        barrier = threading.Barrier(20)

        def work() -> None:
            barrier.wait()
            try:
                for _ in range(10):
                    announce(*Shared)
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(20)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert Notification.objects.count() == len(Shared)


@contextmanager
def dripping_server() -> Iterator[int]:
    """A mail server whose greeting does not end: a byte now and then; yields its port."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            line, _ = server.accept()
            with line, suppress(OSError):
                for _ in range(100):  # ten seconds, should nobody cut it off
                    if over.wait(0.1):
                        return
                    line.sendall(b"2")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()


_KILLED_AFTER_SENDING = """
import os
import django
django.setup()
from datetime import UTC, datetime
from apps.notifications import delivery
delivery.record_sent = lambda **_: os._exit(137)
delivery.deliver_due(lambda: datetime(2026, 3, 2, 12, tzinfo=UTC))
"""


def _test_database_url() -> str:
    values = connection.settings_dict
    return (
        f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}"
        f"/{values['NAME']}"
    )
