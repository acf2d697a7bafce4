"""The board and the pages of indicators, as people of each role see them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from apps.accounts.rules.roles import STAFF_ROLES
from apps.core import clock
from apps.risk import queries
from apps.risk.models import Policy
from apps.risk.rules.figures import Indicator
from apps.risk.rules.runbook import RUNBOOK
from apps.risk.templatetags import risk as tags
from tests.accounts.people import person, signed_in
from tests.forcing import guards_off

from .shown import HOSTILE, USDT, a_day, asset, calm, judged, short

pytestmark = pytest.mark.django_db

BOARD, INDICATOR = "admin:risk_board", "admin:risk_indicator"


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


def html(client: Client, name: str, *args: Any, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response
    return response.content.decode()


def reading(indicator: Indicator) -> queries.ReadingView:
    run = queries.latest_assessment()
    assert run is not None
    return next(one for one in run.readings if one.indicator is indicator)


class TestBoard:
    def test_says_what_set_the_level_and_since_when(self) -> None:
        at = clock.now()
        judged(short(at - timedelta(hours=2)))
        judged(short(at))

        response = signed_in(person("VIEWER")).get(reverse(BOARD))

        page = response.content.decode()
        assert response.context["now"].since == at - timedelta(hours=2)
        assert "High" in page
        assert "L1 is 7.10 % of gross assets. It is critical below 8 %." in page

    def test_shows_every_indicator_with_its_thresholds_and_headroom(self) -> None:
        judged(calm(clock.now()))

        page = html(signed_in(person("VIEWER")), BOARD)

        assert page.count('class="rk-row ') == len(Indicator)
        assert "warns below 10\N{NO-BREAK SPACE}%, critical below 8\N{NO-BREAK SPACE}%" in page
        assert "3.00 points to a warning" in page  # L1 at 13 %
        for indicator in Indicator:
            assert reverse(INDICATOR, args=[indicator]) in page

    def test_unknown_says_why_and_since_when_and_is_no_zero(self) -> None:
        at = clock.now()
        judged(short(at - timedelta(minutes=20)))
        judged(short(at))

        page = html(signed_in(person("VIEWER")), BOARD)

        row = page.partition("rk-row rk-unknown")[2].partition("</li>")[0]
        assert "No price has been observed yet." in row
        assert "20 min ago" in row
        assert "Unknown" in row
        assert "rk-gauge" not in row

    def test_the_score_is_explained_to_the_last_point(self) -> None:
        judged(short(clock.now()))

        response = signed_in(person("VIEWER")).get(reverse(BOARD))

        shares = response.context["shares"]
        assert sum(one.share for one in shares) == response.context["now"].run.score
        l1 = reading(Indicator.L1_RATIO)  # critical: all of its weight
        assert l1.share == Decimal(100 * l1.weight) / response.context["total_weight"]
        warns = reading(Indicator.L1_L2_RATIO)  # as the page says, half of it
        assert warns.share == Decimal(50 * warns.weight) / response.context["total_weight"]

    def test_a_level_that_waits_to_fall_says_so(self) -> None:
        at = clock.now()
        judged(short(at - timedelta(minutes=2)))
        judged(calm(at - timedelta(minutes=1)))

        page = html(signed_in(person("VIEWER")), BOARD)

        assert "The indicators now say" in page
        assert "this was number 1." in page

    @pytest.mark.parametrize(("minutes", "old"), [(10, False), (12, True)])
    def test_old_figures_say_so(self, minutes: int, old: bool) -> None:
        judged(calm(clock.now() - timedelta(minutes=minutes)))

        page = html(signed_in(person("VIEWER")), BOARD)

        assert ("These figures are old." in page) is old

    def test_before_the_first_run_it_says_so(self) -> None:
        page = html(signed_in(person("VIEWER")), BOARD)

        assert "The fund has not been judged yet." in page
        assert "rk-row" not in page

    def test_without_a_policy_it_says_so(self) -> None:
        with guards_off():
            Policy.objects.all().delete()

        client = signed_in(person("VIEWER"))
        assert "Risk is not set up." in html(client, BOARD)
        asked = client.get(reverse(INDICATOR, args=["l1_ratio"]))
        assert asked.url == reverse(BOARD)  # type: ignore[attr-defined]

    def test_open_events_stand_beside(self) -> None:
        judged(short(clock.now()))

        page = html(signed_in(person("VIEWER")), BOARD)

        for event in queries.events(resolved=False):
            assert reverse("admin:risk_riskevent_change", args=[event.pk]) in page

    def test_says_why_there_is_no_button(self) -> None:
        judged(calm(clock.now()))

        viewer = html(signed_in(person("VIEWER")), BOARD)
        operator = html(signed_in(person("OPERATOR")), BOARD)

        assert "Your role does not open emergencies." in viewer
        assert reverse("admin:risk_emergency") not in viewer
        assert reverse("admin:risk_emergency") in operator

    @pytest.mark.parametrize("role", sorted(STAFF_ROLES))
    def test_is_open_to_all_staff(self, role: str) -> None:
        judged(calm(clock.now()))

        assert signed_in(person(role)).get(reverse(BOARD)).status_code == 200

    def test_is_closed_to_strangers(self, client: Client) -> None:
        assert client.get(reverse(BOARD)).status_code == 302
        nobody = person("VIEWER")
        nobody.user.groups.clear()
        assert signed_in(nobody).get(reverse(BOARD)).status_code == 403

    def test_takes_no_post(self) -> None:
        assert signed_in(person("ADMIN")).post(reverse(BOARD)).status_code == 405

    def test_escapes_what_is_hostile(self) -> None:
        at = clock.now()
        missing = {"oldest_price_seconds": HOSTILE}
        judged(replace(short(at), missing=missing))

        page = html(signed_in(person("VIEWER")), BOARD)

        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page

    def test_asks_the_database_no_more_for_a_longer_past(
        self, django_assert_max_num_queries: Callable[..., Any]
    ) -> None:
        client = signed_in(person("VIEWER"))
        a_day(clock.now())

        cache.clear()
        with django_assert_max_num_queries(60):
            client.get(reverse(BOARD))


class TestIndicator:
    @pytest.mark.parametrize("indicator", list(Indicator))
    def test_every_one_has_its_page(self, indicator: Indicator) -> None:
        judged(short(clock.now()))

        page = html(signed_in(person("VIEWER")), INDICATOR, indicator)

        assert escape(RUNBOOK[indicator].steps[0]) in page
        assert "Formula" in page

    def test_draws_its_line_with_both_limits(self) -> None:
        a_day(clock.now())

        response = signed_in(person("VIEWER")).get(reverse(INDICATOR, args=["l1_ratio"]))

        chart = response.context["chart"]
        assert [limit["value"] for limit in chart["limits"]] == ["10", "8"]
        assert chart["unit"] == "%"
        assert chart["points"][-2]["value"] == "12.15"

    def test_a_gap_is_drawn_where_it_was_unknown(self) -> None:
        at = clock.now()
        judged(calm(at - timedelta(hours=2)))
        judged(short(at - timedelta(hours=1)))

        response = signed_in(person("VIEWER")).get(reverse(INDICATOR, args=["oracle_staleness"]))

        chart = response.context["chart"]
        assert [point["value"] for point in chart["points"]] == ["5.2", None]
        assert chart["unit"] == "min"

    @pytest.mark.parametrize(("asked", "hours"), [("24h", 24), ("7d", 168), ("30d", 720)])
    def test_ranges(self, asked: str, hours: int) -> None:
        url = reverse(INDICATOR, args=["l1_ratio"])

        chart = signed_in(person("VIEWER")).get(url, {"range": asked}).context["chart"]

        span = chart["till"], chart["from"]
        till, start = (clock.datetime.fromisoformat(text) for text in span)
        assert till - start == timedelta(hours=hours)

    @pytest.mark.parametrize("asked", ["", "1y", "<script>", "7d' OR 1=1"])
    def test_another_range_is_a_day(self, asked: str) -> None:
        url = reverse(INDICATOR, args=["l1_ratio"])

        page = signed_in(person("VIEWER")).get(url, {"range": asked})

        assert page.context["range_words"] == "24 hours"

    def test_what_is_none_is_not_found(self) -> None:
        url = reverse(INDICATOR, args=["happiness"])

        assert signed_in(person("VIEWER")).get(url).status_code == 404

    def test_shows_the_figures_behind_it(self) -> None:
        heavy = (asset("CPCS", 260_000, issuer="Aurum"),)
        judged(calm(clock.now(), assets=heavy))

        page = html(signed_in(person("VIEWER")), INDICATOR, "single_asset_concentration")

        assert "26.00 %" in page
        assert "CPCS" in page

    def test_escapes_symbols(self) -> None:
        judged(calm(clock.now(), assets=(asset(HOSTILE, 260_000),)))

        page = html(signed_in(person("VIEWER")), INDICATOR, "single_asset_concentration")

        assert "<script>alert" not in page


class TestWords:
    """The words and places of figures that stand on or beside a threshold."""

    def l1(self, value: int) -> queries.ReadingView:
        judged(calm(clock.now(), l1_assets=value))
        return reading(Indicator.L1_RATIO)

    def test_beside_a_threshold_does_not_look_like_on_it(self) -> None:
        just_below = self.l1(99_999 * USDT)

        assert just_below.status == "WARNING"
        assert "9.9999 %" in tags.reading_value(just_below)

    def test_on_a_threshold_that_is_not_inclusive_is_normal(self) -> None:
        on_it = self.l1(100_000 * USDT)

        assert on_it.status == "NORMAL"
        assert "10.00 %" in tags.reading_value(on_it)
        assert tags.headroom(on_it) == "0.00 points to a warning"

    @pytest.mark.parametrize(
        ("l1", "place"), [(200, 0), (150, 300), (100, 600), (90, 700), (80, 800), (70, 900), (0, 1)]
    )
    def test_the_gauge_is_worse_to_the_right(self, l1: int, place: int) -> None:
        drawn = tags.gauge(self.l1(l1 * 1_000 * USDT))

        expected = 984 if l1 == 0 else place * 984 // 1000
        assert f'class="here" x="{expected}"' in drawn

    def test_nothing_owed_is_no_unknown(self) -> None:
        judged(calm(clock.now(), liability_assets=0))

        coverage = reading(Indicator.REDEMPTION_COVERAGE)

        assert "no bound" in tags.reading_value(coverage)
        assert tags.headroom(coverage) == ""

    def test_a_line_needs_two_points(self) -> None:
        assert "Too few readings" in tags.spark([])

    def test_a_line_breaks_where_it_was_unknown(self) -> None:
        at = clock.now()
        points = [
            queries.TrendPoint(at + timedelta(minutes=n), value)
            for n, value in enumerate([Decimal(1), Decimal(2), None, Decimal(2), Decimal(3)])
        ]

        assert tags.spark(points).count("M") == 2

    @pytest.mark.parametrize("mark", [tags.status_mark, tags.severity_mark])
    def test_states_are_told_apart_by_shape(self, mark: Callable[[str], str]) -> None:
        shapes = {mark(word).partition("<svg")[2].partition("</svg>")[0] for word in _words(mark)}

        assert len(shapes) == len(_words(mark))


def _words(mark: Callable[[str], str]) -> list[str]:
    both = ["WARNING", "CRITICAL"]
    return ["NORMAL", "UNKNOWN", *both] if mark is tags.status_mark else ["INFO", *both]
