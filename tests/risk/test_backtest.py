"""Looking back: forecasts made again by what was known then, and a table that can be read."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.chain.terms import Channel
from apps.risk.queries import backtesting
from apps.risk.rules.calibrating import Outcome, calibrate
from apps.risk.rules.figures import Horizon
from apps.risk.rules.forecasting import forecast
from apps.risk.rules.synthetic import BEGINS, invented
from tests.redemptions.helpers import NOON, final_at

from .flowing import a_history, asked, paid, subscribed

HALF, ALL = Decimal("0.5"), Decimal(1)


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("backtest_forecast", *arguments, "--paths", "100", stdout=out)
    return out.getvalue()


@pytest.fixture
def short_stories(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtesting, "STORIES", 1)
    monkeypatch.setattr(backtesting, "STORY_DAYS", 190)


class TestCalibrate:
    def outcome(self, came: int) -> Outcome:
        return Outcome(net_assets=0, low_net_assets=-10, high_net_assets=10, came_assets=came)

    def test_ends_of_the_interval_are_inside(self) -> None:
        found = calibrate(Horizon.ONE_DAY, map(self.outcome, (-11, -10, 0, 10, 11, 12)))

        assert found is not None
        assert (found.inside, found.below, found.above) == (3, 1, 2)
        assert found.inside_share == Decimal("0.5")
        assert found.mean_error_assets == 54 // 6
        assert found.bias_assets == -2
        assert found.width_assets == 20

    def test_of_nothing_there_is_none(self) -> None:
        assert calibrate(Horizon.ONE_DAY, []) is None


class TestInvented:
    def test_the_same_seed_tells_the_same_story(self) -> None:
        assert invented(3, days=40) == invented(3, days=40)
        assert invented(3, days=40) != invented(4, days=40)

    def test_inputs_know_nothing_of_what_follows(self) -> None:
        story = invented(5, days=200)
        origin = BEGINS + timedelta(days=120, hours=9)
        known = story.inputs_at(origin, Horizon.SEVEN_DAYS, liquid_assets=1)
        cut = [request for request in story.requests if request.made_at <= origin]
        until_then = type(story)(
            days=story.days,
            requests=tuple(cut),
            subscriptions=tuple(row for row in story.subscriptions if row[0] <= origin),
        )

        assert until_then.inputs_at(origin, Horizon.SEVEN_DAYS, liquid_assets=1) == known
        assert known.due
        assert len(known.history) == 90

    def test_bands_hold_about_what_they_promise(self) -> None:
        rows = backtesting.over_invented_history(seed=2, paths=300, inflow_factor=ALL)

        inside = {row.horizon: row.inside_share for row in rows}
        assert inside[Horizon.ONE_DAY] > Decimal("0.88")
        assert inside[Horizon.SEVEN_DAYS] > Decimal("0.84")
        assert inside[Horizon.THIRTY_DAYS] > Decimal("0.70")

    def test_counting_on_half_of_the_inflow_errs_on_the_safe_side(self) -> None:
        rows = backtesting.over_invented_history(seed=2, paths=300, inflow_factor=HALF)

        for row in rows:
            assert row.below * 10 <= row.count
            assert row.bias_assets < 0


@pytest.mark.django_db
class TestStoredHistory:
    def test_each_past_day_with_thirty_days_before_it_is_compared(self) -> None:
        a_history(50)
        final_at(NOON)

        rows = backtesting.over_stored_history(days=365, paths=100, inflow_factor=ALL)

        counts = {row.horizon: row.count for row in rows}
        # Midnights after 30 whole days, up to the last that a whole day, or week, has followed.
        assert counts == {Horizon.ONE_DAY: 20, Horizon.SEVEN_DAYS: 14}

    def test_what_came_later_changes_no_forecast(self, monkeypatch: pytest.MonkeyPatch) -> None:
        a_history(45)
        final_at(NOON)
        seen: dict[Any, list[int]] = {}
        first = self._forecasts(monkeypatch, seen, "before")
        midnight = NOON.replace(hour=0)
        subscribed(500_000, midnight + timedelta(hours=1))
        paid(900_000, midnight + timedelta(hours=2))
        asked(700_000, midnight + timedelta(hours=3), channel=Channel.EMERGENCY)

        second = self._forecasts(monkeypatch, seen, "after")

        assert first == second

    def _forecasts(self, monkeypatch: pytest.MonkeyPatch, seen: Any, name: str) -> list[int]:
        made = seen.setdefault(name, [])

        def note(*args: Any, **kwargs: Any) -> Any:
            found = forecast(*args, **kwargs)
            made.append(found.net_assets)
            return found

        with monkeypatch.context() as patch:
            patch.setattr(backtesting, "forecast", note)
            backtesting.over_stored_history(days=10, paths=100, inflow_factor=ALL)
        return list(made)

    def test_says_so_when_there_is_nothing_to_compare(self) -> None:
        assert "Nothing to compare" in printed()

    def test_prints_a_row_for_each_horizon_that_ended(self) -> None:
        a_history(50)
        final_at(NOON)

        text = printed("--days", "5")

        assert text.count("    1d") == 2
        assert "90.0 %" in text
        assert "30d" not in text.replace("30 days", "")


@pytest.mark.usefixtures("short_stories")
class TestCommand:
    def test_over_invented_funds_it_needs_no_database(self) -> None:
        text = printed("--synthetic", "7")

        for horizon in Horizon:
            assert text.count(f" {horizon.value} ") == 2
        assert text == printed("--synthetic", "7")

    @pytest.mark.parametrize(
        "arguments", [("--days", "0"), ("--paths", "5"), ("--synthetic", "-1")]
    )
    def test_refuses_what_makes_no_sense(self, arguments: tuple[str, str]) -> None:
        with pytest.raises(CommandError):
            call_command("backtest_forecast", *arguments, stdout=StringIO())
