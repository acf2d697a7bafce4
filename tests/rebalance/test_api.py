"""Rebalancing over REST: reading, previewing, and submitting with a signed request."""

import json
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.core import clock
from apps.rebalance import queries
from apps.rebalance.models import Plan, Preview
from tests.accounts.people import Person, api_client, operation_headers, person
from tests.forcing import guards_off

from . import running
from .helpers import Fund, admins, planned, ticket_of
from .running import CPCS, MTMM, NGTR, USDT, again, buy, sell
from .shown import HOSTILE, completed, failed, read_fund, trigger

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/rebalance"


@pytest.fixture
def viewer() -> APIClient:
    return api_client(person("VIEWER"))


@pytest.fixture
def omar() -> Person:
    return person("OPERATOR", username="omar")


def get(client: APIClient, path: str, **params: Any) -> Any:
    response = client.get(f"{ROOT}{path}", params)
    assert response.status_code == 200, response.json()
    return response.json()["data"]


def post(who: Person, path: str, body: Any = None) -> Any:
    return api_client(who).post(f"{ROOT}{path}", {} if body is None else body, format="json")


def signed_post(who: Person, path: str, body: Any) -> Any:
    raw = json.dumps(body).encode()
    headers = operation_headers(who, method="POST", path=f"{ROOT}{path}", body=raw)
    return api_client(who).post(
        f"{ROOT}{path}", raw, content_type="application/json", headers=headers
    )


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


class TestWho:
    @pytest.mark.parametrize("path", ["/status", "/history", "/plans/1"])
    def test_reading_wants_a_token_and_a_role(self, path: str, viewer: APIClient) -> None:
        completed(clock.now())

        assert refusal(APIClient().get(ROOT + path)) == (401, "AUTH_REQUIRED")
        assert refusal(api_client(person("INVESTOR")).get(ROOT + path)) == (403, "FORBIDDEN")
        assert viewer.get(ROOT + path).status_code in (200, 404)

    @pytest.mark.parametrize(
        "path", ["/preview", "/execute", "/plans/1/cancel", "/plans/1/reverse"]
    )
    @pytest.mark.parametrize("role", ["VIEWER", "VIP_APPROVER", "COMPLIANCE", "INVESTOR"])
    def test_acting_wants_its_role(self, path: str, role: str) -> None:
        assert refusal(APIClient().post(ROOT + path, {})) == (401, "AUTH_REQUIRED")
        assert refusal(post(person(role), path)) == (403, "FORBIDDEN")

    @pytest.mark.parametrize("number", ["999", f"{2**64}", "x", "-1", "0"])
    def test_what_is_not_there(self, number: str, viewer: APIClient, omar: Person) -> None:
        assert refusal(viewer.get(f"{ROOT}/plans/{number}")) == (404, "NOT_FOUND")
        body = {"reason": "x"}
        assert refusal(post(omar, f"/plans/{number}/cancel", body)) == (404, "NOT_FOUND")
        assert refusal(post(omar, f"/plans/{number}/reverse")) == (404, "NOT_FOUND")


class TestStatus:
    def test_has_the_names_that_clients_know(self, viewer: APIClient) -> None:
        read_fund(clock.now())
        ended = clock.now() - timedelta(days=1)
        completed(ended)
        plan = running.approved(sell(1, MTMM, 20_000), at=clock.now())

        data = get(viewer, "/status")

        assert data["needsRebalance"] is True
        assert data["lastRebalance"].startswith(f"{ended:%Y-%m-%dT%H:%M}")
        assert data["nextScheduled"].endswith("T00:00:00Z")
        assert data["currentDeviation"] == {"L1": "-0.0600", "L2": "0.0600", "L3": "0.0000"}
        assert data["thresholds"] == {
            "triggerDeviation": "0.0500",
            "minAmount": str(10_000 * USDT),
        }
        assert data["pendingPlan"]["planId"] == str(plan.pk)
        assert data["pendingPlan"]["requiresApproval"] is False
        assert data["layers"][0]["value"] == "40000.00"
        assert data["assets"][1]["weight"] == "0.3600"
        assert [metric["name"] for metric in data["metrics"]] == [
            *("deviation", "executionTime", "slippage", "gas", "successRate", "pendingPlans"),
        ]

    def test_before_the_first_snapshot_figures_are_null(self, viewer: APIClient) -> None:
        data = get(viewer, "/status")

        assert data["currentDeviation"] == {"L1": None, "L2": None, "L3": None}
        assert (data["needsRebalance"], data["lastRebalance"]) == (False, None)
        assert (data["pendingPlan"], data["stale"], data["lastUpdated"]) == (None, True, None)

    def test_says_why_a_price_is_null(self, viewer: APIClient) -> None:
        read_fund(clock.now(), priced=False)

        row = get(viewer, "/status")["assets"][1]

        assert (row["value"], row["drift"]) == (None, None)
        assert row["unknown"] == "Its price is not known"


