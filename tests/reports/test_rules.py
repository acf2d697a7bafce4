"""Periods: which can be reported, which are missing."""

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.reports.rules import Period, day, liquidity_slot, missing_days, problem_with

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class TestProblems:
    @pytest.mark.parametrize(
        ("start", "end", "words"),
        [
            (NOON, NOON, "ends before it begins"),
            (NOON, NOON - timedelta(seconds=1), "ends before it begins"),
            (NOON - timedelta(days=1), NOON + timedelta(seconds=1), "not ended yet"),
            (NOON - timedelta(days=367), NOON, "longer than"),
        ],
    )
    def test_nonsense_is_refused(self, start: datetime, end: datetime, words: str) -> None:
        assert words in problem_with(Period(start, end), NOON)

    def test_a_period_up_to_now_is_fine(self) -> None:
        assert problem_with(Period(NOON - timedelta(hours=1), NOON), NOON) == ""


class TestMissingDays:
    def test_only_yesterday_when_there_was_none(self) -> None:
        assert missing_days(None, NOON) == [day(date(2026, 3, 1))]

    def test_none_when_yesterday_is_there(self) -> None:
        assert missing_days(day(date(2026, 3, 1)).end, NOON) == []

    def test_the_missed_ones_at_most_a_week(self) -> None:
        some = missing_days(day(date(2026, 2, 26)).end, NOON)
        many = missing_days(day(date(2025, 1, 1)).end, NOON)

        assert [item.start.day for item in some] == [27, 28, 1]
        assert len(many) == 7
        assert many[-1] == day(date(2026, 3, 1))

    def test_a_day_waits_ten_minutes_after_its_end(self) -> None:
        last_end = day(date(2026, 2, 28)).end

        assert missing_days(last_end, datetime(2026, 3, 2, 0, 9, 59, tzinfo=UTC)) == []
        assert missing_days(last_end, datetime(2026, 3, 2, 0, 10, tzinfo=UTC)) == [
            day(date(2026, 3, 1))
        ]


class TestLiquiditySlots:
    LATE = NOON + timedelta(minutes=37, seconds=20)

    @pytest.mark.parametrize(
        ("level", "minutes"), [("ELEVATED", 60), ("HIGH", 15), ("CRITICAL", 15)]
    )
    def test_the_level_says_how_often(self, level: str, minutes: int) -> None:
        end = NOON + timedelta(minutes=37 // minutes * minutes)

        assert liquidity_slot(level, None, self.LATE) == Period(
            end - timedelta(minutes=minutes), end
        )

    @pytest.mark.parametrize("level", ["NORMAL", "UNHEARD_OF"])
    def test_calm_times_want_none(self, level: str) -> None:
        assert liquidity_slot(level, None, self.LATE) is None

    def test_each_slot_is_asked_for_once(self) -> None:
        slot = liquidity_slot("HIGH", None, self.LATE)
        assert slot is not None

        assert liquidity_slot("HIGH", slot.end, self.LATE) is None
        assert (
            liquidity_slot("HIGH", slot.end, slot.end + timedelta(minutes=14, seconds=59)) is None
        )
        after = liquidity_slot("HIGH", slot.end, slot.end + timedelta(minutes=15))
        assert after is not None
        assert after.start == slot.end

    def test_after_an_outage_only_the_newest(self) -> None:
        slot = liquidity_slot("ELEVATED", NOON - timedelta(days=2), self.LATE)

        assert slot == Period(NOON - timedelta(hours=1), NOON)

    def test_a_rising_level_does_not_ask_twice_about_one_instant(self) -> None:
        assert liquidity_slot("HIGH", NOON, NOON + timedelta(minutes=7)) is None
        assert liquidity_slot("HIGH", NOON, NOON + timedelta(minutes=15)) is not None


class TestText:
    def test_says_a_day_or_both_instants_with_their_zone(self) -> None:
        assert day(date(2026, 3, 1)).text == "2026-03-01"
        assert Period(NOON - timedelta(days=1), NOON).text == (
            "2026-03-01 12:00 to 2026-03-02 12:00 UTC"
        )
