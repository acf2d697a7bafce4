"""Rebalancing over REST, as somebody would ask who wants to break it."""

import json
from typing import Any

import pytest

from apps.core import clock
from apps.rebalance.models import Plan, Preview, TriggerEvent
from tests.accounts.people import Person, api_client, operation_headers, person

from .helpers import Fund, admins, planned
from .running import MTMM, NOON, USDT, again, sell
from .shown import HOSTILE, completed
from .test_api import ROOT, post, refusal, signed_post

pytestmark = pytest.mark.django_db
GOOD = {"l1": "0.10", "l2": "0.30", "l3": "0.60"}
SUBMIT = "/execute"
NO_RATIOS: tuple[Any, ...] = (
    *("NaN", "1e400", "1E-1", "Infinity", "-0.10", "+0.10", "0.1_0", " 0.10", "", ".", "0,10"),
    *("١.0", "0.100000000000000000001", "1.0001", None, True, 0.1, 1, [], {}),
)


@pytest.fixture
def omar() -> Person:
    return person("OPERATOR", username="omar")


@pytest.fixture
def preview_id(omar: Person, fund_now: Fund) -> str:
    admins()
    return str(post(omar, "/preview", {"aim": "LIQUIDITY"}).json()["data"]["planId"])


def post_raw(who: Person, path: str, raw: bytes, content_type: str = "application/json") -> Any:
    return api_client(who).post(f"{ROOT}{path}", raw, content_type=content_type)


def signed_raw(who: Person, path: str, raw: bytes) -> Any:
    headers = operation_headers(who, method="POST", path=f"{ROOT}{path}", body=raw)
    return api_client(who).post(
        f"{ROOT}{path}", raw, content_type="application/json", headers=headers
    )


class TestBodies:
    @pytest.mark.parametrize(
        "raw",
        [
            b'{"targetRatios": {"l1": NaN, "l2": "0.3", "l3": "0.6"}}',
            b'{"targetRatios": {"l1": 1e400, "l2": "0.3", "l3": "0.6"}}',
            b'{"targetRatios": {"l1": Infinity, "l2": "0.3", "l3": "0.6"}}',
            b'{"aim": "LIQUIDITY", "raiseAmount": 1e400}',
            b'{"aim": "LIQUIDITY", "raiseAmount": "' + b"9" * 10_000 + b'"}',
            b"[" * 100_000,
            b'{"targetRatios": ' + b'{"l1": ' * 5_000 + b"1" + b"}" * 5_000 + b"}",
            b'{"aim": "TIERS"',
            b"\xff\xfe",
            b'"TIERS"',
            b"null",
            b'{"aim": null}',
            b'{"targetRatios": null}',
        ],
    )
    @pytest.mark.parametrize("path", ["/preview", SUBMIT])
    def test_are_refused_by_name(self, path: str, raw: bytes, omar: Person, fund_now: Fund) -> None:
        response = signed_raw(omar, path, raw)

        assert refusal(response) == (400, "VALIDATION_ERROR"), response.json()
        assert not Preview.objects.exists()
        assert not Plan.objects.exists()

    @pytest.mark.parametrize("ratio", NO_RATIOS)
    def test_ratios_are_decimal_strings_and_nothing_else(
        self, ratio: Any, omar: Person, fund_now: Fund
    ) -> None:
        response = post(omar, "/preview", {"targetRatios": {**GOOD, "l1": ratio}})

        assert refusal(response) == (400, "VALIDATION_ERROR"), response.json()
        assert "l1" in json.dumps(response.json()["error"]["details"])

    @pytest.mark.parametrize(
        "amount",
        ["-1", "+1", "1.5", "0x10", "1e18", "", " 1", "１", str(2**256), 1, True, None, []],
    )
    def test_amounts_are_digits_below_two_to_the_256(
        self, amount: Any, omar: Person, fund_now: Fund
    ) -> None:
        response = post(omar, "/preview", {"aim": "LIQUIDITY", "raiseAmount": amount})

        assert refusal(response) == (400, "VALIDATION_ERROR"), response.json()

    def test_all_that_a_contract_could_hold_is_an_amount(
        self, omar: Person, fund_now: Fund
    ) -> None:
        asked = {"aim": "LIQUIDITY", "raiseAmount": str(2**256 - 1)}
        response = post(omar, "/preview", asked)

        assert response.status_code == 200, response.json()
        assert any("can be raised" in words for words in response.json()["data"]["warnings"])

    def test_nothing_to_raise_is_said(self, omar: Person, fund_now: Fund) -> None:
        response = post(omar, "/preview", {"aim": "LIQUIDITY", "raiseAmount": "0"})

        assert response.status_code == 200  # L1 is below its mark whatever is to be raised

    @pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "text/html"])
    def test_other_types_are_refused(self, content_type: str, omar: Person) -> None:
        response = post_raw(omar, "/preview", b"{}", content_type)

        assert response.status_code == 415
        assert response.json()["success"] is False