class TestHistory:
    @pytest.fixture
    def plans(self) -> list[Plan]:
        now = clock.now()
        return [
            completed(now - timedelta(days=3)),
            failed(now - timedelta(days=1)),
            running.approved(sell(1, MTMM, 30_000), at=now),
        ]

    def numbers(self, data: Any) -> list[int]:
        return [int(item["planId"]) for item in data["items"]]

    def test_is_paged_newest_first(self, plans: list[Plan], viewer: APIClient) -> None:
        data = get(viewer, "/history", pageSize=2)

        assert self.numbers(data) == [plans[2].pk, plans[1].pk]
        assert data["pagination"] == {"total": 3, "page": 1, "pageSize": 2, "totalPages": 2}

    def test_narrows(self, plans: list[Plan], viewer: APIClient) -> None:
        today = f"{clock.now():%Y-%m-%d}"

        assert self.numbers(get(viewer, "/history", status="FAILED")) == [plans[1].pk]
        assert self.numbers(get(viewer, "/history", trigger="SCHEDULED")) == []
        assert self.numbers(get(viewer, "/history", trigger="MANUAL", startDate=today)) == [
            plans[2].pk
        ]
        before = f"{clock.now() - timedelta(days=2):%Y-%m-%d}"
        assert self.numbers(get(viewer, "/history", endDate=before)) == [plans[0].pk]

    def test_the_start_is_within_and_the_end_is_not(
        self, plans: list[Plan], viewer: APIClient
    ) -> None:
        made = plans[1].created_at.isoformat().replace("+00:00", "Z")
        later = (plans[1].created_at + timedelta(microseconds=1)).isoformat()

        assert self.numbers(get(viewer, "/history", endDate=made)) == [plans[0].pk]
        assert self.numbers(get(viewer, "/history", startDate=made, endDate=later)) == [plans[1].pk]

    @pytest.mark.parametrize(
        "params",
        [
            {"trigger": "WHIM"},
            {"status": "DONE"},
            {"startDate": "yesterday"},
            {"startDate": "2026-03-02", "endDate": "2026-03-01"},
            {"pageSize": "1000"},
        ],
    )
    def test_refuses_nonsense(self, params: dict[str, str], viewer: APIClient) -> None:
        assert refusal(viewer.get(f"{ROOT}/history", params)) == (400, "VALIDATION_ERROR")


class TestPlan:
    def test_has_states_and_actions(self, viewer: APIClient) -> None:
        plan = completed(clock.now())

        data = get(viewer, f"/plans/{plan.pk}")

        assert data["preState"]["l1Ratio"] == "0.0400"
        assert data["projectedState"]["l1Value"] == "60000.00"
        assert data["targetState"]["l1Ratio"] == "0.1000"
        assert data["afterState"]["l2Value"] == "340000.00"
        [action] = data["actions"]
        assert (action["type"], action["fromLayer"], action["toLayer"]) == ("REDEEM", "L2", "L1")
        assert (action["amount"], action["estimatedSlippage"]) == (str(20_000 * USDT), "0.0010")
        assert (action["realisedAmount"], action["realisedSlippage"]) == (
            str(19_976 * USDT),
            "0.0012",
        )
        assert action["txHash"] == "0x" + f"{plan.pk:064x}"
        assert data["deviation"] == "0.0003"

    def test_before_it_ends_there_is_no_after(self, viewer: APIClient) -> None:
        admins()
        plan = planned(sell(1, MTMM, 90_000), at=clock.now())

        data = get(viewer, f"/plans/{plan.pk}")

        assert data["afterState"] is None
        assert data["actions"][0]["txHash"] is None
        assert data["approvalTicketId"] == str(ticket_of(plan).pk)
        assert data["requiresApproval"] is True

    def test_hostile_words_stay_text(self, viewer: APIClient) -> None:
        plan = failed(clock.now())

        assert get(viewer, f"/plans/{plan.pk}")["outcome"] == HOSTILE


