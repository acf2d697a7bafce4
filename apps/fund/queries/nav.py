"""NAV per share through time, from what the contract published and from our own snapshots."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from heapq import merge
from typing import TypeVar, cast

from django.db.models import (
    DateTimeField,
    F,
    Func,
    Model,
    QuerySet,
    Value,
    Window,
)
from django.db.models.functions import RowNumber

from apps.fund.models import NavUpdate, Snapshot, SnapshotKind, SnapshotStatus
from apps.fund.rules import performance as rules
from apps.fund.rules.slots import DAY, HOUR

from .periods import in_order

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Bins = tuple[timedelta, datetime]
"""How long intervals are, and where one of them begins."""
_Row = TypeVar("_Row", bound=Model)
INTERVALS = {"hourly": HOUR, "daily": DAY, "weekly": timedelta(days=7)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NavPoint:
    """NAV per share (1e18 fixed point) at an instant. ``source`` is "snapshot" or "event"; an
    event tells no totals."""

    at: datetime
    nav_per_share: int
    total_assets: int | None
    aum_assets: int | None
    block_number: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Relative figures (0.05 = 5 %) as of the last known point; None is unknown."""

    as_of: datetime | None
    nav_per_share: int | None
    change_24h: Decimal | None
    change_7d: Decimal | None
    change_30d: Decimal | None
    change_since_inception: Decimal | None
    inception_at: datetime | None
    max_drawdown: Decimal | None
    annualised_return: Decimal | None
    annualised_volatility: Decimal | None


