"""A mail that was taken and came back later."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.core.actor import Actor
from apps.notifications import operations, queries
from apps.notifications.delivery import email
from apps.notifications.models import Notification
from apps.notifications.rules import FailureType, Shared, Status
from devstack.chat import Chat
from devstack.mail import Mail
from tests.notifications.helpers import NOON, announce, deliver, later, only, tell

pytestmark = pytest.mark.django_db(transaction=True)

ADA = Actor(kind="user", name="ada", user_id=None)


def bounce(provider_id: str, **changes: Any) -> Notification:
    arguments: dict[str, Any] = {
        "failure_type": FailureType.BOUNCED,
        "detail": "552 5.2.2 Mailbox full",
        "at": later(minutes=5),
    }
    return operations.record_bounce(provider_id=provider_id, **arguments | changes)


class TestRecordBounce:
    def test_what_was_sent_failed_after_all_and_staff_see_it(self, mail_server: Mail) -> None:
        tell()
        deliver()
        [mail] = mail_server.messages()

        bounce(mail["Message-ID"])

        row = only()
        assert (row.status, row.failure_type) == (Status.FAILED, FailureType.BOUNCED)
        assert (row.error, row.sent_at) == ("552 5.2.2 Mailbox full", NOON)
        assert row.bounced_at == later(minutes=5)
        assert queries.failed() == [row]

    def test_told_twice_it_is_written_down_once(self, mail_server: Mail) -> None:
        tell()
        deliver()
        bounce(only().provider_id.strip("<>"))
        operations.dismiss(notification_id=only().pk, actor=ADA, at=later(minutes=6))

        bounce(only().provider_id, failure_type=FailureType.SPAM_FILTERED)

        assert (only().status, only().failure_type) == (Status.DISMISSED, FailureType.BOUNCED)

    def test_sent_again_it_is_another_mail(self, mail_server: Mail) -> None:
        tell()
        deliver()
        first = only().provider_id
        bounce(first)

        operations.resend(notification_id=only().pk, actor=ADA, at=later(minutes=9))
        deliver(later(minutes=9))

        assert (only().status, only().bounced_at) == (Status.SENT, None)
        assert only().provider_id not in {first, ""}
        with pytest.raises(operations.NoSuchNotification):
            bounce(first)

    def test_of_a_mail_that_is_not_ours_nothing_is_known(self, mail_server: Mail) -> None:
        tell()

        for name in ("<1.0.x@elsewhere>", "", "<>", email.message_id(only())):
            with pytest.raises(operations.NoSuchNotification):
                bounce(name)
        assert only().status == Status.PENDING

    def test_only_mail_bounces(self, chat: Chat) -> None:
        announce(Shared.SLACK)
        deliver()
        row = Notification.objects.get()

        with pytest.raises(operations.NoSuchNotification):
            bounce(row.provider_id)
        with pytest.raises(IntegrityError, match="does not go"), transaction.atomic():
            Notification.objects.update(status="FAILED", failure_type="BOUNCED", bounced_at=NOON)

    def test_what_the_provider_says_is_made_safe_to_look_at(self, mail_server: Mail) -> None:
        tell()
        deliver()

        bounce(only().provider_id, detail="\u202e\x00<b>\n" * 10_000)

        assert "\u202e" not in only().error
        assert len(only().error) <= 500

    def test_the_database_lets_nothing_sent_fail_otherwise(self, mail_server: Mail) -> None:
        tell()
        deliver()

        with pytest.raises(IntegrityError), transaction.atomic():
            Notification.objects.update(status="FAILED", failure_type="BOUNCED")
        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            Notification.objects.update(provider_id="<2@x>")
