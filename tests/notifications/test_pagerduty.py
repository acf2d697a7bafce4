"""Alarms at PagerDuty: raised once per topic, ended in order, and what its answers lead to."""

import json

import pytest
from django.conf import LazySettings

from apps.core.actor import Actor
from apps.notifications import operations
from apps.notifications.models import Notification
from apps.notifications.rules import (
    ATTEMPTS_MAX,
    BURST_MAX,
    Channel,
    FailureType,
    Severity,
    Shared,
    Status,
)
from devstack.chat import Answer, Chat
from devstack.chat_page import open_alarms
from tests.notifications.helpers import NOON, announce, deliver, later, only

pytestmark = pytest.mark.django_db(transaction=True)

TOPIC = "risk:INDICATOR:l1_ratio"
ADA = Actor(kind="user", name="ada", user_id=None)


def alarm(number: int = 1, *, resolves: bool = False, **changes: object) -> list[int]:
    """Raise an alarm, or say that it is over."""
    return announce(
        Shared.PAGERDUTY,
        dedupe_key=f"test:{number}",
        topic=TOPIC,
        resolves=resolves,
        **{"severity": Severity.INFO if resolves else Severity.CRITICAL, **changes},
    )


def actions(chat: Chat) -> list[str]:
    return [message["body"]["event_action"] for message in chat.messages("pagerduty")]


class TestArrival:
    def test_an_alarm_says_what_where_and_how_bad(self, chat: Chat) -> None:
        alarm(details=[("L1", "7.90 %"), ("L1", "again")])

        assert deliver() == {"sent": 1, "failed": 0}

        [message] = chat.messages()
        event = message["body"]
        assert (event["event_action"], event["dedup_key"]) == ("trigger", TOPIC)
        assert event["payload"]["severity"] == "critical"
        assert event["payload"]["summary"] == "Decision needed: redemption 7"
        assert event["payload"]["custom_details"]["L1"] == "7.90 %"
        assert event["payload"]["custom_details"]["L1 (2)"] == "again"
        assert event["links"][0]["href"] == "https://paimon.example/admin/tickets/7"
        assert only(Channel.PAGERDUTY).provider_id == TOPIC

    @pytest.mark.parametrize("severity", list(Severity))
    def test_each_severity_has_its_word_there(self, chat: Chat, severity: Severity) -> None:
        alarm(severity=severity)

        deliver()

        assert chat.messages()[0]["body"]["payload"]["severity"] == severity.lower()

    def test_without_a_topic_it_is_an_alarm_of_its_own(self, chat: Chat) -> None:
        announce(Shared.PAGERDUTY)

        deliver()

        assert chat.messages()[0]["body"]["dedup_key"] == "test:1"

    def test_ten_megabytes_of_reason_are_cut(self, chat: Chat) -> None:
        alarm(subject="x" * 10_000_000, body="y" * 10_000_000)

        deliver()

        assert len(json.dumps(chat.messages()[0]["body"])) < 50_000


