"""The pages of rebalancing as people use them."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.approvals.models import Ticket
from apps.audit.models import OperationLog
from apps.core import clock
from apps.rebalance import operations, queries
from apps.rebalance.models import Plan, Policy, Preview
from tests.accounts.people import Person, person, sign_typed_data, signed_in
from tests.forcing import guards_off

from . import running
from .helpers import LIQUIDITY, Fund, admins, planned, ticket_of
from .running import CHAIN, MTMM, NGTR, USDT, again, buy, sell, situation
from .shown import HOSTILE, completed, failed, read_fund, trigger

pytestmark = pytest.mark.django_db

OVERVIEW = "admin:rebalance_overview"
NEW = "admin:rebalance_preview_new"
LIST = "admin:rebalance_plan_changelist"
PAGE = "admin:rebalance_plan_change"


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


@pytest.fixture
def omar() -> Person:
    return person("OPERATOR", username="omar")


def html(client: Client, name: str, *args: Any, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response
    return response.content.decode()


def words(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def preview_by(who: Person, **changes: Any) -> Preview:
    return operations.preview(
        chain_id=CHAIN, aim=changes.pop("aim", LIQUIDITY), actor=who.actor, at=clock.now()
    )


class TestOverview:
    def test_shows_tiers_assets_and_why_a_plan_is_wanted(self) -> None:
        read_fund(clock.now())

        page = html(signed_in(person("VIEWER")), OVERVIEW)

        assert "L1 is 4.00 % of assets, below 8.00 %." in page
        assert "L2 is 36.00 % of assets, above its target 30.00 % by more than 5.00 %." in page
        assert "MTMM is 36.00 % of assets, more than 25.00 %." in page
        assert "Out of band" in page
        assert "−6.00 %" in page  # L1 against its target

    def test_says_that_all_is_well(self) -> None:
        read_fund(
            clock.now(),
            l1=100_000,
            layer2_liquidity=300_000 * USDT,
            layer3_value=600_000 * USDT,
            assets=(),
        )

        assert "The fund is where it should be" in html(signed_in(person("VIEWER")), OVERVIEW)

    def test_says_what_it_does_not_know_before_the_first_snapshot(self) -> None:
        page = html(signed_in(person("VIEWER")), OVERVIEW)

        assert "The fund has not been read yet" in page
        assert "0.00 USDT" not in page

    def test_a_price_that_is_not_known_is_a_dash_with_the_reason(self) -> None:
        read_fund(clock.now(), priced=False)

        page = html(signed_in(person("VIEWER")), OVERVIEW)

        assert 'title="Its price is not known"' in page

    def test_says_when_the_fund_was_read_long_ago(self) -> None:
        read_fund(clock.now() - timedelta(hours=3))

        assert "Not read for more than ten minutes" in html(signed_in(person("VIEWER")), OVERVIEW)

    def test_says_why_a_trigger_led_to_no_plan(self) -> None:
        trigger(clock.now())

        assert "Below the smallest plan" in html(signed_in(person("VIEWER")), OVERVIEW)

    def test_escapes_what_is_hostile(self) -> None:
        trigger(clock.now(), reason=HOSTILE, explanation=HOSTILE)

        assert "<script>alert" not in html(signed_in(person("VIEWER")), OVERVIEW)

    def test_without_a_policy_it_says_so_and_previews_nothing(self, omar: Person) -> None:
        with guards_off():
            Policy.objects.all().delete()
        client = signed_in(omar)

        assert "Rebalancing is not set up." in html(client, OVERVIEW)
        assert client.get(reverse(NEW)).url == reverse(OVERVIEW)  # type: ignore[attr-defined]

    def test_names_the_open_plan_and_what_waits_for_review(self) -> None:
        completed(clock.now())
        plan = running.approved(sell(1, MTMM, 20_000), at=clock.now())

        page = html(signed_in(person("VIEWER")), OVERVIEW)

        assert f"R-{plan.pk}" in page
        assert "1 plan ran without approval" in page

    def test_a_viewer_sees_why_there_is_no_button(self) -> None:
        page = html(signed_in(person("VIEWER")), OVERVIEW)

        assert "Your role does not plan rebalancing." in page
        assert reverse(NEW) not in page

    def test_is_closed_to_strangers(self, client: Client) -> None:
        assert client.get(reverse(OVERVIEW)).status_code == 302

    def test_asks_the_database_no_more_for_more_plans(
        self, django_assert_max_num_queries: Callable[..., Any]
    ) -> None:
        client = signed_in(person("VIEWER"))
        read_fund(clock.now())
        for number in range(12):
            completed(clock.now() - timedelta(days=number))
            trigger(clock.now(), reason=f"reason {number}")

        cache.clear()
        with django_assert_max_num_queries(60):
            client.get(reverse(OVERVIEW))


class TestPreview:
    def test_a_get_plans_nothing(self, omar: Person, fund_now: Fund) -> None:
        html(signed_in(omar), NEW)

        assert (Preview.objects.count(), fund_now.read_times) == (0, 0)

    @pytest.mark.parametrize(
        "form",
        [
            {"aim": "LIQUIDITY"},
            {"aim": "TIERS"},
            {"aim": "RAISE", "amount": "20,000"},
            {"aim": "EXACT", "l1": "10", "l2": "30 %", "l3": "60.00"},
        ],
    )
    def test_each_aim_leads_to_its_preview(
        self, omar: Person, fund_now: Fund, form: dict[str, str]
    ) -> None:
        client = signed_in(omar)

        response = client.post(reverse(NEW), form)

        made = Preview.objects.get()
        assert response.url == reverse("admin:rebalance_preview", args=[made.pk])  # type: ignore[attr-defined]
        page = client.get(response.url).content.decode()  # type: ignore[attr-defined]
        assert "MTMM" in page
        assert "Submit and sign" in page
        assert "Two planners" in page
        assert "The fund&#x27;s risk level is unknown" in page
        assert "20–40 %" in page
        assert "No wallet can send now" in page  # this chain has no signer
        assert Plan.objects.count() == 0

    @pytest.mark.parametrize(
        ("form", "said"),
        [
            ({}, "Choose what the plan is for."),
            ({"aim": "REVERSE"}, "Choose what the plan is for."),
            ({"aim": "RAISE", "amount": "lots"}, "Say how much cash to raise"),
            ({"aim": "RAISE", "amount": "0"}, "more than zero"),
            ({"aim": "RAISE", "amount": "-5"}, "Say how much cash to raise"),
            ({"aim": "EXACT", "l1": "ten"}, "Say the share of L1 in percent"),
            ({"aim": "EXACT", "l1": "101", "l2": "0", "l3": "0"}, "more than 100 %"),
            ({"aim": "EXACT", "l1": "10", "l2": "10", "l3": "10"}, "100"),
        ],
    )
    def test_what_makes_no_sense_is_said(
        self, omar: Person, fund_now: Fund, form: dict[str, str], said: str
    ) -> None:
        response = signed_in(omar).post(reverse(NEW), form)

        assert said in " ".join(words(response))
        assert Preview.objects.count() == 0

    def test_says_why_nothing_is_to_be_done(self, omar: Person, fund_now: Fund) -> None:
        fund_now.stands = situation(
            100_000,
            holdings=(
                running.holding(running.MTMM, 300_000),
                running.holding(running.CPCS, 300_000),
                running.holding(running.NGTR, 300_000),
            ),
        )

        response = signed_in(omar).post(reverse(NEW), {"aim": "LIQUIDITY"})

        assert words(response)
        assert Preview.objects.count() == 0

    def test_says_when_the_fund_cannot_be_read(self, omar: Person, fund_now: Fund) -> None:
        fund_now.stands = queries.SituationUnknown("The contracts have no price of MTMM.")

        response = signed_in(omar).post(reverse(NEW), {"aim": "TIERS"})

        assert words(response) == ["The contracts have no price of MTMM."]

    @pytest.mark.parametrize("role", ["VIEWER", "VIP_APPROVER", "COMPLIANCE"])
    def test_is_for_those_who_plan(self, role: str, omar: Person, fund_now: Fund) -> None:
        row = preview_by(omar)
        client = signed_in(person(role))

        assert client.get(reverse(NEW)).status_code == 403
        assert client.get(reverse("admin:rebalance_preview", args=[row.pk])).status_code == 403
        for act in ("again", "sign", "submit"):
            url = reverse(f"admin:rebalance_preview_{act}", args=[row.pk])
            assert client.post(url).status_code == 403, act

    def test_what_is_not_there(self, omar: Person) -> None:
        url = reverse("admin:rebalance_preview", args=[999])

        assert signed_in(omar).get(url).status_code == 404

    def test_quotes_again_with_the_fund_as_it_is_then(self, omar: Person, fund_now: Fund) -> None:
        row = preview_by(omar)
        fund_now.stands = situation(20_000, holdings=situation().holdings)

        response = signed_in(omar).post(reverse("admin:rebalance_preview_again", args=[row.pk]))

        newest = Preview.objects.latest("pk")
        assert newest.pk != row.pk
        assert newest.blueprint["amount_assets"] != row.blueprint["amount_assets"]
        assert response.url == reverse("admin:rebalance_preview", args=[newest.pk])  # type: ignore[attr-defined]

    def test_an_expired_one_can_only_be_quoted_again(self, omar: Person, fund_now: Fund) -> None:
        row = preview_by(omar)
        with guards_off():
            Preview.objects.update(expires_at=clock.now() - timedelta(seconds=1))

        page = html(signed_in(omar), "admin:rebalance_preview", row.pk)

        assert "This preview has expired. Quote again." in page
        assert "data-sign-url" not in page

    def test_somebody_elses_cannot_be_submitted(self, omar: Person, fund_now: Fund) -> None:
        row = preview_by(omar)

        page = html(signed_in(person("OPERATOR")), "admin:rebalance_preview", row.pk)

        assert "omar made this preview; make your own." in page

    def test_without_a_wallet_it_says_so(self, fund_now: Fund) -> None:
        olga = person("OPERATOR", with_wallet=False)
        row = preview_by(olga)
        client = signed_in(olga)

        assert "No wallet is registered to you" in html(client, "admin:rebalance_preview", row.pk)
        asked = client.post(reverse("admin:rebalance_preview_sign", args=[row.pk]))
        assert asked.status_code == 403

    def test_another_open_plan_is_named(self, omar: Person, fund_now: Fund) -> None:
        row = preview_by(omar)
        plan = running.approved(sell(1, MTMM, 20_000), at=clock.now())

        page = html(signed_in(omar), "admin:rebalance_preview", row.pk)

        assert f"R-{plan.pk}" in page
        assert "one plan at a time" in page


class TestSubmit:
    def sign(self, client: Client, who: Person, row: Preview) -> dict[str, str]:
        asked = client.post(reverse("admin:rebalance_preview_sign", args=[row.pk])).json()
        return {
            "signature": sign_typed_data(who, asked["typedData"]),
            "nonce": asked["nonce"],
            "expires_at": str(asked["expiresAt"]),
            "reason": "L1 is low",
        }

    def submit(self, client: Client, row: Preview, form: dict[str, str]) -> Any:
        url = reverse("admin:rebalance_preview_submit", args=[row.pk])
        return client.post(url, form, follow=True)

    def test_makes_the_plan_that_was_signed(self, omar: Person, fund_now: Fund) -> None:
        admins()
        row, client = preview_by(omar), signed_in(omar)

        response = self.submit(client, row, self.sign(client, omar, row))

        plan = Plan.objects.get()
        assert (plan.preview_id, plan.created_by_name) == (row.pk, "omar")
        assert response.redirect_chain[-1][0] == reverse(PAGE, args=[plan.pk])
        assert words(response) == [f"Rebalance R-{plan.pk} is submitted: waits for approval."]

    def test_without_a_signature_nothing_happens(self, omar: Person, fund_now: Fund) -> None:
        row = preview_by(omar)

        response = self.submit(signed_in(omar), row, {"reason": "L1 is low"})

        assert words(response) == [
            "Your wallet has not signed this. Reload the page and try again."
        ]
        assert not Plan.objects.exists()

    def test_another_wallets_signature_is_refused(self, omar: Person, fund_now: Fund) -> None:
        row, client = preview_by(omar), signed_in(omar)

        self.submit(client, row, self.sign(client, person("OPERATOR"), row))

        assert not Plan.objects.exists()
        assert OperationLog.objects.filter(action__icontains="denied").exists()

    def test_a_signature_of_another_preview_is_refused(self, omar: Person, fund_now: Fund) -> None:
        one, other, client = preview_by(omar), preview_by(omar), signed_in(omar)

        self.submit(client, other, self.sign(client, omar, one))

        assert not Plan.objects.exists()

    @pytest.mark.parametrize(
        "broken", [{"nonce": "0x12"}, {"expires_at": "soon"}, {"expires_at": "9" * 13}]
    )
    def test_a_malformed_one_is_refused(
        self, omar: Person, fund_now: Fund, broken: dict[str, str]
    ) -> None:
        row, client = preview_by(omar), signed_in(omar)

        response = self.submit(client, row, {**self.sign(client, omar, row), **broken})

        assert words(response)
        assert not Plan.objects.exists()

    def test_a_signature_serves_once(self, omar: Person, fund_now: Fund) -> None:
        admins()
        row, client = preview_by(omar), signed_in(omar)
        form = self.sign(client, omar, row)
        self.submit(client, row, form)

        again_said = words(self.submit(client, row, form))

        assert again_said == ["This signature was used before. Sign again."]

    def test_a_get_changes_nothing(self, omar: Person, fund_now: Fund) -> None:
        row, client = preview_by(omar), signed_in(omar)

        for act in ("again", "sign", "submit"):
            url = reverse(f"admin:rebalance_preview_{act}", args=[row.pk])
            assert client.get(url).status_code == 405, act


class TestPlanPage:
    def test_shows_a_plan_that_waits_with_its_ticket(self) -> None:
        admins()
        plan = planned(sell(1, MTMM, 90_000), at=clock.now())

        page = html(signed_in(person("OPERATOR")), PAGE, plan.pk)

        assert f"Ticket #{ticket_of(plan).pk}" in page
        assert "Waits for approval" in page
        assert "data-live-seconds" in page

    def test_shows_one_that_was_executed(self) -> None:
        plan = completed(clock.now())

        page = html(signed_in(person("VIEWER")), PAGE, plan.pk)

        assert "19,976.00" in page
        assert "1 of 1 done" in page
        assert "0.03 %" in page  # off the projection
        assert "1 min" in page
        assert "data-live-seconds" not in page

    def test_escapes_what_a_contract_said(self) -> None:
        plan = failed(clock.now())

        page = html(signed_in(person("VIEWER")), PAGE, plan.pk)

        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page

    def test_follows_a_leg_on_its_way(self) -> None:
        running.final_at(clock.now())
        plan = running.executing(
            sell(1, MTMM, 20_000), buy(2, running.CPCS, 20_000, depends_on=(1,)), at=clock.now()
        )
        operations.advance(chain_id=CHAIN, at=clock.now())

        page = html(signed_in(person("VIEWER")), PAGE, plan.pk)

        assert "Queued" in page
        assert "Waits for leg 1" in page
        assert "0 of 2" in page

    @pytest.mark.parametrize("number", ["999", "0", "9" * 30, "x"])
    def test_what_is_not_there(self, number: str) -> None:
        client = signed_in(person("VIEWER"))

        assert client.get(f"/admin/rebalance/plan/{number}/change/").status_code == 404

    def test_a_form_cannot_write_to_it(self) -> None:
        plan = completed(clock.now())
        client = signed_in(person("SUPER_ADMIN"))

        assert client.post(reverse(PAGE, args=[plan.pk]), {"status": "FAILED"}).status_code == 405


class TestActions:
    def post(self, who: Person, name: str, plan: Plan, **form: str) -> Any:
        url = reverse(f"admin:rebalance_plan_{name}", args=[plan.pk])
        return signed_in(who).post(url, form, follow=True)

    def test_its_maker_cancels_a_plan_with_the_reason(self, omar: Person) -> None:
        admins()
        plan = planned(sell(1, MTMM, 90_000), trigger="MANUAL", actor=omar.actor, at=clock.now())

        response = self.post(omar, "cancel", plan, reason="The window moved")

        assert words(response) == [f"R-{plan.pk} is cancelled."]
        assert again(plan).status == "CANCELLED"
        assert "The window moved" in again(plan).outcome

    def test_without_a_reason_it_goes_on(self, omar: Person) -> None:
        plan = running.approved(sell(1, MTMM, 20_000), at=clock.now())

        response = self.post(person("ADMIN"), "cancel", plan, reason=" ")

        assert words(response) == ["Say why."]
        assert again(plan).status == "APPROVED"

    def test_stops_what_is_being_executed(self) -> None:
        plan = running.executing(sell(1, MTMM, 20_000), at=clock.now())

        response = self.post(person("OPERATOR"), "stop", plan, reason="Wrong asset")

        assert "sends no more" in words(response)[0]
        assert running.statuses(plan) == ["SKIPPED"]

    def test_another_person_reviews_what_ran_without_approval(self) -> None:
        plan = completed(clock.now())

        response = self.post(person("RISK_OFFICER"), "review", plan)

        assert words(response) == [f"R-{plan.pk} is reviewed."]
        assert again(plan).to_review is False

    def test_previews_the_reverse(self, omar: Person, fund_now: Fund) -> None:
        plan = completed(clock.now(), token=NGTR)
        fund_now.stands = situation(100_000)

        response = self.post(omar, "reverse", plan)

        made = Preview.objects.get()
        assert made.reverse_of_id == plan.pk
        assert "the reverse of" in response.content.decode()
        assert not Plan.objects.filter(preview=made).exists()

    @pytest.mark.parametrize(
        ("name", "role"),
        [
            ("cancel", "VIEWER"),
            ("stop", "VIEWER"),
            ("cancel", "VIP_APPROVER"),
            ("review", "VIEWER"),
            ("review", "OPERATOR"),
            ("reverse", "VIEWER"),
        ],
    )
    def test_is_refused_to_others(self, name: str, role: str) -> None:
        plan = completed(clock.now())

        assert self.post(person(role), name, plan, reason="mine").status_code == 403
        assert again(plan).status == "COMPLETED"

    @pytest.mark.parametrize("name", ["cancel", "stop", "review", "reverse"])
    def test_a_get_changes_nothing(self, name: str) -> None:
        plan = completed(clock.now())
        client = signed_in(person("SUPER_ADMIN"))

        assert (
            client.get(reverse(f"admin:rebalance_plan_{name}", args=[plan.pk])).status_code == 405
        )

    def test_a_disabled_button_says_why(self) -> None:
        plan = completed(clock.now())

        page = html(signed_in(person("VIEWER")), PAGE, plan.pk)

        assert 'title="Your role does not review plans."' in page
        assert 'title="Your role does not plan rebalancing."' in page


class TestList:
    @pytest.fixture
    def plans(self) -> list[Plan]:
        now = clock.now()
        return [
            completed(now - timedelta(days=3)),
            failed(now - timedelta(days=1)),
            running.approved(sell(1, MTMM, 30_000), at=now),
        ]

    def listed(self, client: Client, **query: str) -> list[int]:
        response = client.get(reverse(LIST), query)
        assert response.status_code == 200, response
        return [row.pk for row in response.context["cl"].result_list]

    def test_shows_the_newest_first_with_sums(self, plans: list[Plan]) -> None:
        client = signed_in(person("VIEWER"))

        assert self.listed(client) == [row.pk for row in reversed(plans)]
        totals = client.get(reverse(LIST)).context_data["totals"]
        assert (totals.count, totals.amount_assets) == (3, 65_000 * USDT)
        assert (totals.executed, totals.completed) == (2, 1)

    def test_narrows(self, plans: list[Plan]) -> None:
        client = signed_in(person("VIEWER"))
        day = f"{clock.now() - timedelta(days=1, hours=2):%Y-%m-%d}"

        assert self.listed(client, status__exact="FAILED") == [plans[1].pk]
        assert self.listed(client, trigger__exact="SCHEDULED") == []
        assert plans[0].pk not in self.listed(client, created_at_from=day)
        assert self.listed(client, q=str(plans[0].pk)) == [plans[0].pk]
        assert self.listed(client, to_review__exact="1") == [row.pk for row in reversed(plans)]

    def test_escapes_what_is_hostile(self, plans: list[Plan]) -> None:
        assert "<script>alert" not in html(signed_in(person("VIEWER")), LIST)

    def test_asks_the_database_no_more_for_more_rows(
        self, django_assert_max_num_queries: Callable[..., Any]
    ) -> None:
        client = signed_in(person("VIEWER"))
        for number in range(12):
            completed(clock.now() - timedelta(days=number))

        cache.clear()
        with django_assert_max_num_queries(50):
            client.get(reverse(LIST))

    def test_is_empty_in_words(self) -> None:
        assert "No plans yet" in html(signed_in(person("VIEWER")), LIST)


class TestTriggers:
    def test_lists_each_with_what_came_of_it(self) -> None:
        plan = running.approved(sell(1, MTMM, 30_000), at=clock.now())
        trigger(clock.now(), reason=HOSTILE)
        trigger(clock.now(), outcome="RECORDED", plan=plan, explanation="")

        page = html(signed_in(person("VIEWER")), "admin:rebalance_triggerevent_changelist")

        assert "Below the smallest plan" in page
        assert f"R-{plan.pk}" in page
        assert "<script>alert" not in page


class TestPolicy:
    def test_shows_what_is_in_force_in_words(self) -> None:
        row = Policy.objects.get()
        client = signed_in(person("VIEWER"))

        page = html(client, "admin:rebalance_policy_change", row.pk)

        assert "10,000.00 USDT" in page
        assert "8.00 %" in page
        assert "Your role does not propose parameters." in page
        assert "v1" in html(client, "admin:rebalance_policy_changelist")

    def propose(self, who: Person, **form: str) -> Any:
        row = Policy.objects.get(active=True)
        url = reverse("admin:rebalance_policy_propose", args=[row.pk])
        return signed_in(who).post(url, form, follow=True)

    def test_a_change_asks_another_person(self) -> None:
        admins()

        response = self.propose(
            person("ADMIN"),
            l1_low_bps="7.5",
            plan_assets_min="20,000",
            blackouts="Mon Fri 23:50-00:10 NAV update",
            reason="Fewer small plans",
        )

        ticket = Ticket.objects.get()
        changes = {one["parameter"]: one["new"] for one in ticket.facts["changes"]}
        assert ticket.kind == "CONFIG_CHANGE"
        assert changes["l1_low_bps"] == "750"
        assert changes["plan_assets_min"] == str(20_000 * USDT)
        assert changes["blackouts"][0]["start_minute"] == "1430"
        assert set(changes) == {"l1_low_bps", "plan_assets_min", "blackouts"}
        assert "asks for it" in words(response)[0]
        assert Policy.objects.count() == 1

    def test_the_form_as_shown_changes_nothing(self) -> None:
        admins()
        row = Policy.objects.get()
        client = signed_in(person("ADMIN"))
        page = html(client, "admin:rebalance_policy_change", row.pk)
        fields = dict(re.findall(r'<input name="(\w+)"[^>]* value="([^"]*)"', page))

        response = self.propose(person("ADMIN"), **fields, blackouts="", reason="As it is")

        assert len(fields) > 20
        assert words(response) == ["These are the parameters already."]

    @pytest.mark.parametrize(
        ("form", "said"),
        [
            ({"l1_low_bps": "low"}, "“L1 below (refill)” must be a number"),
            ({"l1_low_bps": "-1"}, "must be a number"),
            *(
                ({"l1_low_bps": text}, "must be a number")
                for text in ("", "NaN", "Infinity", "1e400", "8.005", "8%", "<script>", "0x10")
            ),
            ({"horizon_hours": "1.5"}, "must be a number, in hours"),
            ({"plan_assets_min": "-0.01"}, "must be a number, in USDT"),
            ({"horizon_hours": "0"}, "“… counting what falls due within” lies between 1 and 2,160"),
            ({"expected_slippage_bps": "6"}, "“Expected slippage of a trade, at least” is at most"),
            ({"blackouts": "Mon 10:00-10:00 x"}, "two different minutes"),
            ({"blackouts": "Mon 10:00-11:00 " + "x" * 201}, "and a reason"),
            ({"l1_low_bps": "9" * 99}, "too long"),
            ({"l1_low_bps": "90"}, "“L1 below (refill)” is below “L1 above (deploy)”"),
            ({"stale_bps": "0"}, "“Inputs have moved from” lies between 0.01 % and 100.00 %"),
            ({"blackouts": "whenever"}, "is not like"),
            ({"blackouts": "Mon 25:00-26:00 x"}, "no time of the day"),
            ({"blackouts": "Foo 10:00-11:00 x"}, "not weekdays"),
        ],
    )
    def test_what_makes_no_sense_is_said(self, form: dict[str, str], said: str) -> None:
        admins()

        response = self.propose(person("ADMIN"), **form, reason="Because")

        assert said in " ".join(words(response))
        assert not Ticket.objects.exists()

    def test_an_old_forms_values_are_not_proposed(self) -> None:
        admins()
        old = Policy.objects.get()
        with guards_off():
            Policy.objects.update(active=False)
            Policy.objects.create(version=9, values=old.values, ticket_id=1, created_at=clock.now())
        url = reverse("admin:rebalance_policy_propose", args=[old.pk])
        form = {"l1_low_bps": "7", "reason": "Because"}

        response = signed_in(person("ADMIN")).post(url, form, follow=True)

        assert words(response) == ["Version 9 is in force now; look at it first."]
        assert not Ticket.objects.exists()

    def test_is_refused_to_others(self) -> None:
        assert self.propose(person("OPERATOR"), l1_low_bps="7", reason="x").status_code == 403
