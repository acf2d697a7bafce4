"""The fund's asking pages in a real browser: they draw, nothing is refused, and a ticket opens."""

from datetime import timedelta
from typing import Any

import pytest

from apps.approvals.models import Ticket
from apps.core import clock
from apps.fund import operations, tasks
from apps.fund.models import Asset, Holder, SnapshotKind
from apps.fund.rules.slots import DAY, HOUR
from apps.fund.rules.terms import Terms
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.accounts.people import person, signed_in
from tests.approvals.helpers import SYSTEM
from tests.chain_world import World
from tests.fund.people import team
from tests.journeys.browser import DESKTOP, PHONE, screenshot, sign_in

pytestmark = [pytest.mark.chain, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DAY_SECONDS = 86_400


@pytest.fixture
def lived(committed_world: World) -> World:
    """Ten days of a fund with assets, a settled redemption and collected fees."""
    scenario = committed_world.scenario
    scenario.subscribe(INVESTORS[0], usdt(2_000_000))
    scenario.restore_liquidity()
    asked = scenario.request_standard(INVESTORS[0], 20_000 * 10**18)
    for move in (15, -10, 20, 5, 30, -20, 10, 12):
        scenario.advance_time(DAY_SECONDS)
        scenario.move_nav(move)
    scenario.settle(asked.id)
    scenario.collect_fees()
    scenario.advance_time(2 * DAY_SECONDS)
    committed_world.finalise()
    tasks.fill_slots(SnapshotKind.DAILY, DAY)
    tasks.fill_slots(SnapshotKind.HOURLY, HOUR)
    tasks.take_overview()
    first = Asset.objects.order_by("pk")[0]
    operations.load_terms(
        terms={
            first.token: Terms(
                issuer="Larch Street Capital",
                otc_contact="desk@larch.example",
                matures_at=clock.now() + timedelta(days=400),
                notice_days=5,
            )
        },
        chain_id=first.chain_id,
        actor=SYSTEM,
        at=clock.now(),
    )
    return committed_world


@pytest.mark.usefixtures("lived")
def test_fees_and_assets_are_shown_and_asked_for(page: Any, live_server: Any) -> None:
    admins = team()
    sign_in(page, live_server.url, signed_in(admins[0]))

    page.goto(f"{live_server.url}/admin/fund/feeentry/")
    page.click("summary:has-text('Withdraw redemption fees')")
    screenshot(page, "fund-fees")
    page.fill("#fee-reason", "Quarter end")
    page.click("form[action$='withdraw-redemption/'] button")
    page.wait_for_selector("text=asks for it")
    screenshot(page, "fund-fees-asked")

    page.goto(f"{live_server.url}/admin/fund/asset/")
    page.click("summary:has-text('List another asset')")
    screenshot(page, "fund-assets")
    asset = Asset.objects.get(symbol="CPCS")
    page.goto(f"{live_server.url}/admin/fund/asset/{asset.pk}/change/")
    page.wait_for_selector("figure.line-chart svg")
    assert page.locator("figure.line-chart svg").count() == 4
    page.click("summary:has-text('Take it off the register')")
    page.click("summary:has-text('Change issuer and terms')")
    screenshot(page, "fund-asset")
    page.set_viewport_size(PHONE)
    screenshot(page, "fund-asset-phone")
    page.goto(f"{live_server.url}/admin/fund/feeentry/")
    screenshot(page, "fund-fees-phone")
    page.set_viewport_size(DESKTOP)

    ticket = Ticket.objects.get()
    sign_in(page, live_server.url, signed_in(admins[1]))
    page.goto(f"{live_server.url}/admin/approvals/ticket/{ticket.pk}/change/")
    assert page.locator("td:has-text('L1 of assets')").count() == 1
    screenshot(page, "fund-ticket")

    sign_in(page, live_server.url, signed_in(person("VIEWER")))
    holder = Holder.objects.get(address=INVESTORS[0].address.lower())
    page.goto(f"{live_server.url}/admin/fund/holder/{holder.pk}/change/")
    page.wait_for_selector("h2:has-text('Subscriptions and payouts')")
    screenshot(page, "fund-holder")