class TestOrder:
    def test_what_is_over_ends_the_alarm(self, chat: Chat) -> None:
        alarm(1)
        deliver()
        alarm(2, resolves=True, at=later(minutes=1))

        deliver(later(minutes=1))

        assert actions(chat) == ["trigger", "resolve"]
        assert open_alarms(chat.messages()) == []

    def test_its_end_never_overtakes_an_alarm(self, chat: Chat) -> None:
        alarm(1, severity=Severity.INFO)
        chat.answers["pagerduty"].append(Answer(500))
        deliver()
        alarm(2, resolves=True, severity=Severity.CRITICAL, at=later(seconds=1))

        assert deliver(later(seconds=2)) == {"sent": 0, "failed": 0}
        assert deliver(later(minutes=1)) == {"sent": 2, "failed": 0}

        assert actions(chat) == ["trigger", "resolve"]

    def test_nor_one_that_another_worker_is_just_sending(self, chat: Chat) -> None:
        alarm(1)
        assert operations.claim_next(NOON, channel=Channel.PAGERDUTY) is not None
        alarm(2, resolves=True)

        assert operations.claim_next(NOON, channel=Channel.PAGERDUTY) is None

    def test_another_topic_does_not_wait(self, chat: Chat) -> None:
        alarm(1)
        chat.answers["pagerduty"].append(Answer(500))
        deliver()
        announce(Shared.PAGERDUTY, dedupe_key="other", topic="other", at=later(seconds=1))

        assert deliver(later(seconds=2)) == {"sent": 1, "failed": 0}

    def test_the_next_alarm_comes_after_the_end_of_the_last(self, chat: Chat) -> None:
        alarm(1)
        alarm(2, resolves=True)
        alarm(3)

        deliver()

        assert actions(chat) == ["trigger", "resolve", "trigger"]
        assert open_alarms(chat.messages()) == [TOPIC]

    def test_an_alarm_that_failed_is_ended_too_since_it_may_have_arrived(self, chat: Chat) -> None:
        alarm(1)
        chat.answers["pagerduty"].extend([Answer(cut=True, takes=True)] * ATTEMPTS_MAX)
        for attempt in range(ATTEMPTS_MAX):
            deliver(later(hours=attempt))
        assert only(Channel.PAGERDUTY).status == Status.FAILED
        assert open_alarms(chat.messages()) == [TOPIC]

        alarm(2, resolves=True, at=later(hours=9))
        deliver(later(hours=9))

        assert open_alarms(chat.messages()) == []

    def test_an_alarm_that_is_over_is_not_raised_again_by_hand(self, chat: Chat) -> None:
        alarm(1)
        chat.answers["pagerduty"].append(Answer(400, '{"errors": ["no"]}'))
        deliver()
        failed = only(Channel.PAGERDUTY)
        assert failed.status == Status.FAILED
        alarm(2, resolves=True, at=later(minutes=1))

        with pytest.raises(operations.CannotResend, match="is over"):
            operations.resend(notification_id=failed.pk, actor=ADA, at=later(minutes=2))

    def test_the_end_of_what_was_never_raised_is_not_told(self, chat: Chat) -> None:
        assert alarm(1, resolves=True) == []

        alarm(2, happened_at=NOON, at=later(hours=2))  # too old: recorded
        assert alarm(3, resolves=True, at=later(hours=2)) == []

    def test_it_is_told_once(self, chat: Chat) -> None:
        alarm(1)
        alarm(2, resolves=True)

        assert alarm(3, resolves=True) == []

    def test_the_end_of_an_alarm_that_was_held_back_is_not_told(self, chat: Chat) -> None:
        for number in range(BURST_MAX[Channel.PAGERDUTY]):
            announce(
                Shared.PAGERDUTY,
                dedupe_key=f"other:{number}",
                topic=f"other:{number}",
                severity=Severity.CRITICAL,
            )

        alarm(1)

        assert Notification.objects.get(topic=TOPIC).status == Status.HELD
        assert alarm(2, resolves=True) == []

    def test_what_is_over_needs_a_topic(self, chat: Chat) -> None:
        with pytest.raises(ValueError, match="topic"):
            announce(Shared.PAGERDUTY, resolves=True)


class TestRefusals:
    def test_a_wrong_key_is_not_tried_again_and_not_repeated(
        self, chat: Chat, settings: LazySettings
    ) -> None:
        settings.PAGERDUTY_KEY = "f" * 32
        alarm()

        deliver()

        row = only(Channel.PAGERDUTY)
        assert (row.status, row.failure_type) == (Status.FAILED, FailureType.INVALID_RECIPIENT)
        assert "routing_key" in row.error
        assert "f" * 32 not in row.error

    @pytest.mark.parametrize(
        ("answer", "status", "failure_type"),
        [
            (Answer(429, "", {"Retry-After": "5"}), "RETRY", "RATE_LIMITED"),
            (Answer(500, "oops"), "RETRY", "SERVER_ERROR"),
            (Answer(202, "<html>"), "RETRY", "SERVER_ERROR"),
            (Answer(200, '{"status": "success"}'), "RETRY", "SERVER_ERROR"),
            (Answer(400, '{"errors": ["payload.summary is missing"]}'), "FAILED", "BOUNCED"),
            (Answer(400, "<html>"), "FAILED", "BOUNCED"),
            (Answer(cut=True), "RETRY", "SERVER_ERROR"),
        ],
    )
    def test_each_has_its_type(
        self, chat: Chat, answer: Answer, status: str, failure_type: str
    ) -> None:
        alarm()
        chat.answers["pagerduty"].append(answer)

        deliver()

        row = only(Channel.PAGERDUTY)
        assert (row.status, row.failure_type) == (status, failure_type)
