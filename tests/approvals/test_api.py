"""Tickets over REST: who reads them, and votes that come by HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.approvals.models import Ticket, Vote
from apps.approvals.queries import panels
from apps.approvals.rules import facts_hash
from apps.core.units import UINT256_MAX
from tests.accounts.people import Person, api_client, person, sign_typed_data

from . import helpers

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/approvals"


def open_ticket(**changes: Any) -> Ticket:
    return helpers.open_ticket(**{"at": timezone.now(), **changes})


@pytest.fixture(autouse=True)
def ada() -> Person:
    """Somebody who could decide, so that tickets open whoever asks."""
    return person("ADMIN", username="ada")


@pytest.fixture
def amir() -> Person:
    return person("ADMIN", username="amir")


@pytest.fixture
def viewer() -> APIClient:
    return api_client(person("VIEWER"))


def get(client: APIClient, path: str = "", **params: Any) -> Any:
    response = client.get(f"{ROOT}{path}", params)
    assert response.status_code == 200, response.json()
    return response.json()["data"]


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def signed(
    who: Person, ticket: Ticket, decision: str = "approve", reason: str = "", **changes: Any
) -> dict[str, Any]:
    """The body of a vote: what was asked for, signed; then ``changes``."""
    response = api_client(who).post(
        f"{ROOT}/{ticket.pk}/vote-payload", {"decision": decision, "reason": reason}
    )
    assert response.status_code == 200, response.json()
    wanted = response.json()["data"]
    return {
        "reason": reason,
        "factsHash": ticket.facts_hash,
        "signature": sign_typed_data(who, wanted["typedData"]),
        "nonce": wanted["nonce"],
        "expiresAt": wanted["expiresAt"],
        **changes,
    }


def vote(who: Person, ticket: Ticket, decision: str, body: dict[str, Any]) -> Any:
    return api_client(who).post(f"{ROOT}/{ticket.pk}/{decision}", body)


def untouched(ticket: Ticket) -> bool:
    now = Ticket.objects.get(pk=ticket.pk)
    return now.status == "PENDING" and not Vote.objects.filter(ticket=ticket).exists()


class TestWho:
    @pytest.mark.parametrize("path", ["", "/1", "/1/audit-logs"])
    def test_reading_wants_a_token_and_a_role(self, path: str) -> None:
        assert refusal(APIClient().get(ROOT + path)) == (401, "AUTH_REQUIRED")
        assert refusal(api_client(person("INVESTOR")).get(ROOT + path)) == (403, "FORBIDDEN")

    @pytest.mark.parametrize("path", ["vote-payload", "approve", "reject", "cancel"])
    def test_acting_wants_a_token(self, path: str) -> None:
        assert refusal(APIClient().post(f"{ROOT}/1/{path}", {})) == (401, "AUTH_REQUIRED")

    @pytest.mark.parametrize("path", ["vote-payload", "approve", "reject"])
    @pytest.mark.parametrize("role", ["VIEWER", "OPERATOR", "RISK_OFFICER", "INVESTOR"])
    def test_deciding_wants_a_role_that_decides(self, path: str, role: str) -> None:
        ticket = open_ticket()

        response = api_client(person(role)).post(f"{ROOT}/{ticket.pk}/{path}", {})

        assert refusal(response) == (403, "FORBIDDEN")

    @pytest.mark.parametrize("role", ["VIEWER", "VIP_APPROVER", "RISK_OFFICER", "INVESTOR"])
    def test_cancelling_wants_a_role_that_asks(self, role: str) -> None:
        response = api_client(person(role)).post(f"{ROOT}/1/cancel", {"reason": "x"})

        assert refusal(response) == (403, "FORBIDDEN")

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("get", "/999", None),
            ("get", "/999/audit-logs", None),
            ("get", f"/{UINT256_MAX}", None),
            ("post", "/999/vote-payload", {"decision": "approve"}),
            ("post", "/999/cancel", {"reason": "x"}),
        ],
    )
    def test_what_is_not_there(self, amir: Person, method: str, path: str, body: Any) -> None:
        response = getattr(api_client(amir), method)(ROOT + path, body)

        assert refusal(response) == (404, "NOT_FOUND")


class TestList:
    def test_has_the_names_that_clients_know(self, viewer: APIClient) -> None:
        at = timezone.now().replace(microsecond=0)
        ticket = open_ticket(kind="STANDARD_REDEMPTION", at=at)

        [item] = get(viewer)["items"]

        assert 0 <= 24 * 3600 - item.pop("slaRemaining") < 60
        stamp = at.isoformat().replace("+00:00", "Z")
        assert item == {
            "id": str(ticket.pk),
            "type": "STANDARD_REDEMPTION",
            "status": "PENDING",
            "referenceType": "REDEMPTION",
            "referenceId": "7",
            "requester": "Ana",
            "amount": "31200000000000000000000",
            "currency": "USDT",
            "description": "Close pool 7",
            "createdAt": stamp,
            "slaDeadline": (at + timedelta(hours=24)).isoformat().replace("+00:00", "Z"),
            "requiredApprovals": 1,
            "currentApprovals": 0,
            "execution": None,
        }

    def test_counts_down_below_zero(self, viewer: APIClient) -> None:
        open_ticket(kind="STANDARD_REDEMPTION", at=timezone.now() - timedelta(hours=25))

        assert -3700 < get(viewer)["items"][0]["slaRemaining"] <= -3600

    def test_filters(self, viewer: APIClient) -> None:
        open_ticket()
        open_ticket(kind="STANDARD_REDEMPTION", amount=UINT256_MAX)

        assert get(viewer)["pagination"]["total"] == 2
        [found] = get(viewer, type="STANDARD_REDEMPTION", status="PENDING")["items"]
        assert found["amount"] == str(UINT256_MAX)
        assert get(viewer, type="POOL_ACTION", status="APPROVED")["items"] == []

    @pytest.mark.parametrize(
        ("name", "value"),
        [("status", "OPEN"), ("type", "x; drop"), ("pageSize", "101"), ("pageSize", "-1")],
    )
    def test_refuses_nonsense_by_field(self, viewer: APIClient, name: str, value: str) -> None:
        response = viewer.get(ROOT, {name: value})

        assert refusal(response) == (400, "VALIDATION_ERROR")
        assert list(response.json()["error"]["details"]) == [name]

    def test_asks_the_database_as_often_for_many_as_for_one(
        self, viewer: APIClient, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(12):
            open_ticket(subject_id=str(number))

        with django_assert_max_num_queries(8):
            assert len(get(viewer)["items"]) == 12


class TestDetail:
    def test_says_all_that_a_decision_rests_on(self, amir: Person) -> None:
        ticket = open_ticket(
            conditions=[{"text": "It is large", "met": None}],
            assessment={"level": "HIGH", "score": 61, "factors": ["12.00 % of L1"]},
        )

        data = get(api_client(amir), f"/{ticket.pk}")

        assert data["facts"] == {"pool": "7", "amount": "31200000000000000000000"}
        assert data["factsHash"] == facts_hash(data["facts"])
        assert data["factsChanged"] is False
        assert data["conditions"] == [{"text": "It is large", "met": None}]
        assert data["assessment"]["score"] == 61
        assert data["chainId"] == helpers.CHAIN
        assert data["rule"]["role"] == "ADMIN"
        assert data["sla"]["escalatedTo"] == ""
        assert data["votes"] == []
        assert data["cannotVoteBecause"] is None

    def test_says_why_the_reader_cannot_vote(self, viewer: APIClient) -> None:
        ticket = open_ticket()
        vip = api_client(person("VIP_APPROVER"))

        assert get(viewer, f"/{ticket.pk}")["cannotVoteBecause"] == (
            "your role does not decide tickets"
        )
        assert "the role ADMIN" in get(vip, f"/{ticket.pk}")["cannotVoteBecause"]

    def test_scripts_in_reasons_stay_text(self, viewer: APIClient, amir: Person) -> None:
        ticket, reason = open_ticket(), "<script>alert(1)</script> \u202e"
        vote(amir, ticket, "reject", signed(amir, ticket, "reject", reason))

        assert get(viewer, f"/{ticket.pk}")["outcomeReason"] == reason


class TestVote:
    def test_approves(self, amir: Person) -> None:
        ticket = open_ticket()

        response = vote(amir, ticket, "approve", signed(amir, ticket, reason="Checked"))

        assert response.status_code == 200, response.json()
        data = response.json()["data"]
        assert (data["status"], data["currentApprovals"]) == ("APPROVED", 1)
        assert data["slaRemaining"] is None
        assert data["cannotVoteBecause"] == "the ticket has its outcome already"
        [cast] = data["votes"]
        assert (cast["username"], cast["wallet"]) == ("amir", amir.wallet)
        assert (cast["decision"], cast["reason"]) == ("APPROVE", "Checked")

    def test_rejects(self, amir: Person) -> None:
        ticket = open_ticket()

        response = vote(amir, ticket, "reject", signed(amir, ticket, "reject", "Stale price"))

        data = response.json()["data"]
        assert (data["status"], data["outcomeReason"]) == ("REJECTED", "Stale price")

    def test_is_in_the_audit_trail_with_where_it_came_from(
        self, amir: Person, viewer: APIClient
    ) -> None:
        ticket = open_ticket()
        vote(amir, ticket, "approve", signed(amir, ticket))

        created, approved = get(viewer, f"/{ticket.pk}/audit-logs")["items"]

        assert (created["action"], approved["action"]) == ("CREATE", "APPROVE")
        assert (approved["actor"], approved["role"]) == ("amir", "ADMIN")
        assert approved["wallet"] == amir.wallet
        assert approved["ip"] == "127.0.0.1"
        assert approved["before"] == {"status": "PENDING"}
        assert approved["after"]["status"] == "APPROVED"

    def test_the_payload_names_the_wallet_and_the_decision(self, amir: Person) -> None:
        ticket = open_ticket()

        response = api_client(amir).post(
            f"{ROOT}/{ticket.pk}/vote-payload", {"decision": "REJECT", "reason": " Late "}
        )

        data = response.json()["data"]
        message = data["typedData"]["message"]
        assert data["address"] == amir.wallet
        assert (message["decision"], message["reason"]) == ("REJECT", "Late")
        assert message["ticketId"] == ticket.pk
        assert message["factsHash"] == ticket.facts_hash


class TestVoteRefuses:
    def test_a_replayed_signature(self, amir: Person) -> None:
        ticket = open_ticket()
        body = signed(amir, ticket)
        vote(amir, ticket, "approve", body)

        assert refusal(vote(amir, ticket, "approve", body)) == (409, "CONFLICT")
        assert Vote.objects.count() == 1

    def test_a_signature_for_another_ticket(self, amir: Person) -> None:
        one, other = open_ticket(), open_ticket(subject_id="8")

        response = vote(amir, other, "approve", signed(amir, one, factsHash=other.facts_hash))

        assert refusal(response) == (409, "CONFLICT")
        assert untouched(one)
        assert untouched(other)

    def test_a_rejection_sent_as_an_approval(self, amir: Person) -> None:
        ticket = open_ticket()
        body = signed(amir, ticket, "reject", "No")

        assert refusal(vote(amir, ticket, "approve", body)) == (403, "FORBIDDEN")
        assert untouched(ticket)

    def test_another_reason_than_the_signed_one(self, amir: Person) -> None:
        ticket = open_ticket()
        body = signed(amir, ticket, "reject", "No") | {"reason": "Yes"}

        assert refusal(vote(amir, ticket, "reject", body)) == (403, "FORBIDDEN")
        assert untouched(ticket)

    def test_somebody_elses_wallet(self, amir: Person, ada: Person) -> None:
        ticket = open_ticket()
        wanted = (
            api_client(amir)
            .post(f"{ROOT}/{ticket.pk}/vote-payload", {"decision": "approve"})
            .json()["data"]
        )
        body = signed(amir, ticket) | {
            "nonce": wanted["nonce"],
            "expiresAt": wanted["expiresAt"],
            "signature": sign_typed_data(ada, wanted["typedData"]),
        }

        assert refusal(vote(amir, ticket, "approve", body)) == (403, "FORBIDDEN")
        assert untouched(ticket)

    def test_somebody_elses_vote(self, amir: Person, ada: Person) -> None:
        ticket = open_ticket()

        response = vote(ada, ticket, "approve", signed(amir, ticket))

        assert refusal(response) == (409, "CONFLICT")
        assert untouched(ticket)

    def test_another_facts_hash(self, amir: Person) -> None:
        ticket = open_ticket()
        body = signed(amir, ticket, factsHash="0x" + "00" * 32)

        response = vote(amir, ticket, "approve", body)

        assert refusal(response) == (409, "CONFLICT")
        assert "figures" in response.json()["error"]["message"]
        assert untouched(ticket)

    def test_a_subject_that_changed(self, amir: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        ticket = open_ticket()
        body = signed(amir, ticket)
        changed = panels.Panel(describe=lambda _: {}, facts_now=lambda _: {"pool": 8})
        monkeypatch.setitem(panels._panels, ("POOL_ACTION", ""), changed)

        assert refusal(vote(amir, ticket, "approve", body)) == (409, "CONFLICT")
        assert get(api_client(amir), f"/{ticket.pk}")["factsChanged"] is True
        assert untouched(ticket)

    def test_the_requester(self, amir: Person) -> None:
        ticket = open_ticket(maker_user_id=amir.id)

        response = api_client(amir).post(
            f"{ROOT}/{ticket.pk}/vote-payload", {"decision": "approve"}
        )

        assert refusal(response) == (403, "FORBIDDEN")
        assert "asked for this yourself" in response.json()["error"]["message"]

    def test_a_decider_of_another_role(self) -> None:
        response = api_client(person("VIP_APPROVER")).post(
            f"{ROOT}/{open_ticket().pk}/vote-payload", {"decision": "approve"}
        )

        assert refusal(response) == (403, "FORBIDDEN")

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
    def test_a_rejection_without_a_good_reason(self, amir: Person, reason: str) -> None:
        ticket = open_ticket()
        asked = api_client(amir).post(
            f"{ROOT}/{ticket.pk}/vote-payload", {"decision": "reject", "reason": reason}
        )
        sent = vote(amir, ticket, "reject", signed(amir, ticket) | {"reason": reason})

        assert refusal(asked) == (400, "VALIDATION_ERROR")
        assert refusal(sent) == (400, "VALIDATION_ERROR")
        assert list(sent.json()["error"]["details"]) == ["reason"]
        assert untouched(ticket)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("factsHash", "0x12"),
            ("nonce", "7"),
            ("expiresAt", "soon"),
            ("expiresAt", "0001-01-01T00:00:00+14:00"),
            ("signature", ""),
            ("signature", "0x" + "1" * 10_000),
            ("reason", ["a list"]),
        ],
    )
    def test_malformed_fields_by_name(self, amir: Person, field: str, value: Any) -> None:
        ticket = open_ticket()

        response = vote(amir, ticket, "approve", signed(amir, ticket) | {field: value})

        assert refusal(response) == (400, "VALIDATION_ERROR")
        assert list(response.json()["error"]["details"]) == [field]

    def test_an_old_signature(self, amir: Person) -> None:
        ticket = open_ticket()
        body = signed(amir, ticket) | {"expiresAt": "2020-01-01T00:00:00Z"}

        assert refusal(vote(amir, ticket, "approve", body))[0] in (403, 409)
        assert untouched(ticket)

    @pytest.mark.parametrize(
        "body", ["{", "[]", '"text"', "null", '{"reason": NaN}', '{"reason": "\\u0000"}']
    )
    @pytest.mark.parametrize("path", ["vote-payload", "approve", "reject"])
    def test_malformed_json(self, amir: Person, path: str, body: str) -> None:
        response = api_client(amir).post(
            f"{ROOT}/{open_ticket().pk}/{path}", body, content_type="application/json"
        )

        assert refusal(response) == (400, "VALIDATION_ERROR")

    def test_an_unknown_decision(self, amir: Person) -> None:
        response = api_client(amir).post(
            f"{ROOT}/{open_ticket().pk}/vote-payload", {"decision": "maybe"}
        )

        assert refusal(response) == (400, "VALIDATION_ERROR")


class TestCancel:
    def test_by_who_asked(self) -> None:
        ana = person("OPERATOR")
        ticket = open_ticket(maker_user_id=ana.id)

        response = api_client(ana).post(f"{ROOT}/{ticket.pk}/cancel", {"reason": "Wrong"})

        assert response.status_code == 200, response.json()
        assert response.json()["data"]["status"] == "CANCELLED"
        assert Ticket.objects.get().outcome_reason == "Wrong"

    def test_refuses_others(self) -> None:
        ticket = open_ticket(maker_user_id=person("OPERATOR").id)

        response = api_client(person("OPERATOR")).post(
            f"{ROOT}/{ticket.pk}/cancel", {"reason": "Wrong"}
        )

        assert refusal(response) == (403, "FORBIDDEN")
        assert untouched(ticket)

    def test_refuses_without_a_reason_and_twice(self) -> None:
        ana = person("OPERATOR")
        ticket = open_ticket(maker_user_id=ana.id)
        url = f"{ROOT}/{ticket.pk}/cancel"

        assert refusal(api_client(ana).post(url, {})) == (400, "VALIDATION_ERROR")
        api_client(ana).post(url, {"reason": "Wrong"})
        assert refusal(api_client(ana).post(url, {"reason": "Wrong"})) == (409, "CONFLICT")
