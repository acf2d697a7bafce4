"""How risk was judged: the newest run, an indicator's past, and the levels of a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from apps.risk.models import Assessment, Reading
from apps.risk.rules.figures import Group, Indicator, Level, Status, Threshold, Unit
from apps.risk.rules.judging import headroom
from apps.risk.rules.specs import SPECS

POINTS_MAX = 500
_PARTS = 120
"""Of a long time so many equal parts are shown, each by at most four of its runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingView:
    """One indicator in one run. ``value``, ``warning`` and ``critical`` are shares, seconds or
    factors, as ``unit`` says; ``share`` is what it adds to the score.

    ``headroom`` is how far the value may move before it stands worse: 0 when it is critical, None
    without a value.
    """

    indicator: Indicator
    title: str
    group: Group
    unit: Unit
    value: Decimal | None
    status: Status
    warning: Decimal
    critical: Decimal
    weight: int
    share: Decimal
    infinite: bool
    too_few: bool
    unknown: str
    unknown_since: datetime | None
    meaning: str
    headroom: Decimal | None
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentView:
    """One run. ``raw_level`` is what the figures said then, ``level`` what held; ``reasons`` are
    sentences, the gravest first; ``figures`` amounts behind the readings (USDT base units as text).

    ``indicator_level`` leaves out what the contracts hold by themselves (emergency mode, an alert):
    it says whether the figures have recovered.
    """

    id: int
    at: datetime
    block_number: int | None
    block_at: datetime | None
    level: Level
    raw_level: Level
    indicator_level: Level
    level_changed: bool
    better_runs: int
    score: Decimal
    reasons: tuple[str, ...]
    figures: Mapping[str, Any]
    policy_version: int
    duration_ms: int
    readings: tuple[ReadingView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPoint:
    """An indicator in one run of the past; ``value`` is None where there was none."""

    at: datetime
    value: Decimal | None
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelPoint:
    """The level from an instant on, with the score and the gravest reason of that run."""

    at: datetime
    level: Level
    score: Decimal
    reason: str


def latest_assessment() -> AssessmentView | None:
    """The newest run, however old; None before the first."""
    row = Assessment.objects.order_by("-at").first()
    return assessment_view(row) if row else None


def assessment_view(row: Assessment) -> AssessmentView:
    """A run's row as a value, its readings in the order of ``Indicator``."""
    readings = {reading.indicator: reading for reading in row.readings.all()}
    return AssessmentView(
        id=row.pk,
        at=row.at,
        block_number=row.block_number,
        block_at=row.block_at,
        level=Level(row.level),
        raw_level=Level(row.raw_level),
        indicator_level=Level(row.figures.get("indicator_level", row.raw_level)),
        level_changed=row.level_changed,
        better_runs=row.better_runs,
        score=row.score,
        reasons=tuple(row.reasons),
        figures=row.figures,
        policy_version=row.policy_version,
        duration_ms=row.duration_ms,
        readings=tuple(
            _reading_view(readings[indicator]) for indicator in Indicator if indicator in readings
        ),
    )


def metrics_history(*, indicator: Indicator, start: datetime, end: datetime) -> list[MetricPoint]:
    """An indicator from ``start`` to before ``end``, oldest first.

    At most 500 points: of a long time the lowest, the highest, the gravest and the last run of each
    of 120 equal parts.
    """
    rows = Reading.objects.filter(indicator=indicator, at__gte=start, at__lt=end)
    if rows[: POINTS_MAX + 1].count() > POINTS_MAX:
        rows = Reading.objects.filter(pk__in=_telling(indicator, start, end))
    points = rows.order_by("at", "id").values_list("at", "value", "status")
    return [MetricPoint(at=at, value=value, status=Status(status)) for at, value, status in points]


def levels_between(start: datetime, end: datetime) -> list[LevelPoint]:
    """The level that held at ``start``, and every change up to before ``end``, oldest first."""
    changed = Assessment.objects.filter(level_changed=True)
    before = changed.filter(at__lte=start).order_by("-at")[:1]
    since = changed.filter(at__gt=start, at__lt=end).order_by("at")
    return [
        LevelPoint(
            at=row.at,
            level=Level(row.level),
            score=row.score,
            reason=row.reasons[0] if row.reasons else "",
        )
        for row in (*before, *since)
    ]


def last_known(since: Mapping[Indicator, datetime]) -> dict[Indicator, Status]:
    """How indicators that are unknown since an instant stood when they were known last; one that
    never was is left out."""
    found = {}
    for indicator, unknown_since in since.items():
        rows = Reading.objects.filter(indicator=indicator, at__lt=unknown_since)
        known = rows.exclude(status=Status.UNKNOWN).order_by("-at")
        status = known.values_list("status", flat=True).first()
        if status is not None:
            found[indicator] = Status(status)
    return found


def _reading_view(row: Reading) -> ReadingView:
    indicator, status = Indicator(row.indicator), Status(row.status)
    spec = SPECS[indicator]
    threshold = Threshold(warning=row.warning, critical=row.critical, weight=row.weight)
    return ReadingView(
        indicator=indicator,
        title=spec.title,
        group=spec.group,
        unit=spec.unit,
        value=row.value,
        status=status,
        warning=row.warning,
        critical=row.critical,
        weight=row.weight,
        share=row.share,
        infinite=row.infinite,
        too_few=row.too_few,
        unknown=row.unknown,
        unknown_since=row.unknown_since,
        meaning=row.meaning,
        headroom=headroom(row.value, indicator=indicator, threshold=threshold, status=status),
        details=row.details,
    )


def _telling(indicator: Indicator, start: datetime, end: datetime) -> list[int]:
    """Of each part of a time the rows that its shape is made of."""
    width_microseconds = max((end - start) // timedelta(microseconds=_PARTS), 1)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH parted AS (
                SELECT id, at, value,
                    array_position(ARRAY['NORMAL', 'UNKNOWN', 'WARNING', 'CRITICAL'], status::text)
                        AS gravity,
                    date_bin(%s * interval '1 microsecond', at, %s) AS part
                FROM risk_reading WHERE indicator = %s AND at >= %s AND at < %s
            )
            SELECT id FROM (
                SELECT id,
                    row_number() OVER (PARTITION BY part ORDER BY value, id) AS from_lowest,
                    row_number() OVER (PARTITION BY part ORDER BY value DESC NULLS LAST, id)
                        AS from_highest,
                    row_number() OVER (PARTITION BY part ORDER BY gravity DESC, id) AS from_gravest,
                    row_number() OVER (PARTITION BY part ORDER BY at DESC, id DESC) AS from_last
                FROM parted
            ) AS placed
            WHERE 1 IN (from_lowest, from_highest, from_gravest, from_last)
            """,
            [width_microseconds, start, indicator.value, start, end],
        )
        return [pk for (pk,) in cursor.fetchall()]