class TestMethods:
    @pytest.mark.parametrize("path", ["/preview", SUBMIT, "/plans/1/cancel", "/plans/1/reverse"])
    @pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
    def test_what_acts_is_posted(self, path: str, method: str, omar: Person) -> None:
        response = getattr(api_client(omar), method)(f"{ROOT}{path}")

        assert response.status_code == 405
        assert response.json()["success"] is False

    @pytest.mark.parametrize("path", ["/status", "/history", "/plans/1"])
    def test_what_reads_is_not_posted(self, path: str, omar: Person) -> None:
        assert post(omar, path).status_code == 405


class TestPages:
    @pytest.mark.parametrize(
        "params",
        [
            {"page": "0"},
            {"page": "-1"},
            {"page": "1e3"},
            {"page": "9" * 30},
            {"page": "NaN"},
            {"pageSize": "0"},
            {"pageSize": "-5"},
            {"pageSize": "101"},
            {"pageSize": "9" * 30},
            {"pageSize": "x"},
            {"startDate": "9999-99-99"},
            {"startDate": "\x00"},
            {"endDate": "9" * 400},
            {"trigger": "MANUAL' OR 1=1 --"},
        ],
    )
    def test_nonsense_is_refused(self, params: dict[str, str], omar: Person) -> None:
        completed(NOON)

        response = api_client(omar).get(f"{ROOT}/history", params)

        assert refusal(response) in [(400, "VALIDATION_ERROR"), (404, "NOT_FOUND")]
        assert response.json()["success"] is False

    @pytest.mark.parametrize("days", [("0001-01-01", "9999-12-31"), ("9999-12-30", "9999-12-31")])
    def test_the_ends_of_time_are_days(self, days: tuple[str, str], omar: Person) -> None:
        response = api_client(omar).get(
            f"{ROOT}/history", {"startDate": days[0], "endDate": days[1]}
        )

        assert response.status_code in (200, 400), response.json()


class TestOtherPeople:
    def test_a_preview_is_its_makers(self, preview_id: str) -> None:
        response = signed_post(person("OPERATOR"), SUBMIT, {"planId": preview_id})

        assert refusal(response) == (403, "FORBIDDEN")
        assert not Plan.objects.exists()

    def test_a_plan_is_cancelled_by_its_maker_or_an_administrator(self, omar: Person) -> None:
        admins()
        at = clock.now()
        plan = planned(sell(1, MTMM, 90_000), trigger="MANUAL", actor=omar.actor, at=at)

        response = post(person("OPERATOR"), f"/plans/{plan.pk}/cancel", {"reason": "mine"})

        assert refusal(response) == (403, "FORBIDDEN")
        assert again(plan).status == "PENDING_APPROVAL"

    def test_the_signature_is_by_ones_own_wallet(self, omar: Person, preview_id: str) -> None:
        raw = json.dumps({"planId": preview_id}).encode()
        headers = operation_headers(
            person("OPERATOR"), method="POST", path=f"{ROOT}{SUBMIT}", body=raw
        )

        response = api_client(omar).post(
            f"{ROOT}{SUBMIT}", raw, content_type="application/json", headers=headers
        )

        assert refusal(response) == (403, "FORBIDDEN")
        assert not Plan.objects.exists()


