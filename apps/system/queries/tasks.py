"""Scheduled tasks with their last runs, and which are overdue."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app
from celery.schedules import crontab, schedule

from apps.core.display import duration_text
from apps.system.models import TaskRun
from apps.system.rules import is_overdue


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """One scheduled task. ``due_at`` follows its last success; None if it never succeeded."""

    name: str
    cadence: str
    last_started_at: datetime | None
    last_succeeded_at: datetime | None
    last_failed_at: datetime | None
    last_error: str
    due_at: datetime | None
    overdue: bool

    @property
    def short_name(self) -> str:
        """The name as people say it: "fund: take overview"."""
        app, _, task = self.name.partition(".")
        return f"{app}: {task.replace('_', ' ')}"

    @property
    def failing(self) -> bool:
        """Whether the last run that ended was a failure."""
        failed, succeeded = self.last_failed_at, self.last_succeeded_at
        return failed is not None and (succeeded is None or failed > succeeded)


def tasks(at: datetime) -> list[TaskStatus]:
    """Every task of the schedule, by name."""
    runs = {run.name: run for run in TaskRun.objects.all()}
    return sorted(
        (_status(name, timing, runs.get(name), at) for name, timing in _scheduled()),
        key=lambda status: status.name,
    )


def last_success(name: str) -> datetime | None:
    """When a task last ended well."""
    run = TaskRun.objects.filter(name=name).first()
    return run.last_succeeded_at if run else None


def _scheduled() -> Iterator[tuple[str, Any]]:
    for entry in dict(current_app.conf.beat_schedule or {}).values():
        yield str(entry["task"]), entry["schedule"]


def _status(name: str, timing: Any, run: TaskRun | None, at: datetime) -> TaskStatus:
    run = run or TaskRun(name=name)
    period = _period(timing)
    due_at = _due_at(timing, run.last_succeeded_at)
    return TaskStatus(
        name=name,
        cadence=_cadence(timing),
        last_started_at=run.last_started_at,
        last_succeeded_at=run.last_succeeded_at,
        last_failed_at=run.last_failed_at,
        last_error=run.last_error,
        due_at=due_at,
        overdue=is_overdue(due_at=due_at, period=period, at=at),
    )


def _period(timing: Any) -> timedelta | None:
    if isinstance(timing, crontab):
        return None
    if isinstance(timing, schedule):
        every: timedelta = timing.run_every  # type: ignore[attr-defined]
        return every
    return timing if isinstance(timing, timedelta) else timedelta(seconds=float(timing))


def _due_at(timing: Any, last: datetime | None) -> datetime | None:
    if last is None:
        return None
    period = _period(timing)
    if period is not None:
        return last + period
    start, remaining, _now = timing.remaining_delta(last, tz=UTC)
    due: datetime = start + remaining
    return due


def _cadence(timing: Any) -> str:
    period = _period(timing)
    if period is not None:
        seconds = period.total_seconds()
        whole = duration_text(int(seconds)) if seconds == int(seconds) else f"{seconds:g} s"
        return f"every {whole}"
    return _crontab_text(timing)


def _crontab_text(timing: Any) -> str:
    # A crontab's text is "<crontab: 10 0 * * * (m/h/dM/MY/d)>".
    minute, hour, day_of_month, month, day_of_week = str(timing).split(" ")[1:6]
    if not minute.isdigit():
        return f"{minute} {hour} {day_of_month} {month} {day_of_week}"
    if (hour, day_of_month, month, day_of_week) == ("*", "*", "*", "*"):
        return f"hourly at :{int(minute):02d}"
    if hour.isdigit() and (day_of_month, month, day_of_week) == ("*", "*", "*"):
        return f"daily at {int(hour):02d}:{int(minute):02d} UTC"
    return f"{minute} {hour} {day_of_month} {month} {day_of_week} UTC"