def nav_history(*, start: datetime, end: datetime, interval: str = "daily") -> list[NavPoint]:
    """The last point of each interval in [start, end), oldest first. Empty intervals are absent.

    Weeks are counted from Monday 00:00 UTC; ``at`` is the instant the point was true, not the
    interval's edge.
    """
    step = INTERVALS[interval]
    offset = timedelta(days=4) if interval == "weekly" else timedelta(0)  # 1970 began on Thursday
    last = end - timedelta(microseconds=1)
    origin = _EPOCH + offset
    points = sorted(  # two runs in order already; a snapshot before an event of the same block
        (
            *_snapshots(None, start, last, one_per=(step, origin)),
            *_events(start, last, one_per=(step, origin)),
        ),
        key=lambda point: (point.at, point.block_number),
    )
    return rules.last_per_slot(points, lambda point: (point.at - origin) // step)


def nav_series(since: datetime, points_max: int = 300) -> list[NavPoint]:
    """At most ``points_max`` points since an instant for a chart, oldest first, newest included."""
    rows = _snapshots(SnapshotKind.HOURLY, since, None)
    points = list(_merged(rows, _events(since, None)))
    newest = _newest(since)
    if newest is not None and (not points or newest.at > points[-1].at):
        points.append(newest)
    return rules.thinned(points, points_max)


def nav_at(instant: datetime) -> NavPoint | None:
    """The last point known not after an instant, however old; look at its ``at``."""
    found = [
        point
        for point in (
            next(_snapshots(None, None, instant, newest=True), None),
            next(_events(None, instant, newest=True), None),
        )
        if point is not None
    ]
    return max(found, key=lambda point: (point.block_number, point.at), default=None)


def performance() -> Performance:
    """Change, drawdown, annualised return and volatility, from daily points and the newest one."""
    daily = list(_snapshots(SnapshotKind.DAILY, None, None))
    first, last = _oldest(), _newest(None)
    if first is None or last is None:
        return Performance(**dict.fromkeys(Performance.__dataclass_fields__))
    days = [rules.NavAt(point.at, point.nav_per_share) for point in daily]
    ends = [rules.NavAt(point.at, point.nav_per_share) for point in (first, last)]
    series = sorted({point.at: point for point in (*days, *ends)}.values())
    recent = _recent(last)
    return Performance(
        as_of=last.at,
        nav_per_share=last.nav_per_share,
        change_24h=rules.change_over(recent, span=DAY, tolerance=timedelta(hours=2)),
        change_7d=rules.change_over(recent, span=7 * DAY, tolerance=DAY),
        change_30d=rules.change_over(recent, span=30 * DAY, tolerance=DAY),
        change_since_inception=rules.change(first.nav_per_share, last.nav_per_share),
        inception_at=first.at,
        max_drawdown=rules.max_drawdown(series),
        annualised_return=rules.annualised_return(series),
        annualised_volatility=rules.annualised_volatility(days),
    )


def _recent(last: NavPoint) -> list[rules.NavAt]:
    start = last.at - 32 * DAY
    points = [
        *_snapshots(SnapshotKind.DAILY, start, last.at),
        *_snapshots(SnapshotKind.HOURLY, start, last.at),
        *_events(start, last.at),
        last,
    ]
    points.sort(key=lambda point: (point.at, point.block_number))
    return [rules.NavAt(point.at, point.nav_per_share) for point in points]


def _newest_of_each(
    rows: QuerySet[_Row], bins: _Bins, field: str, *newest_first: str
) -> QuerySet[_Row]:
    """The newest row of each interval, oldest first: two years are not read for a hundred weeks."""
    step, origin = bins
    begins = Func(
        Value(step),
        F(field),
        Value(origin),
        function="date_bin",
        output_field=DateTimeField(),
    )
    place = Window(RowNumber(), partition_by=begins, order_by=newest_first)
    found = rows.annotate(place=place).filter(place=1).order_by(field)
    return cast("QuerySet[_Row]", found)


def _merged(*series: Iterable[NavPoint]) -> Iterator[NavPoint]:
    return merge(*series, key=lambda point: (point.at, point.block_number))


def _newest(since: datetime | None) -> NavPoint | None:
    return next(_snapshots(None, since, None, newest=True), None)


def _oldest() -> NavPoint | None:
    return next(_snapshots(None, None, None, count_max=1), None)


def _snapshots(
    kind: str | None,
    start: datetime | None,
    last: datetime | None,
    *,
    newest: bool = False,
    count_max: int | None = None,
    one_per: _Bins | None = None,
) -> Iterator[NavPoint]:
    """Points of taken snapshots with ``start`` <= slot <= ``last``, oldest first; or the newest, or
    the newest of each interval."""
    rows = Snapshot.objects.filter(status=SnapshotStatus.OK)
    if kind is not None:
        rows = rows.filter(kind=kind)
    if start is not None:
        rows = rows.filter(slot__gte=start)
    if last is not None:
        rows = rows.filter(slot__lte=last)
    in_time = rows.order_by("slot", "block_number")[:count_max]
    if newest:
        rows = rows.order_by("-slot", "-block_number")[:1]
    elif one_per is not None:
        rows = _newest_of_each(rows, one_per, "slot", "-slot", "-block_number")
    else:
        rows = in_time
    names = ("slot", "nav_per_share", "total_assets", "aum_assets", "block_number")
    for row in rows.values_list(*names):
        # A taken snapshot has its NAV and its block: snapshot_figures_or_gap.
        slot, nav, total, aum, number = cast("tuple[datetime, int, int, int, int]", row)
        yield NavPoint(
            at=slot,
            nav_per_share=nav,
            total_assets=total,
            aum_assets=aum,
            block_number=number,
            source="snapshot",
        )


def _events(
    start: datetime | None,
    last: datetime | None,
    *,
    newest: bool = False,
    one_per: _Bins | None = None,
) -> Iterator[NavPoint]:
    """Points the contract published, likewise."""
    rows = NavUpdate.objects.all()
    if start is not None:
        rows = rows.filter(at__gte=start)
    if last is not None:
        rows = rows.filter(at__lte=last)
    if newest:
        rows = rows.order_by("-block_number", "-log_index")[:1]
    elif one_per is not None:
        rows = _newest_of_each(rows, one_per, "at", "-block_number", "-log_index")
    else:
        rows = in_order(rows)
    for at, nav, number in rows.values_list("at", "new_nav_per_share", "block_number"):
        yield NavPoint(
            at=at,
            nav_per_share=nav,
            total_assets=None,
            aum_assets=None,
            block_number=number,
            source="event",
        )
