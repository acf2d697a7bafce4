"""The sidebar, the palette and the dashboard by role, without a browser."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils.html import strip_tags

from apps.chain.queries import EventView
from apps.core import clock
from apps.fund.models import Asset, Snapshot
from apps.system import feed, navigation
from apps.system.queries.dashboard import dashboard
from tests.accounts.people import person, signed_in
from tests.system import samples

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    cache.clear()


def titles(client: Client) -> list[str]:
    response = client.get("/admin/health/")
    return [
        item["title"] for group in response.context["sidebar_navigation"] for item in group["items"]
    ]


class TestSidebar:
    def test_every_entry_leads_somewhere(self) -> None:
        client = signed_in(person("SUPER_ADMIN"))
        lost = [
            entry.title
            for entries in navigation.GROUPS.values()
            for entry in entries
            if client.get(navigation.address(entry)).status_code != 200
        ]

        assert not lost

    def test_hides_what_the_role_may_not_see(self) -> None:
        shown = titles(signed_in(person("VIEWER")))

        assert "Redemptions" in shown
        assert "My approvals" not in shown
        assert "Users and roles" not in shown
        assert "Audit trail" not in shown

    def test_shows_approvers_their_count(self) -> None:
        samples.fill(clock.now())
        client = signed_in(person("VIP_APPROVER"))

        groups = client.get("/admin/health/").context["sidebar_navigation"]

        badge = next(item for item in groups[0]["items"] if item["title"] == "My approvals")
        assert badge["badge"] == 2
        assert badge["badge_tone"] == "warn"


class TestPalette:
    def found(self, client: Client, term: str) -> str:
        return client.get("/admin/search/", {"s": term, "extended": "1"}).content.decode()

    def test_leads_to_records(self) -> None:
        samples.fill(clock.now())
        client = signed_in(person("VIEWER"))

        assert "Redemption #43" in self.found(client, "43")
        assert "Redemption #43" in self.found(client, "#43")
        assert "Holder" in self.found(client, samples.ALICE.upper().replace("0X", "0x"))
        assert "Redemption #44" in self.found(client, f"0x{844:064x}")

    def test_leads_to_plans_by_the_number_that_people_say(self) -> None:
        plan = samples.plan(clock.now())

        found = self.found(signed_in(person("VIEWER")), f"R-{plan.pk}")

        assert f"Rebalance R-{plan.pk}: 12,000.00" in found

    def test_finds_pages_by_name(self) -> None:
        assert "/admin/health/" in self.found(signed_in(person("VIEWER")), "heal")

    def test_leads_nobody_where_they_may_not_go(self) -> None:
        assert "Users and roles" not in self.found(signed_in(person("VIEWER")), "users")

    @pytest.mark.parametrize("term", ["<script>", "0x", "9" * 300, "' OR 1=1", "0x" + "g" * 40])
    def test_takes_anything(self, term: str) -> None:
        client = signed_in(person("VIEWER"))

        assert client.get("/admin/search/", {"s": term, "extended": "1"}).status_code == 200

    def test_is_closed_to_strangers(self, client: Client) -> None:
        assert client.get("/admin/search/", {"s": "43"}).status_code == 302


class TestDashboard:
    def test_opens_for_every_staff_role(self) -> None:
        samples.fill(clock.now())
        for role in (
            "SUPER_ADMIN",
            "ADMIN",
            "OPERATOR",
            "RISK_OFFICER",
            "COMPLIANCE",
            "FUND_MANAGER",
        ):
            assert signed_in(person(role)).get("/admin/").status_code == 200

    def test_orders_what_waits_by_the_time_left(self) -> None:
        at = clock.now()
        samples.fill(at)

        board = dashboard(user_id=person("VIP_APPROVER").id, may_decide=True, at=at)

        assert [ticket.subject_id for ticket in board.waiting] == ["44", "43"]
        assert board.waiting_for_others == 0

    def test_counts_due_redemptions_against_liquidity(self) -> None:
        at = clock.now().replace(hour=12)
        samples.fill(at)

        board = dashboard(user_id=person("VIEWER").id, may_decide=False, at=at)

        assert [row.request_id for row in board.due.rows] == [41, 42, 45]
        assert board.due.today_assets == 18_216 * samples.USDT
        assert (
            board.due.week_assets == (18_216 + 95_040) * samples.USDT + 70_488 * samples.USDT // 10
        )
        assert board.outstanding.count == 5
        assert board.outstanding.waiting_for_approval == 2

    def test_raises_what_is_wrong(self) -> None:
        at = clock.now()
        samples.fill(at)
        Snapshot.objects.filter(block_number=1_284_496).update(emergency_mode=True)

        board = dashboard(user_id=person("VIEWER").id, may_decide=False, at=at)
        later = dashboard(
            user_id=person("VIEWER").id, may_decide=False, at=at + timedelta(minutes=10)
        )

        assert [alert.sentence for alert in board.alerts if alert.tone == "bad"] == [
            "Emergency mode is on"
        ]
        assert "Fund figures are 10 min old" in {alert.sentence for alert in later.alerts}

    def test_escapes_what_the_chain_says(self) -> None:
        samples.fill(clock.now())

        page = signed_in(person("VIEWER")).get("/admin/").content.decode()

        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert(1)" not in page

    def test_prices_lead_to_the_oracle_only_those_who_may_see_it(self) -> None:
        samples.fill(clock.now())
        target = 'href="/admin/oracle/source/"><span class="name">Prices'

        pages = {
            role: signed_in(person(role)).get("/admin/").content.decode()
            for role in ("ADMIN", "VIEWER")
        }

        assert target in pages["ADMIN"]
        assert target not in pages["VIEWER"]
        assert '<span class="name">Prices' in pages["VIEWER"]

    def test_chart_values_are_exact_text(self) -> None:
        samples.fill(clock.now())

        response = signed_in(person("VIEWER")).get("/admin/")

        points = response.context["nav_chart"]["points"]
        assert json.dumps(points)
        assert points[-1]["value"] == "1.05224"


TOKEN = "0x" + "ab" * 20


def chain_event(name: str, args: dict[str, object], tx_hash: str = "0x01") -> EventView:
    return EventView(
        id=1,
        chain_id=1,
        block_number=1,
        at=clock.now(),
        contract_kind="vault",
        name=name,
        args=args,
        tx_hash=tx_hash,
        status="APPLIED",
    )


def routed(tx_hash: str = "0x01") -> EventView:
    args: dict[str, object] = {"token": TOKEN, "method": "1", "usdtAmount": str(5 * 10**18)}
    return chain_event("PurchaseRouted", args, tx_hash)


def purchased(assets: int) -> EventView:
    return chain_event("AssetPurchased", {"token": TOKEN, "usdtAmount": str(assets)})


def told(*events: EventView) -> list[str]:
    return [strip_tags(line.what) for line in feed.lines(list(events))]


class TestFeed:
    @pytest.mark.parametrize(
        "args", [{}, {"requestId": "x"}, {"requestId": None}, {"channel": "9", "requestId": "1"}]
    )
    def test_survives_arguments_of_another_generation(self, args: dict[str, object]) -> None:
        event = chain_event("RedemptionRequested", args)

        assert feed.sentence(event).startswith("RedemptionRequested")

    def test_a_purchase_with_its_route_is_one_line(self) -> None:
        (line,) = told(routed(), purchased(5 * 10**18))

        assert line.startswith("Bought ")

    def test_a_route_without_a_purchase_is_told(self) -> None:
        lines = told(routed("0x02"), purchased(5 * 10**18))

        assert "5.00 USDT went into " in lines[0]
        assert "by swap" in lines[0]
        assert lines[1].startswith("Bought ")

    def test_what_goes_with_a_payout_is_in_its_line(self) -> None:
        paid = {"requestId": "7", "netAmount": str(9 * 10**18), "fee": str(10**18)}
        fee = chain_event("RedemptionFeeAdded", {"fee": str(10**18)})
        alone = chain_event("RedemptionFeeAdded", {"fee": str(10**18)}, "0x02")

        lines = told(fee, chain_event("RedemptionSettled", paid), alone)

        assert lines == [
            "Redemption #7 paid: 9.00 USDT (fee 1.00 USDT)",
            "Redemption fee accrued: 1.00 USDT",
        ]

    def test_a_purchase_too_small_to_be_made_is_said_to_be_none(self) -> None:
        (line,) = told(purchased(0))

        assert line.startswith("Nothing bought of ")

    def test_tokens_go_by_their_symbol(self) -> None:
        Asset.objects.create(
            chain_id=1,
            contract="0x" + "cd" * 20,
            token=TOKEN,
            symbol="GOLD",
            name="Gold",
            decimals=18,
            tier=2,
            target_bps=0,
            listed_at=clock.now(),
            as_of_block=1,
            as_of_log_index=0,
        )

        (line,) = told(routed())

        assert "GOLD" in line


class TestColleagueWithoutARole:
    """One ADMIN alone may add somebody, who then sees nothing until they have a role."""

    def test_sees_no_figure_of_the_fund(self) -> None:
        samples.fill(clock.now())
        nobody = person("VIEWER")
        nobody.user.groups.clear()

        client = signed_in(nobody)
        first, own = client.get("/admin/"), client.get("/admin/password_change/")

        assert first.status_code == 403
        assert own.status_code == 200
        assert "strip" not in own.context