class TestAgain:
    def test_the_same_signature_serves_once(self, omar: Person, preview_id: str) -> None:
        raw = json.dumps({"planId": preview_id}).encode()
        headers = operation_headers(omar, method="POST", path=f"{ROOT}{SUBMIT}", body=raw)

        def send() -> Any:
            return api_client(omar).post(
                f"{ROOT}{SUBMIT}", raw, content_type="application/json", headers=headers
            )

        one, other = send(), send()

        assert one.status_code == 202
        assert refusal(other) == (409, "CONFLICT")
        assert Plan.objects.count() == 1

    def test_a_second_preview_waits_for_the_open_plan(self, omar: Person, preview_id: str) -> None:
        other = post(omar, "/preview", {"aim": "LIQUIDITY"}).json()["data"]["planId"]
        assert signed_post(omar, SUBMIT, {"planId": preview_id}).status_code == 202

        response = signed_post(omar, SUBMIT, {"planId": other})

        assert refusal(response) == (409, "CONFLICT")
        assert "one at a time" in response.json()["error"]["message"]
        assert Plan.objects.count() == 1


class TestWords:
    def test_a_hostile_reason_stays_one_line_of_text(self, omar: Person, preview_id: str) -> None:
        body = {"planId": preview_id, "reason": f"{HOSTILE}\r\n\x07more"}
        response = signed_post(omar, SUBMIT, body)

        reason = Plan.objects.get().trigger_reason
        assert response.status_code == 202, response.json()
        assert response.json()["data"]["reason"] == reason
        assert "<script>alert(1)</script>" in reason
        assert not set("\r\n\x07\u202e") & set(reason)

    @pytest.mark.parametrize("reason", ["x" * 401, "a\x00b", True, None, [], {}])
    def test_what_is_no_reason_is_refused(self, reason: Any, omar: Person, preview_id: str) -> None:
        response = signed_post(omar, SUBMIT, {"planId": preview_id, "reason": reason})

        assert refusal(response) == (400, "VALIDATION_ERROR"), response.json()
        assert not Plan.objects.exists()

    @pytest.mark.parametrize(
        "reason", ["", " ", "\n\t", "\u00a0", "x" * 401, "\x00", True, None, []]
    )
    def test_a_cancellation_wants_a_reason(self, reason: Any, omar: Person) -> None:
        admins()
        at = clock.now()
        plan = planned(sell(1, MTMM, 90_000), trigger="MANUAL", actor=omar.actor, at=at)

        response = post(omar, f"/plans/{plan.pk}/cancel", {"reason": reason})

        assert response.status_code == 400, response.json()
        assert again(plan).status == "PENDING_APPROVAL"


class TestShape:
    def test_a_preview_has_the_names_of_the_dashboard(self, omar: Person, fund_now: Fund) -> None:
        data = post(omar, "/preview", {"targetRatios": GOOD}).json()["data"]

        assert {
            *("planId", "preState", "targetState", "actions", "estimatedGasCost", "totalAmount"),
            *("requiresApproval", "approvalReason"),
        } <= set(data)
        assert {"l1Ratio", "l2Ratio", "l3Ratio"} <= set(data["targetState"])
        assert data["targetState"]["l3Ratio"] == "0.6000"
        for action in data["actions"]:
            assert {"type", "fromLayer", "toLayer", "amount", "estimatedSlippage"} <= set(action)
            assert action["amount"].isdigit()
            assert isinstance(action["estimatedSlippage"], str)
        assert data["totalAmount"].isdigit()
        assert data["estimatedGasCost"].isdigit()
        assert data["expiresAt"].endswith("Z")
        assert isinstance(data["requiresApproval"], bool)
        assert not TriggerEvent.objects.exists()

    def test_a_preview_moves_nothing_less_than_the_minimum(
        self, omar: Person, fund_now: Fund
    ) -> None:
        response = post(omar, "/preview", {"targetRatios": {**GOOD, "l1": "0.05", "l2": "0.35"}})

        # 1 % of a million is the least that is worth it; nobody is asked for dust.
        assert response.status_code == 200
        assert int(response.json()["data"]["totalAmount"]) >= 10_000 * USDT
