"""The oracle's pages: who sees them, what they show, and the doors to changes by two people."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.approvals.models import Ticket
from apps.core import clock
from apps.oracle.client import HttpAnswer
from apps.oracle.models import Price, Source
from tests.accounts.people import person, signed_in
from tests.approvals.helpers import seed_rules
from tests.oracle.readings import FEED, GOLD, MMF, ONE, http_source, reading, record, source

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("chain_file", "symbols", "facts"),
]

LIST, PRICES = "admin:oracle_source_changelist", "admin:oracle_price_changelist"


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    cache.clear()


@pytest.fixture
def operator() -> Client:
    return signed_in(person("OPERATOR"))


@pytest.fixture
def admin() -> Client:
    seed_rules()
    person("ADMIN")
    return signed_in(person("ADMIN"))


@pytest.fixture
def history() -> None:
    """MMF agreed by three, then lost; GOLD traded off what its sources say."""
    at = clock.now()
    source()
    vendor = http_source()
    gold_feed = "0x" + "f2" * 20
    source(token=GOLD, address=gold_feed)
    gold_vendor = http_source(token=GOLD)
    for minutes, mmf in ((3, ONE), (2, ONE), (1, 2 * ONE)):
        when = at - timedelta(minutes=minutes)
        record(
            reading({MMF: ONE, GOLD: 3 * ONE}, {FEED: mmf, gold_feed: 2 * ONE}, at=when),
            {
                vendor.pk: HttpAnswer(error="<b>It answered HTTP 500.</b>"),
                gold_vendor.pk: HttpAnswer(price=2 * ONE, latency_ms=17),
            },
            at=when,
        )


def page(client: Client, name: str, *args: Any, **params: Any) -> str:
    response = client.get(reverse(name, args=args), params)
    assert response.status_code == 200
    return response.content.decode()


class TestWhoSeesIt:
    @pytest.mark.parametrize("role", ["SUPER_ADMIN", "ADMIN", "OPERATOR"])
    @pytest.mark.usefixtures("history")
    def test_who_runs_the_fund(self, role: str) -> None:
        client = signed_in(person(role))

        assert "Oracle" in page(client, LIST)
        page(client, PRICES)
        page(client, "admin:oracle_asset", MMF)

    @pytest.mark.parametrize(
        "role", ["VIP_APPROVER", "RISK_OFFICER", "COMPLIANCE", "FUND_MANAGER", "VIEWER"]
    )
    @pytest.mark.usefixtures("history")
    def test_and_nobody_else(self, role: str) -> None:
        client = signed_in(person(role))
        pages = [
            reverse(LIST),
            reverse(PRICES),
            reverse("admin:oracle_asset", args=[MMF]),
            reverse("admin:oracle_source_change", args=[Source.objects.first().pk]),
            reverse("admin:oracle_price_change", args=[Price.objects.first().pk]),
        ]

        assert [client.get(url).status_code for url in pages] == [403] * 5

    def test_an_investor_is_not_let_in(self) -> None:
        assert signed_in(person("INVESTOR")).get(reverse(LIST)).status_code == 302


class TestHealthPage:
    def test_is_empty_with_a_reason(self, operator: Client) -> None:
        assert "Nothing was observed yet" in page(operator, LIST)

    @pytest.mark.usefixtures("history")
    def test_shows_prices_and_sources(self, operator: Client) -> None:
        text = page(operator, LIST)

        assert "Contracts differ" in text
        assert "Unknown" in text
        assert "+50.00 %" in text
        assert "2 of 3" in text
        assert "17 ms" in text
        assert "<b>It answered" not in text
        assert "&lt;b&gt;It answered HTTP 500." in text

    @pytest.mark.usefixtures("history")
    def test_finds_a_source(self, operator: Client) -> None:
        text = page(operator, LIST, q=MMF, kind__exact="HTTP")

        assert text.count("<strong>Vendor</strong>") == 1
        assert "<strong>Feed</strong>" not in text

    def test_takes_the_same_number_of_queries_however_many(self, operator: Client) -> None:
        def own() -> int:
            with CaptureQueriesContext(connection) as captured:
                page(operator, LIST)
            return sum('"oracle_' in query["sql"] for query in captured.captured_queries)

        at = clock.now()
        source()
        record(reading({MMF: ONE}, {FEED: ONE}, at=at), at=at)
        page(operator, LIST)
        before = own()

        later = at + timedelta(seconds=1)
        tokens = [f"0x{number:040x}" for number in range(100, 108)]
        for token in tokens:
            source(token=token)
        record(reading(dict.fromkeys([MMF, *tokens], ONE), {FEED: ONE}, at=later), at=later)

        assert own() == before

    @pytest.mark.usefixtures("history")
    def test_nothing_can_be_written(self, admin: Client) -> None:
        row = Source.objects.first()
        assert row is not None

        assert admin.get(reverse("admin:oracle_source_add")).status_code == 403
        for action in ("change", "delete"):
            url = reverse(f"admin:oracle_source_{action}", args=[row.pk])
            assert admin.post(url, {}).status_code == 403


@pytest.mark.usefixtures("history")
class TestAssetPage:
    def test_says_why_nothing_is_traded(self, operator: Client) -> None:
        assert "Its price is unknown. The sources are 66.67 % apart" in page(
            operator, "admin:oracle_asset", MMF
        )
        assert "more than 2 % off" in page(operator, "admin:oracle_asset", GOLD)

    def test_has_its_line_and_its_observations(self, operator: Client) -> None:
        text = page(operator, "admin:oracle_asset", MMF)

        assert 'data-points="price-points"' in text
        assert '"value": null' in text
        assert text.count("/admin/oracle/price/") == 4

    def test_of_an_asset_nobody_knows(self, operator: Client) -> None:
        text = page(operator, "admin:oracle_asset", "0x" + "99" * 20)

        assert "Never observed" in text
        assert "No source." in text

    @pytest.mark.parametrize("token", ["x", "0x12", "0x" + "AA" * 20, "<script>"])
    def test_of_no_address(self, operator: Client, token: str) -> None:
        url = reverse("admin:oracle_asset", args=[token])

        assert operator.get(url).status_code == 404

    def test_only_administrators_get_the_form(self, operator: Client, admin: Client) -> None:
        assert "Propose another source" not in page(operator, "admin:oracle_asset", MMF)
        assert "Propose another source" in page(admin, "admin:oracle_asset", MMF)


@pytest.mark.usefixtures("history")
class TestRecords:
    def test_each_has_a_page(self, operator: Client) -> None:
        for row in Source.objects.all():
            assert 'name="_save"' not in page(operator, "admin:oracle_source_change", row.pk)
        for price in Price.objects.all():
            page(operator, "admin:oracle_price_change", price.pk)

    def test_a_price_shows_its_quotes(self, operator: Client) -> None:
        row = Price.objects.filter(token=MMF).latest("at")

        text = page(operator, "admin:oracle_price_change", row.pk)

        assert text.count("Off the median</span>") == 2
        assert "No price</span>" in text

    def test_unknown_prices_can_be_listed(self, operator: Client) -> None:
        assert page(operator, PRICES).count("66.67 % apart") == 2  # title and text of one row
        assert page(operator, PRICES, known="yes").count("66.67 % apart") == 0
        assert page(operator, PRICES, known="no").count("66.67 % apart") == 2


@pytest.mark.usefixtures("history")
class TestDoors:
    def post(self, client: Client, door: str, key: Any, **data: Any) -> list[str]:
        url = reverse(door, args=[key])
        response = client.post(url, {"reason": "because", **data}, follow=True)
        assert response.status_code == 200
        return [str(message) for message in response.context["messages"]]

    def new(self, **changes: Any) -> dict[str, Any]:
        return {
            "kind": "HTTP",
            "name": "Another",
            "url": "https://prices.example.org/p",
            "price_path": "last",
            "address": "ignored",
            "stale_after_seconds": "600",
            **changes,
        }

    def test_proposes_a_source(self, admin: Client) -> None:
        told = self.post(admin, "admin:oracle_asset_propose", MMF, **self.new())

        ticket = Ticket.objects.get()
        assert told == [
            f"Ticket #{ticket.pk} asks another person for it. Until then nothing changes."
        ]
        assert ticket.facts["new"]["url"] == "https://prices.example.org/p"
        assert ticket.facts["old"] is None

    def test_proposes_other_terms(self, admin: Client) -> None:
        row = Source.objects.get(token=MMF, kind="AGGREGATOR")

        self.post(
            admin,
            "admin:oracle_source_terms",
            row.pk,
            address="0x" + "AB" * 20,
            stale_after_seconds="60",
        )

        assert Ticket.objects.get().facts["new"]["address"] == "0x" + "ab" * 20

    @pytest.mark.parametrize("active", [True, False])
    def test_proposes_to_switch(self, admin: Client, active: bool) -> None:
        row = Source.objects.get(token=MMF, kind="HTTP")

        told = self.post(admin, "admin:oracle_source_switch", row.pk, active=str(active).lower())

        assert Ticket.objects.count() == (0 if active else 1)
        assert told[0].startswith("Source “Vendor” is so already." if active else "Ticket #")

    def test_says_what_is_wrong(self, admin: Client) -> None:
        for changes, words in (
            ({"stale_after_seconds": "soon"}, "whole number"),
            ({"url": "http://10.0.0.1/"}, "begins with https"),
            ({"kind": "ADAPTER"}, "and of nothing else"),
            ({"reason": " "}, "Say why."),
        ):
            [told] = self.post(admin, "admin:oracle_asset_propose", MMF, **self.new(**changes))
            assert words in told

        assert not Ticket.objects.exists()

    def test_is_for_administrators(self, operator: Client) -> None:
        row = Source.objects.get(token=MMF, kind="HTTP")
        for name, key in (
            ("admin:oracle_asset_propose", MMF),
            ("admin:oracle_source_terms", row.pk),
            ("admin:oracle_source_switch", row.pk),
        ):
            assert operator.post(reverse(name, args=[key]), self.new()).status_code == 403

    def test_only_by_post(self, admin: Client) -> None:
        row = Source.objects.get(token=MMF, kind="HTTP")

        for name in ("admin:oracle_source_terms", "admin:oracle_source_switch"):
            assert admin.get(reverse(name, args=[row.pk])).status_code == 405


class TestTicketPage:
    def test_shows_what_would_change(self, admin: Client) -> None:
        row = source()
        admin.post(
            reverse("admin:oracle_source_switch", args=[row.pk]),
            {"active": "false", "reason": "it is wrong"},
        )

        text = page(admin, "admin:approvals_ticket_change", Ticket.objects.get().pk)

        assert "it is switched off" in text
        assert reverse("admin:oracle_source_change", args=[row.pk]) in text