class TestPreview:
    def test_has_the_names_that_clients_know(self, omar: Person, fund_now: Fund) -> None:
        response = post(omar, "/preview", {"aim": "LIQUIDITY"})

        data = response.json()["data"]
        made = Preview.objects.get()
        assert response.status_code == 200
        assert data["planId"] == str(made.pk)
        assert data["preState"]["l1Ratio"] == "0.0400"
        assert data["targetState"]["l1Ratio"] == "0.1000"
        assert data["totalAmount"] == made.blueprint["amount_assets"]
        action = data["actions"][0]
        assert action["type"] == "REDEEM"
        assert (action["fromLayer"], action["toLayer"]) == ("L2", "L1")
        assert set(data) >= {"estimatedGasCost", "requiresApproval", "approvalReason"}
        assert (data["requiresApproval"], "REBALANCE_SMALL" in data["approvalReason"]) == (
            True,
            True,
        )
        assert not Plan.objects.exists()

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"targetRatios": {"l1": "0.10", "l2": "0.30", "l3": "0.60"}},
            {"aim": "LIQUIDITY", "raiseAmount": str(20_000 * USDT)},
            {"aim": "TIERS"},
        ],
    )
    def test_plans_what_is_asked(self, body: dict[str, Any], omar: Person, fund_now: Fund) -> None:
        assert post(omar, "/preview", body).status_code == 200

    @pytest.mark.parametrize(
        "body",
        [
            {"targetRatios": {"l1": "0.10", "l2": "0.30", "l3": "0.70"}},
            {"targetRatios": {"l1": "0.50", "l2": "0.30", "l3": "0.20"}},
            {"targetRatios": {"l1": "0.10", "l2": "0.90"}},
            {"targetRatios": {"l1": 0.1, "l2": "0.30", "l3": "0.60"}},
            {"targetRatios": {"l1": "1e-1", "l2": "0.30", "l3": "0.60"}},
            {"targetRatios": {"l1": "-0.1", "l2": "0.50", "l3": "0.60"}},
            {"targetRatios": {"l1": "0.10001", "l2": "0.30", "l3": "0.59999"}},
            {"targetRatios": {"l1": "0.1", "l2": "0.3", "l3": "0.6"}, "aim": "TIERS"},
            {"aim": "EXACT"},
            {"aim": "REVERSE"},
            {"aim": "TIERS", "raiseAmount": "5"},
            {"raiseAmount": "5"},
            {"aim": "LIQUIDITY", "raiseAmount": 5},
            [],
        ],
    )
    def test_refuses_nonsense(self, body: Any, omar: Person, fund_now: Fund) -> None:
        assert refusal(post(omar, "/preview", body)) == (400, "VALIDATION_ERROR")
        assert not Preview.objects.exists()

    def test_says_why_nothing_is_to_be_done(self, omar: Person, fund_now: Fund) -> None:
        fund_now.stands = running.situation(
            100_000,
            holdings=(running.holding(MTMM, 300_000), running.holding(CPCS, 600_000)),
        )

        response = post(omar, "/preview", {"aim": "LIQUIDITY"})

        assert refusal(response) == (409, "CONFLICT")
        assert response.json()["error"]["message"]

    def test_says_when_the_fund_cannot_be_read(self, omar: Person, fund_now: Fund) -> None:
        fund_now.stands = queries.SituationUnknown("The contracts have no price of MTMM.")

        assert refusal(post(omar, "/preview", {})) == (503, "SERVICE_UNAVAILABLE")


