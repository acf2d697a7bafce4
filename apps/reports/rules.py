"""Kinds of report, their periods, and the life of a run. Plain Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from apps.core.errors import Invalid


class NoSuchDay(Invalid):
    """The calendar ends on this day: it has no end that a computer could write."""


class Kind(StrEnum):
    """Which report."""

    DAILY = "DAILY"
    CUSTOM = "CUSTOM"
    LIQUIDITY = "LIQUIDITY"
    INCIDENT = "INCIDENT"


OF_A_PERIOD = (Kind.DAILY, Kind.CUSTOM)
"""Kinds that tell of everything in a period; the others tell of one thing."""


class Status(StrEnum):
    """The life of a run."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    READY = "READY"
    FAILED = "FAILED"


# The database trigger of migration 0002 holds the same table.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.RUNNING}),
    Status.RUNNING: frozenset({Status.RUNNING, Status.READY, Status.QUEUED, Status.FAILED}),
    Status.READY: frozenset(),
    Status.FAILED: frozenset({Status.QUEUED}),
}

FORMATS = ("pdf", "xlsx")
DAYS_MAX = 366
ATTEMPTS_MAX = 3
LEASE = timedelta(minutes=5)
RETRY_AFTER = timedelta(minutes=1)
CATCH_UP_DAYS_MAX = 7
DAILY_AFTER = timedelta(minutes=10)
"""A day is reported this long after its end, when its last blocks are final."""
LIQUIDITY_EVERY: Mapping[str, timedelta] = {
    "ELEVATED": timedelta(hours=1),
    "HIGH": timedelta(minutes=15),
    "CRITICAL": timedelta(minutes=15),
}
"""How often liquidity is reported, by the level of risk; other levels ask for none."""
LIQUIDITY_LOOKS_BACK = timedelta(hours=1)
"""The period of a liquidity report that somebody asks for."""
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """The instants [start, end), in UTC."""

    start: datetime
    end: datetime

    @property
    def days(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    @property
    def is_one_day(self) -> bool:
        """Whether it is exactly one UTC day."""
        return self.start.time() == time(0) and self.days == timedelta(days=1)

    @property
    def text(self) -> str:
        """The period for people: a date when it is one day, else both instants."""
        if self.is_one_day:
            return f"{self.start:%Y-%m-%d}"
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"


def day(value: date) -> Period:
    """One UTC day.

    Raises:
        NoSuchDay: the last day of the calendar, 9999-12-31.
    """
    if value == date.max:
        raise NoSuchDay("There is no report about this day.", date=["Not a day."])
    start = datetime.combine(value, time(0), UTC)
    return Period(start, start + timedelta(days=1))


def problem_with(period: Period, at: datetime) -> str:
    """Why nothing can be reported about this period now; "" when it can."""
    if period.end <= period.start:
        return "The period ends before it begins."
    if period.end > at:
        return "The period has not ended yet."
    if period.days > timedelta(days=DAYS_MAX):
        return f"The period is longer than {DAYS_MAX} days."
    return ""


def liquidity_slot(level: str, last_end: datetime | None, at: datetime) -> Period | None:
    """The stretch of time up to the newest even instant, when its liquidity report is wanted.

    None when the level asks for none, or when one about that instant or a later one was asked for.
    Of slots that an outage skipped only the newest is made: a report about then helps nobody now.
    """
    every = LIQUIDITY_EVERY.get(level)
    if every is None:
        return None
    end = at - (at - _EPOCH) % every
    return None if last_end is not None and last_end >= end else Period(end - every, end)


def missing_days(last_end: datetime | None, at: datetime) -> list[Period]:
    """Days that should have a daily report and have none, oldest first.

    Yesterday, and after an outage the days since the last report, at most a week of them.
    """
    today = datetime.combine((at - DAILY_AFTER).date(), time(0), UTC)
    first = today - timedelta(days=1)
    if last_end is not None:
        first = max(last_end, today - timedelta(days=CATCH_UP_DAYS_MAX))
    count = max((today - first).days, 0)
    return [day((first + timedelta(days=n)).date()) for n in range(count)]
