"""The forecast and what-if in a real browser: bands, bars, tips by key, all sizes and schemes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse

from apps.core import clock
from apps.risk import operations
from apps.risk.queries import stress as stress_queries
from tests import installed
from tests.accounts.people import Person, person, signed_in
from tests.dead_node import chain_file
from tests.journeys.browser import open_all_ways, screenshot, sign_in
from tests.rebalance.running import CPCS, MTMM
from tests.redemptions.helpers import final_at
from tests.risk.flowing import DAY, a_history, asked, paid, stands
from tests.risk.rules.funds import asset, fund

__all__ = ["chain_file"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FORECAST, WHAT_IF = "admin:risk_forecast", "admin:risk_what_if"


@pytest.fixture(autouse=True)
def rows_installed(chain_file: None) -> Iterator[None]:
    """What the installation brings."""
    cache.clear()
    installed.rules()
    installed.policy()
    yield
    cache.clear()


@pytest.fixture
def omar(page: Any, live_server: Any) -> Person:
    """An operator, signed in in the window."""
    who = person("OPERATOR", username="omar")
    sign_in(page, live_server.url, signed_in(who))
    return who


def a_fund_that_may_run_short() -> None:
    now = clock.now()
    a_history(75, until=now)
    for days, usdt in ((6, 90_000), (4, 160_000), (2, 120_000)):
        asked(usdt, now - days * DAY)
    asked(140_000, now - DAY, approval=True)
    for hours in (30, 29, 28):
        at = now - timedelta(hours=hours)
        stands(at)
        operations.make_forecasts(at=at)
    paid(30_000, now - timedelta(hours=20))
    stands(now)
    final_at(now)
    operations.score_forecasts(at=now)
    operations.make_forecasts(at=now)


def test_the_forecast(page: Any, live_server: Any, omar: Person) -> None:
    url = live_server.url + reverse(FORECAST)
    open_all_ways(page, url, "forecast-none")
    a_fund_that_may_run_short()

    for horizon in ("1d", "7d", "30d"):
        open_all_ways(page, f"{url}?horizon={horizon}", f"forecast-{horizon}")

    plot = page.locator("#risk-forecast .plot")
    assert page.locator("#risk-forecast svg .band").count() == 1
    assert page.locator("#risk-forecast svg rect.bar").count() >= 3
    plot.focus()
    plot.press("ArrowLeft")
    assert "5 to 95 %" in page.inner_text("#risk-forecast .tip")
    page.get_by_role("link", name="Next day").click()
    page.wait_for_url("**horizon=1d")
    assert "Inside the 5–95 % band" in page.inner_text("#fc-accuracy")


def test_what_if(
    page: Any, live_server: Any, omar: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = (
        asset(1, 360_000, token=MTMM, symbol="MTMM", tier=1),
        asset(2, 400_000, token=CPCS, symbol="CPCS"),
    )
    monkeypatch.setattr(stress_queries, "situation_now", lambda *, at: fund(at=at, assets=held))
    stands(clock.now(), l1=120_000)
    url = live_server.url + reverse(WHAT_IF)
    open_all_ways(page, url, "what-if-form")
    page.goto(url)

    page.locator("input[name=redeem]").fill("55")
    page.locator(f"input[name='loss-{CPCS}']").fill("20")
    page.locator("input[name=stale]").fill("6")
    page.get_by_role("button", name="Work it out").click()
    page.wait_for_selector("#wi-level")

    assert "Critical" in page.inner_text("#wi-level")
    open_all_ways(page, page.url, "what-if-result")
    page.locator("input[name=redeem]").fill("a lot")
    page.get_by_role("button", name="Work it out").click()
    page.wait_for_selector(".wf-bad")
    assert "a percentage" in page.inner_text("#wrong-redeem")
    screenshot(page, "what-if-refused")
