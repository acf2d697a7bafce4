"""How the places that messages go to fare: what the health page shows."""

import pytest
from django.conf import LazySettings

from apps.notifications import queries
from apps.notifications.queries import Destination
from apps.notifications.rules import Shared
from devstack.chat import Answer, Chat
from tests.notifications.helpers import NOON, announce, deliver, later, tell

pytestmark = pytest.mark.django_db(transaction=True)


def place(title: str) -> Destination:
    return next(one for one in queries.destinations() if one.title == title)


class TestDestinations:
    def test_says_what_is_not_configured(self) -> None:
        told = {one.title: one.configured for one in queries.destinations()}

        assert told == {
            "Email": True,
            "Slack, operations": False,
            "Slack, critical": False,
            "Telegram": False,
            "PagerDuty": False,
        }

    def test_one_slack_channel_serves_for_both(self, settings: LazySettings) -> None:
        settings.SLACK_TOKEN, settings.SLACK_CHANNEL = "xoxb-1", "#all"

        assert place("Slack, critical").configured

    def test_says_when_it_last_worked_and_why_it_does_not(self, chat: Chat) -> None:
        announce(Shared.SLACK)
        deliver()
        assert not place("Slack, operations").in_trouble

        chat.always["slack"] = Answer(500)
        announce(Shared.SLACK, dedupe_key="test:2", at=later(minutes=1))
        deliver(later(minutes=1))

        slack = place("Slack, operations")
        assert (slack.sent_at, slack.failed_at) == (NOON, later(minutes=1))
        assert (slack.error, slack.waiting) == ("Slack answered HTTP 500.", 1)
        assert slack.in_trouble
        assert not place("Slack, critical").in_trouble

    def test_nobody_to_tell_is_no_trouble_with_mail(self) -> None:
        tell(addresses=[], roles=["VIP_APPROVER"])

        assert not place("Email").in_trouble
