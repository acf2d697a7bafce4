"""Change, drawdown, annualised figures."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.fund.rules.performance import (
    NavAt,
    annualised_return,
    annualised_volatility,
    change,
    change_over,
    last_per_slot,
    max_drawdown,
    thinned,
    value_at,
)
from apps.fund.rules.slots import DAY, HOUR, ceil_to, floor_to, missing_slots

DAY_0 = datetime(2026, 1, 1, tzinfo=UTC)
WAD = 10**18
NAVS = st.lists(st.integers(1, 10 * WAD), min_size=1, max_size=30)


def daily(*navs: int) -> list[NavAt]:
    return [NavAt(DAY_0 + n * DAY, nav) for n, nav in enumerate(navs)]


class TestChange:
    def test_is_relative(self) -> None:
        assert change(100, 105) == Decimal("0.05")
        assert change(100, 90) == Decimal("-0.1")

    @pytest.mark.parametrize(("before", "after"), [(None, 1), (1, None), (0, 1)])
    def test_is_unknown_without_both_ends(self, before: int | None, after: int | None) -> None:
        assert change(before, after) is None

    @given(st.integers(1, 2**256 - 1), st.integers(0, 2**256 - 1))
    def test_turns_the_first_into_the_last(self, before: int, after: int) -> None:
        found = change(before, after)

        assert found is not None
        assert abs(before * (1 + found) - after) < Decimal(2**256) / 10**24


class TestChangeOver:
    def test_takes_the_last_point_before_the_span(self) -> None:
        series = daily(100, 200, 300)

        assert change_over(series, span=DAY, tolerance=HOUR) == Decimal("0.5")

    def test_is_unknown_across_a_gap(self) -> None:
        series = [NavAt(DAY_0, 100), NavAt(DAY_0 + 10 * DAY, 300)]

        assert change_over(series, span=DAY, tolerance=HOUR) is None

    def test_is_unknown_before_the_beginning(self) -> None:
        assert change_over(daily(1, 2), span=2 * DAY, tolerance=HOUR) is None
        assert change_over([], span=DAY, tolerance=HOUR) is None


class TestValueAt:
    def test_is_the_last_not_later(self) -> None:
        series = daily(1, 2)

        assert value_at(series, DAY_0 - HOUR) is None
        assert value_at(series, DAY_0) == series[0]
        assert value_at(series, DAY_0 + DAY - HOUR) == series[0]
        assert value_at(series, DAY_0 + 9 * DAY) == series[1]


class TestDrawdown:
    def test_is_the_deepest_fall_from_a_peak(self) -> None:
        assert max_drawdown(daily(100, 120, 90, 150, 140)) == Decimal("0.25")

    def test_is_unknown_for_nothing(self) -> None:
        assert max_drawdown([]) is None

    @given(NAVS)
    def test_lies_between_nothing_and_all(self, navs: list[int]) -> None:
        found = max_drawdown(daily(*navs))

        assert found is not None
        assert 0 <= found < 1

    @given(NAVS)
    def test_is_nothing_when_nav_never_falls(self, navs: list[int]) -> None:
        assert max_drawdown(daily(*sorted(navs))) == 0


class TestAnnualisedReturn:
    def test_of_a_whole_year_is_the_change(self) -> None:
        series = [NavAt(DAY_0, WAD), NavAt(DAY_0 + 365 * DAY, WAD * 11 // 10)]

        found = annualised_return(series)

        assert found is not None
        assert round(found, 20) == Decimal("0.1")

    def test_of_half_a_year_compounds(self) -> None:
        series = [NavAt(DAY_0, WAD), NavAt(DAY_0 + timedelta(days=182.5), WAD * 11 // 10)]

        found = annualised_return(series)

        assert found is not None
        assert round(found, 20) == Decimal("0.21")

    @pytest.mark.parametrize(
        "series",
        [
            [],
            daily(1),
            daily(1, 2),
            daily(0, *[1] * 10),
            daily(*[1] * 10, 0),
            daily(*[1] * 10, 2**256 - 1),
        ],
        ids=["none", "one", "a day", "from zero", "to zero", "absurd"],
    )
    def test_is_unknown(self, series: list[NavAt]) -> None:
        assert annualised_return(series) is None


class TestAnnualisedVolatility:
    def test_of_steady_growth_is_nothing(self) -> None:
        series = daily(*(WAD * 2**n for n in range(10)))

        found = annualised_volatility(series)

        assert found is not None
        assert abs(found) < Decimal("1e-20")

    def test_of_equal_steps_is_the_sample_deviation_per_year(self) -> None:
        # Eight daily log returns of +ln 2 and -ln 2: mean 0, sample variance 8/7 ln² 2.
        found = annualised_volatility(daily(1, 2, 1, 2, 1, 2, 1, 2, 1))

        assert found is not None
        expected = (Decimal(8) / 7 * 365).sqrt() * Decimal(2).ln()
        assert abs(found - expected) < Decimal("1e-20")

    def test_a_gap_does_not_count_as_one_wild_day(self) -> None:
        navs = [WAD * 1001**n // 1000**n for n in range(30)]
        whole = daily(*navs)
        with_gap = whole[:10] + whole[25:]

        found = annualised_volatility(with_gap)

        assert found is not None
        assert found < Decimal("1e-12")

    @pytest.mark.parametrize("series", [[], daily(1, 2, 3), daily(*[1] * 5, 0, *[1] * 5)])
    def test_is_unknown(self, series: list[NavAt]) -> None:
        assert annualised_volatility(series) is None

    @given(st.lists(st.integers(1, 10 * WAD), min_size=8, max_size=30))
    def test_is_never_negative(self, navs: list[int]) -> None:
        found = annualised_volatility(daily(*navs))

        assert found is not None
        assert found >= 0


class TestSlots:
    @given(st.datetimes(timezones=st.just(UTC)), st.sampled_from([HOUR, DAY]))
    def test_floor_and_ceiling_enclose(self, instant: datetime, step: timedelta) -> None:
        if instant.year in {1, 9999}:
            return

        floor, ceiling = floor_to(instant, step), ceil_to(instant, step)

        assert floor <= instant <= ceiling
        assert ceiling - floor in {step, timedelta(0)}
        assert floor.minute == floor.second == floor.microsecond == 0

    def test_missing_ones_come_newest_first_and_bounded(self) -> None:
        slots = [DAY_0 + n * HOUR for n in range(6)]

        found = missing_slots(
            first=DAY_0 - timedelta(minutes=30),
            last=slots[5] + timedelta(minutes=59),
            step=HOUR,
            present={slots[4], slots[1]},
            count_max=3,
        )

        assert found == [slots[5], slots[3], slots[2]]

    def test_none_are_missing_before_the_first_full_hour(self) -> None:
        found = missing_slots(
            first=DAY_0 + timedelta(minutes=1),
            last=DAY_0 + timedelta(minutes=59),
            step=HOUR,
            present=(),
            count_max=9,
        )

        assert found == []


class TestThinning:
    def test_last_per_slot_leaves_empty_slots_out(self) -> None:
        series = [NavAt(DAY_0 + n * HOUR, n) for n in (0, 1, 23, 49)]

        assert [p.nav_per_share for p in last_per_slot(series, lambda p: floor_to(p.at, DAY))] == [
            23,
            49,
        ]

    @given(st.lists(st.integers()), st.integers(2, 50))
    def test_keeps_the_ends_and_the_bound(self, items: list[int], points_max: int) -> None:
        found = thinned(items, points_max)

        assert len(found) == min(len(items), points_max)
        assert found[:1] == items[:1]
        assert found[-1:] == items[-1:]

    def test_refuses_less_than_a_line(self) -> None:
        with pytest.raises(ValueError, match="two points"):
            thinned([1], 1)
