"""Reading what was judged: the newest run, an indicator's past, the levels of a time."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from apps.risk import queries
from apps.risk.models import Assessment, Reading
from apps.risk.queries.assessments import POINTS_MAX
from apps.risk.rules.figures import Indicator, Level, Status

from .rules.funds import USDT
from .running import MINUTE, NOON, Fund, stands

__all__ = ["stands"]

pytestmark = pytest.mark.django_db

LAG = Indicator.EVENT_LAG


def readings(values: list[int | None], *, step: timedelta = MINUTE, start: datetime = NOON) -> None:
    """An event lag in each of so many runs."""
    rows = Assessment.objects.bulk_create(
        Assessment(
            at=start + number * step,
            level="NORMAL",
            raw_level="NORMAL",
            score=0,
            policy_version=1,
            duration_ms=1,
        )
        for number in range(len(values))
    )
    Reading.objects.bulk_create(
        Reading(
            assessment=row,
            at=row.at,
            indicator=LAG,
            value=value,
            status="UNKNOWN" if value is None else "WARNING" if value > 30 else "NORMAL",
            unknown="" if value is not None else "?",
            unknown_since=None if value is not None else row.at,
            warning=30,
            critical=300,
            weight=3,
            share=0,
            meaning="-",
        )
        for row, value in zip(rows, values, strict=True)
    )


class TestLatest:
    def test_is_none_before_the_first(self) -> None:
        assert queries.latest_assessment() is None

    def test_is_the_newest_by_its_time(self, stands: Fund) -> None:
        stands.run()
        stands.run(at=NOON + MINUTE, event_lag_seconds=31)

        found = queries.latest_assessment()

        assert found is not None
        assert (found.at, found.level) == (NOON + MINUTE, Level.ELEVATED)

    def test_takes_two_queries(
        self, stands: Fund, django_assert_num_queries: pytest.FixtureRequest
    ) -> None:
        stands.run()

        with django_assert_num_queries(2):  # type: ignore[operator]
            queries.latest_assessment()


class TestHistory:
    def test_has_every_run_of_a_short_time(self) -> None:
        readings([1, None, 40])

        found = queries.metrics_history(indicator=LAG, start=NOON, end=NOON + 3 * MINUTE)

        assert [(point.at, point.value, point.status) for point in found] == [
            (NOON, Decimal(1), Status.NORMAL),
            (NOON + MINUTE, None, Status.UNKNOWN),
            (NOON + 2 * MINUTE, Decimal(40), Status.WARNING),
        ]

    def test_ends_before_its_end(self) -> None:
        readings([1, 2, 3])

        found = queries.metrics_history(indicator=LAG, start=NOON + MINUTE, end=NOON + 2 * MINUTE)

        assert [point.value for point in found] == [2]

    def test_of_a_long_time_is_thinned_and_keeps_what_tells(self) -> None:
        values: list[int | None] = [5 + number % 3 for number in range(2_000)]
        values[1_234], values[777], values[1_500] = 290, 0, None
        readings(values)

        found = queries.metrics_history(indicator=LAG, start=NOON, end=NOON + 2_000 * MINUTE)

        told = [point.value for point in found]
        assert 100 < len(found) <= POINTS_MAX
        assert {Decimal(290), Decimal(0), None} <= set(told)
        assert [point.at for point in found] == sorted(point.at for point in found)
        assert found[-1].at == NOON + 1_999 * MINUTE

    @pytest.mark.parametrize("count", [POINTS_MAX, POINTS_MAX + 1])
    def test_never_has_more_points_than_it_may(self, count: int) -> None:
        readings([number % 50 for number in range(count)])

        found = queries.metrics_history(indicator=LAG, start=NOON, end=NOON + count * MINUTE)

        assert len(found) <= POINTS_MAX
        assert (len(found) == count) is (count == POINTS_MAX)

    def test_knows_only_its_own_indicator(self) -> None:
        readings([1])

        assert not queries.metrics_history(
            indicator=Indicator.L1_RATIO, start=NOON, end=NOON + MINUTE
        )


class TestLevels:
    def test_begin_with_the_one_that_held_then(self, stands: Fund) -> None:
        stands.run(at=NOON - 10 * MINUTE)
        stands.run(at=NOON + MINUTE, l1_assets=79_000 * USDT)
        stands.run(at=NOON + 2 * MINUTE, liability_assets=500_001 * USDT)

        found = queries.levels_between(NOON, NOON + 2 * MINUTE)

        assert [(point.at, point.level) for point in found] == [
            (NOON - 10 * MINUTE, Level.NORMAL),
            (NOON + MINUTE, Level.HIGH),
        ]
        assert [point.reason for point in found] == [
            "",
            "L1 is 7.90 % of gross assets. It is critical below 8 %.",
        ]

    def test_are_none_before_the_first_run(self) -> None:
        assert queries.levels_between(NOON, NOON + MINUTE) == []
