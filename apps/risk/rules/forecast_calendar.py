"""The UTC days of a horizon, and when a request of each of them is paid.

A horizon of N days begins at some hour, so it touches N + 1 days, the first and the last in part
(exactly N when it begins at midnight). Shares of a day are floats from 0 to 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from .flows_history import Floats

EMERGENCY_DAYS, STANDARD_DAYS, NOTICE_DAYS = 1, 7, 15
"""The contracts pay an emergency request a day after it, a standard one seven; a scheduled one at
the first window at least fifteen days away."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Of each day the hours from ``begins`` to ``ends``, as shares of the day."""

    begins: Floats
    ends: Floats

    @property
    def share(self) -> Floats:
        """How much of each day."""
        return self.ends - self.begins

    def has(self, hour: Floats) -> Floats:
        """1 for each day and hour (a column of shares of the day) that lies in it, else 0."""
        return np.asarray((self.begins <= hour) & (hour < self.ends), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """From ``origin`` (exclusive: what happened then is known) to ``ends_at`` (inclusive)."""

    origin: datetime
    ends_at: datetime

    @classmethod
    def over(cls, origin: datetime, days: int) -> "Calendar":
        """The calendar of a horizon."""
        start = origin.astimezone(UTC)
        return cls(origin=start, ends_at=start + timedelta(days=days))

    @property
    def dates(self) -> tuple[date, ...]:
        """Every UTC day that the horizon touches."""
        last = (self.ends_at - timedelta(microseconds=1)).date()
        first = self.origin.date()
        return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))

    def index_of(self, instant: datetime) -> int | None:
        """The place of an instant's day; the first for what is overdue, None beyond the end."""
        if instant > self.ends_at:
            return None
        place = (instant.astimezone(UTC).date() - self.origin.date()).days
        return min(max(place, 0), len(self.dates) - 1)

    def weekdays(self) -> list[int]:
        """Monday is 0."""
        return [day.weekday() for day in self.dates]

    def arriving(self) -> Part:
        """The part of each day that lies within the horizon: what comes in then counts."""
        return self.paid_after(0)

    def paid_after(self, days: int) -> Part:
        """The part of each day in which a request must be made to be paid, so many days later,
        within the horizon."""
        return self._made(None, self.ends_at - days * _DAY)

    def paid_at(self, windows: Sequence[datetime]) -> list[tuple[int, Part]]:
        """For each window within the horizon its day's place, and the part of each day in which a
        scheduled request must be made to be paid at it, and not at an earlier one."""
        found: list[tuple[int, Part]] = []
        before: datetime | None = None
        for window in sorted(windows):
            latest = window - NOTICE_DAYS * _DAY
            place = self.index_of(window)
            if place is not None and window > self.origin:
                found.append((place, self._made(before, latest)))
            before = latest
        return found

    def _made(self, after: datetime | None, until: datetime) -> Part:
        """By day, what lies between the origin (or later, ``after``) and ``until``."""
        begin = self.origin if after is None else max(after, self.origin)
        places = np.arange(len(self.dates), dtype=np.float64)
        begins = np.clip(self._position(begin) - places, 0.0, 1.0)
        ends = np.clip(self._position(until) - places, 0.0, 1.0)
        return Part(begins=begins, ends=np.maximum(begins, ends))

    def _position(self, instant: datetime) -> float:
        """Days since the midnight at which the origin's day began."""
        midnight = self.origin.replace(hour=0, minute=0, second=0, microsecond=0)
        return (instant - midnight) / _DAY
