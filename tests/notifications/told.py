"""What people and shared places were told, read from the outbox."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction

from apps.core import bus
from apps.notifications.models import Notification
from tests.accounts.people import Person

CRITICAL_PLACES = {"slack:critical", "telegram", "pagerduty"}
WARNING_PLACES = {"slack:operations", "telegram"}


@pytest.fixture
def everywhere(settings: LazySettings) -> None:
    """Every shared place is configured."""
    settings.SLACK_TOKEN, settings.SLACK_CHANNEL = "xoxb-test", "C1"
    settings.SLACK_CRITICAL_CHANNEL = "C2"
    settings.TELEGRAM_TOKEN, settings.TELEGRAM_CHAT = "1:test", "-100"
    settings.PAGERDUTY_KEY = "test"


def publish(fact: Any, how: Callable[[Any], None] = bus.publish) -> None:
    """Let the handlers hear a fact."""
    with transaction.atomic():
        how(fact)


def told(kind: str) -> set[str]:
    """Who was mailed about it."""
    rows = Notification.objects.filter(kind=kind, channel="EMAIL")
    return set(rows.values_list("address", flat=True))


def places(kind: str) -> set[str]:
    """Which shared places heard of it."""
    rows = Notification.objects.filter(kind=kind).exclude(channel__in=["EMAIL", "IN_APP"])
    return set(rows.values_list("address", flat=True))


def one(kind: str, channel: str = "EMAIL") -> Notification:
    """The only message of a kind by a channel."""
    return Notification.objects.get(kind=kind, channel=channel)


def emails(*people: Person) -> set[str]:
    """Their addresses."""
    return {who.user.email for who in people}
