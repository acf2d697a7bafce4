"""Rebalancing in a real browser: looking, previewing, signing, following a plan as it moves."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse

from apps.core import clock
from apps.rebalance import operations, queries
from apps.rebalance.models import Plan, Policy
from tests.accounts.people import Person, person, sign_typed_data, signed_in
from tests.approvals.helpers import seed_rules
from tests.dead_node import chain_file
from tests.journeys.browser import open_all_ways, screenshot, sign_in
from tests.rebalance import running
from tests.rebalance.helpers import Fund, admins, planned, seed_policy
from tests.rebalance.running import CPCS, MTMM, NGTR, buy, sell, situation
from tests.rebalance.shown import completed, failed, read_fund, trigger

__all__ = ["chain_file"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OVERVIEW = "admin:rebalance_overview"
PAGE = "admin:rebalance_plan_change"
_WALLET = """
window.ethereum = {
  request: async ({ method, params }) => {
    if (method === "eth_requestAccounts") return [window.walletAddress];
    if (method === "eth_chainId") return "0x7a69";
    return await window.walletSigns(params[1]);
  },
};
"""


@pytest.fixture(autouse=True)
def installed(chain_file: None) -> Iterator[None]:
    """What the installation brings."""
    cache.clear()
    seed_rules()
    seed_policy()
    yield
    cache.clear()


@pytest.fixture
def fund_now(monkeypatch: pytest.MonkeyPatch) -> Fund:
    """The fund in place of a node: L1 at 4 %."""
    made = Fund(situation(40_000, due_assets=25_000 * running.USDT))
    monkeypatch.setattr(queries, "situation_now", made.read)
    return made


@pytest.fixture
def omar(page: Any, live_server: Any) -> Person:
    """An operator whose session the window has, and whose wallet the window is."""
    who = person("OPERATOR", username="omar")
    sign_in(page, live_server.url, signed_in(who))
    page.expose_function("walletSigns", lambda text: _signature(who, text))
    page.add_init_script(f"window.walletAddress = '{who.wallet}';{_WALLET}")
    return who


def _signature(who: Person, text: str) -> str:
    import json

    return sign_typed_data(who, json.loads(text))


def a_busy_month() -> None:
    """What the overview shows on an ordinary day."""
    now = clock.now()
    read_fund(now)
    for days in (20, 12, 5):
        completed(now - timedelta(days=days))
    failed(now - timedelta(days=3), outcome="ERC20: transfer amount exceeds balance")
    trigger(now - timedelta(minutes=4))
    trigger(
        now - timedelta(hours=9),
        kind="SCHEDULED",
        reason="Daily: L2 is 36.00 %, target 30.00 %",
        explanation="Cooldown until 2026-03-02 08:30 UTC after the last plan.",
        times=3,
    )


class TestLooking:
    def test_the_overview_shows_drift_and_leads_to_a_preview(
        self, page: Any, live_server: Any, omar: Person
    ) -> None:
        a_busy_month()

        open_all_ways(page, live_server.url + reverse(OVERVIEW), "rebalance-overview")

        assert page.locator(".rb-drift").count() == 4
        page.get_by_role("link", name="Preview a plan").click()
        page.wait_for_selector("#rebalance-preview-new")

    def test_lists_and_policy(self, page: Any, live_server: Any, omar: Person) -> None:
        a_busy_month()

        for name in ("plan_changelist", "triggerevent_changelist", "policy_changelist"):
            url = live_server.url + reverse(f"admin:rebalance_{name}")
            open_all_ways(page, url, f"rebalance-{name}")
        row = Policy.objects.get()
        url = live_server.url + reverse("admin:rebalance_policy_change", args=[row.pk])
        sign_in(page, live_server.url, signed_in(person("ADMIN")))
        page.goto(url)
        page.get_by_text("Ask for other parameters").click()
        screenshot(page, "rebalance-policy")
        assert page.locator("input[name=l1_low_bps]").input_value() == "8"

    def test_plans_at_their_end(self, page: Any, live_server: Any, omar: Person) -> None:
        done = completed(clock.now())
        broken = failed(clock.now(), outcome="ERC20: transfer amount exceeds balance")

        open_all_ways(page, live_server.url + reverse(PAGE, args=[done.pk]), "rebalance-done")
        open_all_ways(page, live_server.url + reverse(PAGE, args=[broken.pk]), "rebalance-failed")

        assert "ERC20: transfer amount exceeds balance" in page.inner_text("#rb-plan-legs")


class TestPlanning:
    def test_from_an_aim_to_a_signed_plan(
        self, page: Any, live_server: Any, omar: Person, fund_now: Fund
    ) -> None:
        admins()
        read_fund(clock.now())
        open_all_ways(
            page, live_server.url + reverse("admin:rebalance_preview_new"), "rebalance-new"
        )
        page.get_by_label("Exact ratios").check()
        screenshot(page, "rebalance-new-exact")
        page.get_by_label("Refill L1").check()
        page.get_by_role("button", name="Preview").click()
        page.wait_for_selector("#rebalance-preview")
        open_all_ways(page, page.url, "rebalance-preview")
        assert "expires in" in page.inner_text(".wf-head")

        page.get_by_label("Why").fill("L1 is low")
        page.get_by_role("button", name="Submit and sign").click()
        page.wait_for_selector("#rebalance-plan")

        plan = Plan.objects.get()
        assert plan.status == "PENDING_APPROVAL"
        assert "Waits for approval" in page.inner_text("#rb-plan-head")
        open_all_ways(page, page.url, "rebalance-waits")

    def test_the_ticket_shows_what_will_happen(
        self, page: Any, live_server: Any, omar: Person
    ) -> None:
        one, *_ = admins()
        plan = planned(sell(1, MTMM, 60_000), buy(2, CPCS, 50_000, depends_on=(1,)), at=clock.now())
        sign_in(page, live_server.url, signed_in(one))

        url = reverse("admin:approvals_ticket_change", args=[plan.ticket_id])
        open_all_ways(page, live_server.url + url, "rebalance-ticket")

        assert "Projected" in page.inner_text("#ticket")

    def test_the_page_follows_a_plan_by_itself(
        self, page: Any, live_server: Any, omar: Person
    ) -> None:
        running.final_at(clock.now())
        plan = running.executing(
            sell(1, MTMM, 20_000),
            buy(2, NGTR, 19_000, depends_on=(1,)),
            at=clock.now(),
        )
        operations.advance(chain_id=running.CHAIN, at=clock.now())
        page.goto(live_server.url + reverse(PAGE, args=[plan.pk]))
        page.wait_for_selector("#rb-plan-legs >> text=Queued")
        open_all_ways(page, page.url, "rebalance-executing")

        running.finish_all(plan, at=clock.now())
        operations.advance(chain_id=running.CHAIN, at=clock.now())

        page.wait_for_selector("#rb-plan-legs >> text=1 of 2 done", timeout=15_000)
        assert "Done" in page.inner_text("#rb-plan-legs")
