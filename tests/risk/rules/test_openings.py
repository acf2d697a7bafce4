"""When L3 assets turn into cash, which redemption windows come, and which past days count."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from apps.risk.rules.flows_history import DayFlow, age_weights, weekday_factors, whole_days
from apps.risk.rules.forecast_calendar import Calendar
from apps.risk.rules.openings import Term, coming_windows, openings

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = NOON.date()
DAY = timedelta(days=1)
WEEK = Calendar.over(NOON, 7)
MONTH = Calendar.over(NOON, 30)


def opened(**terms: Any) -> list[tuple[date, str]]:
    found = openings([Term(symbol="A", assets=5, **terms)], WEEK)
    return [(one.day, one.why) for one in found]


class TestOpenings:
    def test_at_its_end_within_the_horizon(self) -> None:
        assert opened(matures_at=NOON + 3 * DAY) == [(TODAY + 3 * DAY, "matures")]
        assert opened(matures_at=NOON + 7 * DAY) == [(TODAY + 7 * DAY, "matures")]
        assert opened(matures_at=NOON + 7 * DAY + timedelta(seconds=1)) == []

    def test_what_has_matured_is_there_from_the_beginning(self) -> None:
        assert opened(matures_at=NOON - 90 * DAY) == [(TODAY, "matures")]

    def test_in_its_window_after_the_notice(self) -> None:
        assert opened(opens_at=NOON + 2 * DAY) == [(TODAY + 2 * DAY, "window opens")]
        assert opened(opens_at=NOON + 2 * DAY, notice_days=5) == [
            (TODAY + 7 * DAY, "window opens, 5 days' notice")
        ]
        assert opened(opens_at=NOON + 2 * DAY, notice_days=6) == []

    def test_a_window_that_is_open_now(self) -> None:
        terms = {"opens_at": NOON - 9 * DAY, "closes_at": NOON + DAY}

        assert opened(**terms) == [(TODAY, "window opens")]
        assert opened(opens_at=NOON - 9 * DAY, closes_at=NOON) == []

    def test_each_asset_once_on_the_earlier_day(self) -> None:
        assert opened(matures_at=NOON + 4 * DAY, opens_at=NOON + 2 * DAY) == [
            (TODAY + 2 * DAY, "window opens")
        ]

    def test_without_an_end_or_a_window_it_is_not_counted_on(self) -> None:
        assert opened() == []
        assert opened(notice_days=1) == []


class TestComingWindows:
    def test_those_that_requests_named(self) -> None:
        assert coming_windows({4: NOON + 9 * DAY}, calendar=MONTH) == (NOON + 9 * DAY,)
        assert coming_windows({4: NOON + 31 * DAY}, calendar=MONTH) == ()
        assert coming_windows({4: NOON - DAY}, calendar=MONTH) == ()
        assert coming_windows({}, calendar=MONTH) == ()

    def test_two_tell_the_next(self) -> None:
        known = {2: NOON - 161 * DAY, 3: NOON - 70 * DAY}

        assert coming_windows(known, calendar=MONTH) == (NOON + 21 * DAY,)

    def test_numbers_that_lead_nowhere_are_harmless(self) -> None:
        known = {2: NOON - 5 * DAY, 3: NOON - 5 * DAY}

        assert coming_windows(known, calendar=MONTH) == ()


class TestWholeDays:
    def test_today_and_the_day_on_which_the_fund_began_are_left_out(self) -> None:
        known = {TODAY - n * DAY: DayFlow(day=TODAY - n * DAY, subscribed=n) for n in range(6)}

        found = whole_days(known, began=TODAY - 4 * DAY, today=TODAY)

        assert [flow.subscribed for flow in found] == [3, 2, 1]

    @pytest.mark.parametrize("began", [TODAY, TODAY + DAY, None])
    def test_a_fund_that_has_no_whole_day_yet(self, began: date | None) -> None:
        assert whole_days({}, began=began, today=TODAY) == ()


class TestWeights:
    def test_they_sum_to_one_and_grow(self) -> None:
        weights = age_weights(90)

        assert abs(weights.sum() - 1) < 1e-12
        assert (np.diff(weights) > 0).all()
        assert abs(weights[-1] / weights[-46] - 2) < 1e-9
        assert age_weights(0).size == 0


class TestWeekdayFactors:
    days = np.arange(70) % 7

    def test_even_and_empty_histories_have_none(self) -> None:
        weights = age_weights(70)

        assert np.allclose(weekday_factors(np.ones(70), self.days, weights), 1)
        assert np.allclose(weekday_factors(np.zeros(70), self.days, weights), 1)
        assert np.allclose(weekday_factors(np.zeros(0), self.days[:0], age_weights(0)), 1)

    def test_a_livelier_day_is_above_and_a_quiet_one_below(self) -> None:
        amounts = np.where(self.days == 0, 7.0, 0.0)

        factors = weekday_factors(amounts, self.days, age_weights(70))

        assert factors[0] == 4
        assert (factors[1:] < 0.3).all()
        assert (factors >= 0.25).all()
