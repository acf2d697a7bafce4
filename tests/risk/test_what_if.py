"""The page that says what would follow: its form, its refusals, its figures; it changes nothing."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import clock
from apps.risk.models import Assessment, RiskEvent
from apps.risk.queries import stress as stress_queries
from apps.risk.rules.figures import Situation
from tests.accounts.people import person, signed_in
from tests.rebalance.running import CPCS, MTMM
from tests.rebalance.shown import read_fund
from tests.redemptions.helpers import final_at

from .rules.funds import asset, fund
from .shown import HOSTILE

pytestmark = pytest.mark.django_db

URL = "admin:risk_what_if"
HOLDINGS = (asset(1, 360_000, token=MTMM, symbol="MTMM", tier=1), asset(2, 400_000, token=CPCS))


@pytest.fixture
def fund_now(monkeypatch: pytest.MonkeyPatch) -> list[Situation]:
    """The fund in place of a node; the list holds how often it was asked."""
    asked: list[Situation] = []

    def look(*, at: Any) -> Situation:
        asked.append(fund(at=at, assets=HOLDINGS))
        return asked[-1]

    monkeypatch.setattr(stress_queries, "situation_now", look)
    read_fund(clock.now() - timedelta(seconds=20), l1=120_000)
    return asked


@pytest.fixture
def staff() -> Client:
    return signed_in(person("OPERATOR"))


def shown(client: Client, **fields: str) -> str:
    answer = client.get(
        reverse(URL), {name.replace("_", "-"): text for name, text in fields.items()}
    )
    assert answer.status_code == 200
    return answer.content.decode()


class TestForm:
    def test_an_empty_one_asks_no_node(self, staff: Client, fund_now: list[Situation]) -> None:
        page = shown(staff)

        assert "MTMM" in page
        assert "CPCS" in page
        assert "wi-level" not in page
        assert fund_now == []

    def test_says_what_would_follow(self, staff: Client, fund_now: list[Situation]) -> None:
        page = shown(staff, redeem="60")

        assert "Critical" in page
        assert "not covered by L1 + L2" in page
        assert 'value="100000.000000000000000000"' in page
        assert 'name="aim" value="RAISE"' in page
        assert len(fund_now) == 1

    def test_several_at_once(self, staff: Client, fund_now: list[Situation]) -> None:
        fields = {f"loss-{CPCS}": "25", "redeem": "5", "stale": "6", "approval": "1"}

        page = staff.get(reverse(URL), fields).content.decode()

        assert "No source gives a price" in page
        assert "no source has given a price for 6 h" in page
        assert page.count("checked") == 1
        assert 'value="25"' in page

    @pytest.mark.parametrize(
        ("field", "typed", "words"),
        [
            ("redeem", "lots", "What is redeemed is a percentage"),
            ("redeem", "101", "What is redeemed is 0 to 100 %."),
            ("redeem", "-1", "What is redeemed is 0 to 100 %."),
            ("redeem", "NaN", "What is redeemed is a percentage"),
            ("redeem", "1e99999999", "What is redeemed is a percentage"),
            ("redeem", "0." + "0" * 30 + "1", "What is redeemed is a percentage"),
            ("redeem", "\u0661\u0662", "What is redeemed is a percentage"),
            ("requests", "1.5", "The number of requests is a whole number"),
            ("requests", "0", "Say what happens"),
            ("stale", "9999", "Prices are missing for 0 to 720 hours."),
            ("stale", "-3", "Prices are missing for 0 to 720 hours."),
            ("nothing", "1", "Say what happens"),
        ],
    )
    def test_refuses_in_words(
        self, staff: Client, fund_now: list[Situation], field: str, typed: str, words: str
    ) -> None:
        page = shown(staff, **{field: typed})

        assert words in page
        assert "Nothing was worked out" in page
        assert fund_now == []

    def test_what_was_typed_comes_back_harmless(
        self, staff: Client, fund_now: list[Situation]
    ) -> None:
        page = shown(staff, redeem=HOSTILE)

        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


class TestDoor:
    def test_changes_nothing(self, staff: Client, fund_now: list[Situation]) -> None:
        shown(staff, redeem="60")

        assert not Assessment.objects.exists()
        assert not RiskEvent.objects.exists()
        assert staff.post(reverse(URL), {"redeem": "60"}).status_code == 405

    def test_refuses_people_who_are_not_staff(self) -> None:
        assert Client().get(reverse(URL)).status_code == 302

    def test_a_role_that_does_not_plan_is_told_so(self, fund_now: list[Situation]) -> None:
        page = shown(signed_in(person("VIEWER")), redeem="60")

        assert "Your role does not plan rebalancing." in page
        assert 'name="aim"' not in page

    def test_with_a_dead_node_it_says_what_is_not_known(self, staff: Client) -> None:
        final_at(clock.now())
        read_fund(clock.now(), l1=120_000)

        began = time.monotonic()
        page = shown(staff, redeem="10")

        assert time.monotonic() - began < 3
        assert "The contracts cannot be read" in page
        assert "Whether L1 + L2 cover it is not known." in page
