"""Once a day, in one mail; and what a burst held back, in one message."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.core.actor import Actor
from apps.notifications import operations
from apps.notifications.models import Notification
from apps.notifications.operations import digest
from apps.notifications.rules import (
    BURST_MAX,
    Channel,
    EmailChoice,
    Severity,
    Shared,
    Status,
    TopicGroup,
)
from devstack.chat import Chat
from devstack.mail import Mail
from tests.accounts.people import Person, person
from tests.notifications.helpers import NOON, announce, deliver, later, tell
from tests.notifications.smtp import ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)

SEVEN = NOON.replace(hour=7) + timedelta(days=1)


def daily_reader() -> Person:
    """Somebody who wants everything once a day."""
    who = person("OPERATOR")
    for group in TopicGroup:
        operations.set_preference(
            user_id=who.id,
            topic_group=group,
            email=EmailChoice.DIGEST,
            in_app=True,
            actor=Actor.system("test"),
            at=NOON,
        )
    return who


def happen(number: int, *, at: datetime = NOON, **changes: Any) -> None:
    tell(addresses=[], roles=["OPERATOR"], dedupe_key=f"test:{number}", at=at, **changes)


def mails(status: Status) -> list[Notification]:
    rows = Notification.objects.filter(channel=Channel.EMAIL.value, status=status.value)
    return list(rows.order_by("id"))


class TestDigest:
    def test_lists_in_groups_what_was_held(self, mail_server: Mail) -> None:
        who = daily_reader()
        happen(1, kind="PLAN_FAILED", subject="A plan failed <script>")
        happen(2, kind="PRICE_LOST", subject="No price", severity=Severity.WARNING)
        happen(3, kind="PLAN_DONE", subject="A plan is done \u202e")
        assert deliver(later(hours=1)) == {"sent": 0, "failed": 0}

        assert operations.make_digests(SEVEN) == 1
        deliver(SEVEN)

        [mail] = mail_server.messages()
        assert mail["To"] == who.user.email
        assert mail["Subject"].startswith("[Paimon TEST] Your 3 messages of 02 March to 03 March")
        plain = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        for words in ("A plan failed <script>", "No price", "A plan is done [U+202E]", "Prices"):
            assert words in plain
        assert (
            plain.index("A plan failed") < plain.index("A plan is done") < plain.index("No price")
        )
        html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert "<script>" not in html
        assert "https://paimon.example/admin/tickets/7" in html
        [summary] = mails(Status.SENT)
        assert [row.summary_id for row in mails(Status.GATHERED)] == [summary.pk] * 3

    def test_none_when_there_is_nothing_to_tell(self) -> None:
        daily_reader()

        assert operations.make_digests(SEVEN) == 0
        assert not Notification.objects.exists()

    def test_one_a_day_however_often_it_is_called(self) -> None:
        daily_reader()
        happen(1)

        made = [operations.make_digests(SEVEN + timedelta(hours=hour)) for hour in range(5)]

        assert made == [1, 0, 0, 0, 0]

    def test_a_morning_that_was_missed_is_caught_up_with_once(self) -> None:
        daily_reader()
        happen(1)
        happen(2, at=SEVEN + timedelta(hours=1))

        assert operations.make_digests(SEVEN + timedelta(hours=3)) == 1
        assert len(mails(Status.HELD)) == 1  # what came after seven is tomorrow's
        assert operations.make_digests(SEVEN + timedelta(days=3)) == 1
        assert mails(Status.HELD) == []

    def test_what_came_too_late_for_todays_waits_for_tomorrows(self) -> None:
        daily_reader()
        happen(1)
        operations.make_digests(SEVEN)
        happen(2, at=SEVEN - timedelta(seconds=1))  # its cause committed late

        assert operations.make_digests(SEVEN + timedelta(hours=1)) == 0
        assert len(mails(Status.HELD)) == 1
        assert operations.make_digests(SEVEN + timedelta(days=1)) == 1

    def test_nothing_is_lost_when_it_does_not_arrive(self, scripted: ScriptedServer) -> None:
        daily_reader()
        happen(1, subject="Something happened")
        operations.make_digests(SEVEN)
        scripted.on_rcpt = "550 5.1.1 User unknown"
        deliver(SEVEN)
        [failed] = mails(Status.FAILED)

        scripted.on_rcpt = None
        operations.resend(notification_id=failed.pk, actor=Actor.system("test"), at=SEVEN)
        deliver(SEVEN)

        assert "Something happened" in scripted.messages[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]

    def test_who_left_is_not_written_to(self) -> None:
        who = daily_reader()
        happen(1)
        User.objects.filter(pk=who.id).update(is_active=False)

        assert operations.make_digests(SEVEN) == 0
        [row] = mails(Status.RECORDED)
        assert "not active" in row.error

    def test_who_has_no_address_any_more_is_a_failure_that_shows(self) -> None:
        who = daily_reader()
        happen(1)
        User.objects.filter(pk=who.id).update(email="", is_staff=False)

        operations.make_digests(SEVEN)

        assert "no email address" in mails(Status.FAILED)[0].error

    def test_a_thousand_are_counted_and_not_all_listed(self) -> None:
        daily_reader()
        for number in range(digest.LISTED_MAX + 3):
            happen(number, kind=f"PLAN_{number}", subject=f"Plan number {number}.")

        operations.make_digests(SEVEN)

        [mail] = mails(Status.PENDING)
        assert f"Your {digest.LISTED_MAX + 3} messages" in mail.subject
        assert f"Plan number {digest.LISTED_MAX - 1}." in mail.text
        assert f"Plan number {digest.LISTED_MAX}." not in mail.text
        assert f"The first {digest.LISTED_MAX} are listed" in mail.text


class TestBurst:
    def burst(self, count: int, *places: Shared, **changes: Any) -> None:
        for number in range(count):
            announce(
                *places,
                dedupe_key=f"test:{number}",
                subject=f"Alert number {number}.",
                kind="RISK_EVENT",
                at=NOON + timedelta(milliseconds=number),
                **changes,
            )

    def test_a_thousand_equal_alerts_are_one_row(self, chat: Chat) -> None:
        for number in range(1_000):
            announce(*Shared, at=NOON + timedelta(milliseconds=number))

        assert Notification.objects.count() == len(Shared)

    def test_of_many_different_ones_the_rest_is_told_in_one(self, chat: Chat) -> None:
        most = BURST_MAX[Channel.SLACK]
        self.burst(most + 180, Shared.SLACK, Shared.PAGERDUTY, severity=Severity.CRITICAL)

        deliver(later(seconds=30))
        assert operations.gather_bursts(later(seconds=30)) == 0
        assert operations.gather_bursts(later(seconds=61)) == 2
        deliver(later(seconds=61))

        for service in ("slack", "pagerduty"):
            assert len(chat.messages(service)) == most + 1
        last = chat.messages("slack")[-1]["body"]
        assert last["text"] == "Critical: 180 more: risk event"
        assert f"Alert number {most}." in str(last["blocks"])
        assert chat.messages("pagerduty")[-1]["body"]["dedup_key"] == "burst:RISK_EVENT"
        assert not Notification.objects.filter(status=Status.HELD.value).exists()
        assert Notification.objects.filter(status=Status.GATHERED.value).count() == 360

    def test_while_it_lasts_there_is_one_in_ten_minutes(self, chat: Chat) -> None:
        self.burst(BURST_MAX[Channel.SLACK] + 1, Shared.SLACK)
        operations.gather_bursts(later(minutes=2))
        announce(Shared.SLACK, dedupe_key="late", kind="RISK_EVENT", at=later(minutes=3))

        assert operations.gather_bursts(later(minutes=5)) == 0
        assert operations.gather_bursts(later(minutes=12)) == 1

    def test_what_is_graver_does_not_wait_behind_it(self, chat: Chat) -> None:
        self.burst(BURST_MAX[Channel.TELEGRAM] + 5, Shared.TELEGRAM, severity=Severity.WARNING)

        announce(
            Shared.TELEGRAM,
            dedupe_key="grave",
            kind="RISK_EVENT",
            severity=Severity.CRITICAL,
            at=later(seconds=1),
        )

        assert Notification.objects.get(dedupe_key="grave").status == Status.PENDING

    def test_what_is_critical_waits_a_minute_at_most(self, chat: Chat) -> None:
        self.burst(BURST_MAX[Channel.SLACK] + 1, Shared.SLACK, severity=Severity.CRITICAL)
        operations.gather_bursts(later(seconds=61))
        announce(
            Shared.SLACK,
            dedupe_key="late",
            kind="RISK_EVENT",
            severity=Severity.CRITICAL,
            at=later(seconds=90),
        )

        assert operations.gather_bursts(later(seconds=140)) == 0
        assert operations.gather_bursts(later(seconds=151)) == 1

    def test_the_end_of_an_alarm_is_never_held(self, chat: Chat) -> None:
        most = BURST_MAX[Channel.PAGERDUTY]
        for number in range(most + 1):
            for kind, resolves in (("RISK_OPENED", False), ("RISK_RESOLVED", True)):
                announce(
                    Shared.PAGERDUTY,
                    dedupe_key=f"{kind}:{number}",
                    kind=f"{kind}_{number % 2}" if not resolves else kind,
                    topic=f"risk:{number}",
                    resolves=resolves,
                    severity=Severity.INFO if resolves else Severity.CRITICAL,
                )
        deliver()

        actions = [one["body"]["event_action"] for one in chat.messages("pagerduty")]
        assert (actions.count("trigger"), actions.count("resolve")) == (most + 1, most + 1)

    def test_other_kinds_and_other_places_are_told_as_ever(self, chat: Chat) -> None:
        self.burst(BURST_MAX[Channel.SLACK] + 5, Shared.SLACK)

        announce(Shared.SLACK, dedupe_key="a", kind="PLAN_FAILED", at=later(seconds=1))
        announce(Shared.SLACK_CRITICAL, dedupe_key="b", kind="RISK_EVENT", at=later(seconds=1))

        told = Notification.objects.filter(dedupe_key__in=["a", "b"])
        assert {row.status for row in told} == {Status.PENDING}

    def test_after_ten_minutes_of_quiet_it_is_over(self, chat: Chat) -> None:
        self.burst(BURST_MAX[Channel.SLACK] + 1, Shared.SLACK)

        announce(Shared.SLACK, dedupe_key="next", kind="RISK_EVENT", at=later(minutes=11))

        assert Notification.objects.get(dedupe_key="next").status == Status.PENDING

    def test_a_mailbox_has_a_limit_too_but_files_are_never_held(self, mail_server: Mail) -> None:
        who = person("OPERATOR")
        for number in range(BURST_MAX[Channel.EMAIL] + 2):
            happen(number)
        tell(
            dedupe_key="report",
            addresses=[],
            user_ids=[who.id],
            attachments=[{"run_id": 1, "format": "pdf"}],
        )

        assert len(mails(Status.HELD)) == 2
        assert Notification.objects.get(dedupe_key="report", channel="EMAIL").status == "PENDING"
        assert operations.gather_bursts(later(minutes=1)) == 1
        summary = mails(Status.PENDING)[-1]
        assert (summary.recipient_id, summary.address) == (who.id, who.user.email)
        assert Notification.objects.filter(channel="IN_APP").count() == BURST_MAX[Channel.EMAIL] + 3
