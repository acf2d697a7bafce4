"""The oracle's pages in a real browser: lines with gaps, desktop and phone, light and dark."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from pytest_django.live_server_helper import LiveServer

from apps.core import clock
from apps.oracle.client import HttpAnswer
from apps.oracle.models import Price, Source
from tests.accounts.people import person, signed_in
from tests.approvals.helpers import seed_rules
from tests.journeys.browser import PHONE, screenshot, sign_in
from tests.oracle.readings import FEED, GOLD, MMF, ONE, http_source, reading, record, source

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("chain_file", "symbols", "facts"),
]
GOLD_FEED = "0x" + "f2" * 20
BROKEN = range(55, 70)
"""Minutes ago at which MMF's sources contradicted each other."""


@pytest.fixture
def history(transactional_db: None) -> None:
    """Three hours: MMF is unknown for a while, GOLD is traded off the market of late."""
    at = clock.now()
    with transaction.atomic():
        source()
        vendor = http_source()
        source(token=GOLD, address=GOLD_FEED)
        gold_vendor = http_source(token=GOLD)
    for minutes in range(180, 0, -3):
        when = at - timedelta(minutes=minutes)
        mmf = ONE + (180 - minutes) * 10**13
        gold = 2_400 * ONE + (minutes % 7) * ONE
        off = 2 if minutes in BROKEN else 1
        record(
            reading(
                {MMF: mmf, GOLD: gold * (21 if minutes < 30 else 20) // 20},
                {FEED: mmf * off, GOLD_FEED: gold},
                at=when,
                feeds_at=when - timedelta(seconds=40),
            ),
            {
                vendor.pk: HttpAnswer(error="It answered HTTP 503."),
                gold_vendor.pk: HttpAnswer(price=gold + ONE, latency_ms=87),
            },
            at=when,
        )


@pytest.fixture
def opened(page: Any, live_server: LiveServer, history: None) -> Any:
    seed_rules()
    person("ADMIN")
    sign_in(page, live_server.url, signed_in(person("ADMIN")))
    return page


class TestPages:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("size", ["desktop", "phone"])
    def test_fit_and_draw(
        self, opened: Any, live_server: LiveServer, scheme: str, size: str
    ) -> None:
        opened.emulate_media(color_scheme=scheme)
        if size == "phone":
            opened.set_viewport_size(PHONE)
        for name, path in (
            ("health", ""),
            ("mmf", f"asset/{MMF}/"),
            ("gold", f"asset/{GOLD}/"),
            ("source", f"{Source.objects.get(token=GOLD, kind='HTTP').pk}/change/"),
            ("price", f"../price/{Price.objects.filter(token=MMF, price=None).last().pk}/change/"),
            ("prices", "../price/"),
        ):
            opened.goto(f"{live_server.url}/admin/oracle/source/{path}")
            opened.wait_for_load_state("networkidle")

            width = opened.evaluate("document.documentElement.scrollWidth - innerWidth")
            screenshot(opened, f"oracle-{name}-{size}-{scheme}")
            assert width <= 0, name

    def test_an_unknown_time_is_a_gap_in_the_line(
        self, opened: Any, live_server: LiveServer
    ) -> None:
        opened.goto(f"{live_server.url}/admin/oracle/source/asset/{MMF}/")

        opened.wait_for_selector("figure.line-chart svg path.line")
        assert opened.locator("path.line:not(.other)").count() == 2
        assert opened.locator("path.line.other").count() == 1
        opened.locator("figure.line-chart .plot").focus()
        opened.keyboard.press("ArrowLeft")
        tip = opened.locator("figure.line-chart .tip").inner_text()
        assert "USDT" in tip
        assert "contracts trade at" in tip

    def test_a_source_can_be_proposed(self, opened: Any, live_server: LiveServer) -> None:
        opened.goto(f"{live_server.url}/admin/oracle/source/asset/{MMF}/")
        opened.get_by_text("Propose another source").click()
        opened.fill("#name", "Second vendor")
        opened.select_option("#kind", "HTTP")
        opened.fill("#url", "https://prices.example.org/mmf")
        opened.fill("#price_path", "data.price")
        opened.fill("#reason", "a second opinion")
        screenshot(opened, "oracle-propose")

        opened.get_by_role("button", name="Ask another person").click()

        opened.wait_for_selector("text=asks another person")
