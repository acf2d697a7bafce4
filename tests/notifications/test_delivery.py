"""Messages leave through a real mail server, and failures are what they are."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connection, transaction

from apps.notifications import operations
from apps.notifications.delivery import email
from apps.notifications.models import Notification
from apps.notifications.rules import ATTEMPTS_MAX, LEASE, Failure, FailureType, Severity, Status
from devstack.mail import Mail
from tests.notifications.helpers import NOON, deliver, later, only, tell
from tests.notifications.smtp import ScriptedServer

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

    def test_what_a_flushed_broker_forgot_is_found_by_the_sweep(self, mail_server: Mail) -> None:
        tell()
        cache._cache.get_client().flushall()  # type: ignore[attr-defined]

        deliver(later(seconds=10))

        assert len(mail_server.messages()) == 1


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

    def test_a_resend_by_a_person_is_another_message(self) -> None:
        tell()
        before = email.message_id(only())
        Notification.objects.update(resends=1)

        assert email.message_id(only()) != before

    def test_a_message_that_kills_its_workers_is_given_up(self) -> None:
        tell()
        for attempt in range(ATTEMPTS_MAX):
            assert operations.claim_next(NOON + 2 * LEASE * attempt) is not None

        assert operations.claim_next(later(days=1)) is None
        assert only().status == Status.FAILED

    def test_a_worker_back_from_the_dead_does_not_overwrite(self) -> None:
        tell()
        slow = operations.claim_next(NOON)
        quick = operations.claim_next(NOON + LEASE)
        assert slow is not None
        assert quick is not None

        assert operations.record_sent(
            notification_id=quick.pk, attempt=quick.attempts, at=later(minutes=3)
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

        def send(row: Notification) -> None:
            open_transactions.append(connection.in_atomic_block)

        monkeypatch.setattr("apps.notifications.delivery.send", send)
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
        barrier = threading.Barrier(4)

        def work() -> None:
            barrier.wait()
            try:
                deliver()
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        subjects = [message["Subject"] for message in mail_server.messages()]
        assert len(subjects) == len(set(subjects)) == 24
        assert not Notification.objects.exclude(status=Status.SENT.value).exists()


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
