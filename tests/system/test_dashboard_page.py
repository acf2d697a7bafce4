"""The first page in a real browser: desktop and phone, light and dark, without any error."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from apps.core import clock
from apps.risk import operations as risk
from apps.system import operations
from apps.system.rules import HEARTBEAT
from tests.accounts.people import person, signed_in
from tests.journeys.browser import DESKTOP, PHONE, screenshot, sign_in
from tests.risk import shown
from tests.system import samples

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def filled() -> None:
    cache.clear()
    at = clock.now()
    samples.fill(at)
    shown.a_day(at, ends=shown.short(at))
    risk.make_forecasts(at=at)
    operations.note_succeeded(name=HEARTBEAT, at=at - timedelta(seconds=4))


def set_theme(page: Any, theme: str) -> None:
    page.evaluate(f"localStorage.setItem('adminTheme', '\"{theme}\"')")
    page.reload()


class TestLogin:
    def test_looks_and_asks_for_the_code(self, page: Any, live_server: Any) -> None:
        page.goto(f"{live_server.url}/admin/fund/holder/")

        assert page.locator("input[name=otp_token]").is_visible()
        assert page.locator("input[name=next]").get_attribute("value") == "/admin/fund/holder/"
        screenshot(page, "login-light")
        set_theme(page, "dark")
        screenshot(page, "login-dark")
        page.set_viewport_size(PHONE)
        screenshot(page, "login-phone")


class TestDashboard:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_shows_the_fund(self, page: Any, live_server: Any, filled: None, theme: str) -> None:
        sign_in(page, live_server.url, signed_in(person("VIP_APPROVER", username="victor")))
        page.goto(f"{live_server.url}/admin/")
        set_theme(page, theme)

        page.wait_for_selector("figure.line-chart path.line")
        assert page.locator(".queue a").count() >= 2
        assert "L1 ratio" in page.inner_text("#risk")
        page.wait_for_selector("figure[data-points=forecast-points] path.band")
        screenshot(page, f"dashboard-desktop-{theme}")
        page.set_viewport_size(PHONE)
        page.wait_for_timeout(300)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        screenshot(page, f"dashboard-phone-{theme}")
        assert overflow <= 0

    def test_says_why_it_is_empty(self, page: Any, live_server: Any) -> None:
        cache.clear()
        sign_in(page, live_server.url, signed_in(person("VIEWER")))

        page.goto(f"{live_server.url}/admin/")

        text = page.locator("#content").inner_text()
        screenshot(page, "dashboard-empty")
        assert "Nothing waits for you" in text
        assert "No NAV yet" in text

    def test_chart_tells_its_points(self, page: Any, live_server: Any, filled: None) -> None:
        sign_in(page, live_server.url, signed_in(person("VIEWER")))
        page.goto(f"{live_server.url}/admin/")
        figure = page.locator("figure[data-points=nav-points]")
        figure.locator("path.line").wait_for()

        figure.locator(".plot").focus()
        page.keyboard.press("ArrowLeft")

        assert "USDT" in figure.locator(".tip").inner_text()


class TestHealthPage:
    def test_lists_parts_and_jobs(self, page: Any, live_server: Any, filled: None) -> None:
        page.set_viewport_size(DESKTOP)
        sign_in(page, live_server.url, signed_in(person("ADMIN")))

        page.goto(f"{live_server.url}/admin/health/")

        assert "Database" in page.locator("#health").inner_text()
        screenshot(page, "health")
        page.set_viewport_size(PHONE)
        screenshot(page, "health-phone")


class TestPalette:
    def test_a_pasted_number_leads_to_the_redemption(
        self, page: Any, live_server: Any, filled: None
    ) -> None:
        sign_in(page, live_server.url, signed_in(person("VIEWER")))
        page.goto(f"{live_server.url}/admin/")

        page.keyboard.press("Control+k")
        page.locator("#search-input-command").type("43")
        page.wait_for_selector("#command-results-list li")

        screenshot(page, "palette")
        assert "Redemption #43" in page.locator("#command-results-list").inner_text()