class TestExecute:
    @pytest.fixture
    def preview_id(self, omar: Person, fund_now: Fund) -> str:
        admins()
        data = post(omar, "/preview", {"aim": "LIQUIDITY"}).json()["data"]
        return str(data["planId"])

    def test_makes_the_plan_and_its_ticket(self, omar: Person, preview_id: str) -> None:
        response = signed_post(omar, "/execute", {"planId": preview_id})

        plan = Plan.objects.get()
        data = response.json()["data"]
        assert response.status_code == 202
        assert (data["planId"], data["status"]) == (str(plan.pk), "PENDING_APPROVAL")
        assert data["approvalTicketId"] == str(plan.ticket_id)
        assert plan.preview_id == int(preview_id)

    def test_twice_gives_the_same_plan(self, omar: Person, preview_id: str) -> None:
        one = signed_post(omar, "/execute", {"planId": preview_id}).json()["data"]["planId"]
        other = signed_post(omar, "/execute", {"planId": preview_id}).json()["data"]["planId"]

        assert one == other
        assert Plan.objects.count() == 1

    def test_without_a_signature_it_is_refused(self, omar: Person, preview_id: str) -> None:
        assert refusal(post(omar, "/execute", {"planId": preview_id})) == (403, "FORBIDDEN")
        assert not Plan.objects.exists()

    def test_a_signature_of_another_body_is_refused(self, omar: Person, preview_id: str) -> None:
        headers = operation_headers(omar, method="POST", path=f"{ROOT}/execute", body=b"{}")
        response = api_client(omar).post(
            f"{ROOT}/execute", {"planId": preview_id}, format="json", headers=headers
        )

        assert refusal(response) == (403, "FORBIDDEN")

    def test_an_expired_preview_is_refused(self, omar: Person, preview_id: str) -> None:
        with guards_off():
            Preview.objects.update(expires_at=clock.now() - timedelta(seconds=1))

        response = signed_post(omar, "/execute", {"planId": preview_id})

        assert refusal(response) == (409, "CONFLICT")
        assert "preview again" in response.json()["error"]["message"]

    @pytest.mark.parametrize("number", ["", "0", "x", "9" * 40, 10**15, None])
    def test_refuses_nonsense(self, omar: Person, preview_id: str, number: Any) -> None:
        status, code = refusal(signed_post(omar, "/execute", {"planId": number}))

        assert (status, code) in [(400, "VALIDATION_ERROR"), (404, "NOT_FOUND")]
        assert not Plan.objects.exists()


class TestCancel:
    def test_takes_a_plan_back(self, omar: Person) -> None:
        admins()
        plan = planned(sell(1, MTMM, 90_000), trigger="MANUAL", actor=omar.actor, at=clock.now())

        data = post(omar, f"/plans/{plan.pk}/cancel", {"reason": "Moved"}).json()["data"]

        assert data["status"] == "CANCELLED"
        assert "Moved" in data["outcome"]

    def test_wants_a_reason(self, omar: Person) -> None:
        plan = running.approved(sell(1, MTMM, 20_000), at=clock.now())

        assert refusal(post(omar, f"/plans/{plan.pk}/cancel")) == (400, "VALIDATION_ERROR")
        assert again(plan).status == "APPROVED"

    def test_refuses_what_has_ended(self) -> None:
        plan = completed(clock.now())

        response = post(person("ADMIN"), f"/plans/{plan.pk}/cancel", {"reason": "Late"})

        assert refusal(response) == (409, "CONFLICT")


class TestReverse:
    def test_previews_the_reverse_and_plans_nothing(self, omar: Person, fund_now: Fund) -> None:
        fund_now.stands = running.situation(100_000)
        plan = completed(clock.now(), token=NGTR)

        response = post(omar, f"/plans/{plan.pk}/reverse")

        data = response.json()["data"]
        assert response.status_code == 200, data
        assert (data["aim"], data["actions"][0]["type"]) == ("REVERSE", "PURCHASE")
        assert Plan.objects.count() == 1

    def test_refuses_what_did_nothing(self, omar: Person, fund_now: Fund) -> None:
        plan = failed(clock.now())

        assert refusal(post(omar, f"/plans/{plan.pk}/reverse")) == (409, "CONFLICT")


class TestQueries:
    def test_asks_the_database_no_more_for_more_plans(
        self, viewer: APIClient, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(15):
            completed(clock.now() - timedelta(days=number))
            trigger(clock.now(), reason=f"reason {number}")

        with django_assert_max_num_queries(12):
            get(viewer, "/history")

    def test_a_plan_of_many_legs_is_read_at_once(
        self, viewer: APIClient, django_assert_max_num_queries: Any
    ) -> None:
        legs = [sell(number, MTMM, 1_000) for number in range(1, 9)]
        plan = running.approved(*legs, buy(9, CPCS, 8_000, depends_on=(1,)), at=clock.now())

        with django_assert_max_num_queries(14):
            assert len(get(viewer, f"/plans/{plan.pk}")["actions"]) == 9
