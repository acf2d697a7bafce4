"""The instants that snapshots stand for: whole hours, and days at 00:00 UTC."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def floor_to(instant: datetime, step: timedelta) -> datetime:
    """The last multiple of ``step`` (counted from 1970 in UTC) not after ``instant``."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (instant - epoch) // step * step


def ceil_to(instant: datetime, step: timedelta) -> datetime:
    """The first multiple of ``step`` not before ``instant``."""
    floor = floor_to(instant, step)
    return floor if floor == instant else floor + step


def missing_slots(
    *,
    first: datetime,
    last: datetime,
    step: timedelta,
    present: Collection[datetime],
    count_max: int,
) -> list[datetime]:
    """The newest ``count_max`` slots in [first, last] that are not ``present``, newest first.

    Bounded by ``count_max`` in what it returns, by the interval in what it looks at.
    """
    missing: list[datetime] = []
    slot, end = floor_to(last, step), ceil_to(first, step)
    while slot >= end and len(missing) < count_max:
        if slot not in present:
            missing.append(slot)
        slot -= step
    return missing
