"""Jobs that are not done any more: people are told once, and that they are done again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.conf import LazySettings

from apps.notifications.models import Notification
from apps.system import operations
from apps.system.models import TaskRun
from apps.system.operations.overdue import TELL_AFTER
from tests.accounts.people import person

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OFTEN, SELDOM, DELIVER = "x.often", "x.seldom", "notifications.deliver"
LATE = NOON + timedelta(minutes=5)
"""When what was done at noon, and comes each minute, is overdue."""


@pytest.fixture(autouse=True)
def _schedule(settings: LazySettings) -> Iterator[None]:
    settings.SLACK_TOKEN, settings.SLACK_CHANNEL = "xoxb-not-a-token", "C1"
    before = current_app.conf.beat_schedule
    current_app.conf.beat_schedule = {
        "often": {"task": OFTEN, "schedule": 60.0},
        "seldom": {"task": SELDOM, "schedule": 60.0},
        "deliver": {"task": DELIVER, "schedule": 60.0},
    }
    yield
    current_app.conf.beat_schedule = before


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Tasks that were started, with their queue."""
    found: list[tuple[str, str]] = []

    def send_task(name: str, *, queue: str, **_: Any) -> None:
        found.append((name, queue))

    monkeypatch.setattr(current_app, "send_task", send_task)
    return found


def done(*names: str, at: datetime) -> None:
    for name in names:
        operations.note_succeeded(name=name, at=at)


def told(channel: str = "SLACK") -> list[str]:
    rows = Notification.objects.filter(kind="JOB_OVERDUE", channel=channel).order_by("id")
    return [row.subject.rpartition("] ")[2] for row in rows]


class TestOverdue:
    def test_what_lasts_is_told_once(self) -> None:
        done(OFTEN, at=NOON)
        operations.check_jobs(at=LATE)
        operations.check_jobs(at=LATE + TELL_AFTER - timedelta(seconds=1))
        assert told() == []

        for seconds in (0, 60, 3600, 86_400):
            operations.check_jobs(at=LATE + TELL_AFTER + timedelta(seconds=seconds))

        assert told() == ["Overdue: job x: often"]

    def test_those_who_mend_it_are_mailed(self) -> None:
        person("ADMIN"), person("OPERATOR"), person("VIEWER")
        done(OFTEN, at=NOON)

        operations.check_jobs(at=LATE)
        operations.check_jobs(at=LATE + TELL_AFTER)

        assert len(told("EMAIL")) == 2

    def test_a_restart_that_catches_up_is_not_told(self) -> None:
        """After a night everything is overdue for a moment."""
        morning = NOON + timedelta(hours=18)
        done(OFTEN, SELDOM, at=NOON)
        operations.check_jobs(at=morning)
        done(OFTEN, SELDOM, at=morning + timedelta(minutes=1))

        for minutes in range(2, 30):
            done(OFTEN, SELDOM, at=morning + timedelta(minutes=minutes))
            operations.check_jobs(at=morning + timedelta(minutes=minutes))

        assert told() == []

    def test_several_are_one_message_that_names_each(self) -> None:
        done(OFTEN, SELDOM, at=NOON)
        operations.note_failed(name=SELDOM, error="https://key@host refused", at=LATE)

        operations.check_jobs(at=LATE)
        operations.check_jobs(at=LATE + TELL_AFTER)

        assert told() == ["Overdue: job x: often and 1 more"]
        text = Notification.objects.get(channel="SLACK").text
        assert "x: often: every 1 min, done last 15 min ago" in text
        assert "x: seldom: every 1 min, done last 15 min ago; its last run failed" in text
        assert "key@host" not in text

    def test_one_more_is_told_by_itself(self) -> None:
        done(OFTEN, at=NOON)
        done(SELDOM, at=LATE)
        for minutes in range(60):
            operations.check_jobs(at=LATE + timedelta(minutes=minutes))

        assert told() == ["Overdue: job x: often", "Overdue: job x: seldom"]

    def test_what_never_ran_is_not_told(self) -> None:
        operations.note_started(name=OFTEN, at=NOON)

        operations.check_jobs(at=LATE)
        operations.check_jobs(at=LATE + TELL_AFTER)

        assert told() == []

    def test_what_is_not_scheduled_any_more_is_not_told(self) -> None:
        done("x.gone", at=NOON)

        operations.check_jobs(at=LATE)
        operations.check_jobs(at=LATE + TELL_AFTER)

        assert told() == []


class TestDoneAgain:
    def test_is_said_once_and_the_next_time_is_told_anew(self) -> None:
        done(OFTEN, at=NOON)
        operations.check_jobs(at=LATE)
        operations.check_jobs(at=LATE + TELL_AFTER)
        again = LATE + TELL_AFTER + timedelta(minutes=1)
        done(OFTEN, at=again)
        operations.check_jobs(at=again)
        operations.check_jobs(at=again + timedelta(minutes=1))

        assert told() == ["Overdue: job x: often", "Done again: job x: often"]
        run = TaskRun.objects.get(pk=OFTEN)
        assert (run.overdue_since, run.overdue_told_at) == (None, None)

        operations.check_jobs(at=again + timedelta(minutes=5))
        operations.check_jobs(at=again + timedelta(minutes=5) + TELL_AFTER)
        assert told()[2:] == ["Overdue: job x: often"]

    def test_the_next_time_the_wait_begins_anew(self) -> None:
        done(OFTEN, at=NOON)
        operations.check_jobs(at=LATE)
        done(OFTEN, at=LATE)
        operations.check_jobs(at=LATE)

        operations.check_jobs(at=LATE + timedelta(hours=1))

        assert told() == []

    def test_what_nobody_was_told_of_is_not_said(self) -> None:
        done(OFTEN, at=NOON)
        operations.check_jobs(at=LATE)
        done(OFTEN, at=LATE)

        operations.check_jobs(at=LATE + timedelta(seconds=1))

        assert told() == []


class TestDelivery:
    def test_without_the_worker_that_delivers_this_one_does(
        self, rung: list[tuple[str, str]], django_capture_on_commit_callbacks: Any
    ) -> None:
        done(DELIVER, at=NOON)

        with django_capture_on_commit_callbacks(execute=True):
            operations.check_jobs(at=LATE)

        assert rung == [(DELIVER, "critical")]

    def test_while_it_works_it_is_left_to_it(
        self, rung: list[tuple[str, str]], django_capture_on_commit_callbacks: Any
    ) -> None:
        done(DELIVER, at=LATE)
        done(OFTEN, at=NOON)

        with django_capture_on_commit_callbacks(execute=True):
            operations.check_jobs(at=LATE)

        assert rung == []
