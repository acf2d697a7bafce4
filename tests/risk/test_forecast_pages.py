"""The forecast's page: before the first one, with one, old ones, and what people may do there."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import clock
from apps.risk import operations
from apps.risk.models import Forecast
from apps.risk.rules.figures import Horizon
from tests.accounts.people import person, signed_in
from tests.forcing import guards_off
from tests.redemptions.helpers import final_at

from .flowing import DAY, a_history, asked, paid, stands

pytestmark = pytest.mark.django_db

URL = "admin:risk_forecast"


@pytest.fixture
def staff() -> Client:
    return signed_in(person("OPERATOR"))


def shown(client: Client, horizon: str = "7d") -> str:
    answer = client.get(reverse(URL), {"horizon": horizon})
    assert answer.status_code == 200
    return answer.content.decode()


def chart_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="forecast-points"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def made(*, days: int = 60, owed: int = 0, waiting: int = 0) -> None:
    now = clock.now()
    a_history(days, until=now)
    if owed:
        asked(owed, now - 5 * DAY)
    if waiting:
        asked(waiting, now - DAY, approval=True)
    stands(now)
    operations.make_forecasts(at=now)


class TestPage:
    @pytest.mark.parametrize("horizon", [*Horizon, "9y", ""])
    def test_before_the_first_forecast(self, staff: Client, horizon: str) -> None:
        page = shown(staff, horizon)

        assert "No forecast has been made yet." in page
        assert "forecast-points" not in page

    @pytest.mark.parametrize("horizon", Horizon)
    def test_the_chart_holds_the_band_and_what_is_due(
        self, staff: Client, horizon: Horizon
    ) -> None:
        made(owed=50_000)

        chart = chart_of(shown(staff, horizon.value))

        assert len(chart["points"]) == len(chart["band"]["points"])
        assert len(chart["points"]) in (horizon.days + 1, horizon.days + 2)
        assert chart["points"][0]["value"] == "500000"
        for point in chart["band"]["points"]:
            assert int(point["low"]) <= int(point["high"])
        if horizon is Horizon.SEVEN_DAYS:
            assert max(int(bar["value"]) for bar in chart["bars"]["points"]) >= 50_000

    def test_a_shortfall_offers_the_plan_to_who_may_plan(self, staff: Client) -> None:
        made(owed=520_000)

        page = shown(staff)

        assert "Raise liquidity now" in page
        amount = re.search(r'name="amount" value="(\d+\.\d+)"', page)
        assert amount
        assert float(amount[1]) > 10_000
        assert reverse("admin:rebalance_preview_new") in page
        assert "Your role does not plan" in shown(signed_in(person("VIEWER")))

    def test_nothing_to_do_offers_none(self, staff: Client) -> None:
        made()

        page = shown(staff)

        assert "Nothing to do" in page
        assert 'name="aim"' not in page

    def test_too_little_history_says_so(self, staff: Client) -> None:
        made(days=12)

        page = shown(staff)

        assert "Too little history to draw from" in page
        assert "12 whole days" in page

    def test_what_waits_is_explained(self, staff: Client) -> None:
        made(waiting=40_000)

        assert "1 waits for approval, counted at 100.0 %" in shown(staff)

    def test_an_old_forecast_says_so(self, staff: Client) -> None:
        made()
        with guards_off():
            Forecast.objects.update(made_at=clock.now() - timedelta(hours=3))

        assert "This forecast is old." in shown(staff)

    def test_how_right_it_was(self, staff: Client) -> None:
        made()
        now = clock.now()
        paid(300_000, now + timedelta(hours=3))
        final_at(now + 2 * DAY)
        operations.score_forecasts(at=now)

        page = shown(staff, "1d")

        assert "1 with less left than the band" in re.sub(r"<[^>]+>", "", page)
        assert "No forecast of this horizon has ended yet." in shown(staff, "7d")

    def test_stays_quick_with_many_forecasts(
        self, staff: Client, django_assert_max_num_queries: Any
    ) -> None:
        made()
        shown(staff)

        with django_assert_max_num_queries(45):
            shown(staff)


class TestDoor:
    def test_refuses_people_who_are_not_staff(self) -> None:
        assert Client().get(reverse(URL)).status_code == 302

    def test_only_looks(self, staff: Client) -> None:
        assert staff.post(reverse(URL)).status_code == 405
