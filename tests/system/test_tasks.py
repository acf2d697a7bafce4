"""When tasks ran, and which are overdue."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from celery.schedules import crontab

from apps.core import clock
from apps.system import operations
from apps.system.models import TaskRun
from apps.system.queries.tasks import TaskStatus, tasks
from apps.system.rules import HEARTBEAT
from apps.system.tasks import heartbeat

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def schedule() -> Iterator[None]:
    table: dict[str, dict[str, Any]] = {
        "often": {"task": "x.often", "schedule": 60.0},
        "daily": {"task": "x.daily", "schedule": crontab(minute=10, hour=0)},
    }
    before = current_app.conf.beat_schedule
    current_app.conf.beat_schedule = table
    yield
    current_app.conf.beat_schedule = before


def status(name: str, at: datetime) -> TaskStatus:
    return next(task for task in tasks(at) if task.name == name)


class TestOverdue:
    @pytest.mark.parametrize(("seconds", "late"), [(179, False), (181, True)])
    def test_an_interval_may_be_missed_once(self, schedule: None, seconds: int, late: bool) -> None:
        operations.note_succeeded(name="x.often", at=NOON)

        assert status("x.often", NOON + timedelta(seconds=seconds)).overdue is late

    @pytest.mark.parametrize(("minutes", "late"), [(0, False), (2, True)])
    def test_a_daily_task_by_its_hour(self, schedule: None, minutes: int, late: bool) -> None:
        operations.note_succeeded(name="x.daily", at=datetime(2026, 3, 1, 0, 10, 5, tzinfo=UTC))
        due = datetime(2026, 3, 2, 0, 10, tzinfo=UTC)

        assert status("x.daily", due + timedelta(minutes=minutes)).overdue is late

    def test_what_never_ran_is_not_overdue(self, schedule: None) -> None:
        found = status("x.daily", NOON)

        assert found.last_succeeded_at is None
        assert not found.overdue

    def test_says_when_in_words(self, schedule: None) -> None:
        assert status("x.often", NOON).cadence == "every 1 min"
        assert status("x.daily", NOON).cadence == "daily at 00:10 UTC"


class TestNotes:
    def test_a_failure_after_a_success_is_failing(self, schedule: None) -> None:
        operations.note_succeeded(name="x.often", at=NOON)
        operations.note_failed(name="x.often", error="ouch\x00", at=NOON + timedelta(seconds=5))

        found = status("x.often", NOON)
        assert found.failing
        assert found.last_error == "ouch"

    def test_a_later_success_mends_it(self, schedule: None) -> None:
        operations.note_failed(name="x.often", error="ouch", at=NOON)
        operations.note_succeeded(name="x.often", at=NOON + timedelta(seconds=5))

        found = status("x.often", NOON)
        assert not found.failing
        assert found.last_error == ""

    def test_celery_notes_each_run(self) -> None:
        heartbeat.apply()

        run = TaskRun.objects.get(pk=HEARTBEAT)
        assert run.last_started_at is not None
        assert run.last_succeeded_at is not None
        assert run.last_succeeded_at >= run.last_started_at
        assert run.last_succeeded_at <= clock.now()


class TestSchedule:
    def test_every_scheduled_task_exists(self) -> None:
        from paimon.schedule import SCHEDULE

        current_app.loader.import_default_modules()
        unknown = {entry["task"] for entry in SCHEDULE.values()} - set(current_app.tasks)
        assert not unknown
