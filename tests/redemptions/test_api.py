"""Redemptions over REST: reading, deciding by a signed vote, paying with a signed request."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.approvals.models import Ticket, Vote
from apps.chain.models import Transaction
from apps.chain.terms import Channel
from apps.core.units import UINT256_MAX
from apps.redemptions.models import Redemption
from apps.redemptions.operations.asking import open_ticket
from tests.accounts.people import (
    Person,
    api_client,
    operation_headers,
    person,
    sign_typed_data,
)
from tests.approvals.helpers import seed_rules

from .conftest import Figures
from .helpers import (
    BLOCK,
    NOON,
    OWNER,
    USDT,
    apply,
    approved,
    final_at,
    project,
    requested,
    settled,
)

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/redemptions"
LATER = NOON + timedelta(days=8)


@pytest.fixture(autouse=True)
def _ready(overview: Callable[[Figures | None], None]) -> None:
    """Rules are there, the final head is near the requests, liquidity is unknown."""
    seed_rules()
    overview(None)
    final_at(NOON)


@pytest.fixture
def viewer() -> APIClient:
    return api_client(person("VIEWER"))


@pytest.fixture
def victor() -> Person:
    return person("VIP_APPROVER", username="victor")


@pytest.fixture
def ana() -> Person:
    return person("OPERATOR", username="ana")


def get(client: APIClient, path: str = "", **params: Any) -> Any:
    response = client.get(f"{ROOT}{path}", params)
    assert response.status_code == 200, response.json()
    return response.json()["data"]


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def numbers(data: Any) -> list[str]:
    return [item["requestId"] for item in data["items"]]


class TestWho:
    @pytest.mark.parametrize("path", ["", "/1", "/pending-approvals"])
    def test_reading_wants_a_token_and_a_role(self, path: str, viewer: APIClient) -> None:
        project(requested())

        assert refusal(APIClient().get(ROOT + path)) == (401, "AUTH_REQUIRED")
        assert refusal(api_client(person("INVESTOR")).get(ROOT + path)) == (403, "FORBIDDEN")
        assert viewer.get(ROOT + path).status_code == 200

    @pytest.mark.parametrize(
        ("path", "roles"),
        [
            ("approve", ["VIEWER", "OPERATOR", "RISK_OFFICER", "INVESTOR"]),
            ("reject", ["VIEWER", "OPERATOR", "RISK_OFFICER", "INVESTOR"]),
            ("settle", ["VIEWER", "VIP_APPROVER", "ADMIN", "RISK_OFFICER", "INVESTOR"]),
        ],
    )
    def test_acting_wants_its_role(self, path: str, roles: list[str]) -> None:
        assert refusal(APIClient().post(f"{ROOT}/1/{path}", {})) == (401, "AUTH_REQUIRED")
        for role in roles:
            response = api_client(person(role)).post(f"{ROOT}/1/{path}", {})
            assert refusal(response) == (403, "FORBIDDEN"), role

    @pytest.mark.parametrize("path", ["/999", f"/{UINT256_MAX}", "/x", "/-1"])
    def test_what_is_not_there(self, path: str, viewer: APIClient) -> None:
        assert refusal(viewer.get(ROOT + path)) == (404, "NOT_FOUND")

    def test_deciding_what_is_not_there(self, victor: Person) -> None:
        response = api_client(victor).post(f"{ROOT}/999/approve", {})

        assert refusal(response) == (404, "NOT_FOUND")


class TestList:
    def test_has_the_names_that_clients_know(self, viewer: APIClient) -> None:
        project(requested(gross_assets=UINT256_MAX))

        [item] = get(viewer)["items"]

        row = Redemption.objects.get()
        assert item == {
            "requestId": "1",
            "owner": OWNER,
            "receiver": row.receiver,
            "shares": str(100_000 * USDT),
            "grossAmount": str(UINT256_MAX),
            "lockedNav": "1200000000000000000",
            "estimatedFee": str(600 * USDT),
            "requestTime": "2026-03-02T12:00:00Z",
            "settlementTime": None,
            "status": "PENDING_APPROVAL",
            "channel": "STANDARD",
            "requiresApproval": True,
            "windowId": "0",
            "txHash": row.tx_hash,
        }

    def test_newest_first_in_pages(self, viewer: APIClient) -> None:
        project(*(requested(n, at=NOON + timedelta(minutes=n)) for n in (1, 2, 3)))

        page = get(viewer, page=1, pageSize=2)

        assert numbers(page) == ["3", "2"]
        assert page["pagination"] == {"total": 3, "page": 1, "pageSize": 2, "totalPages": 2}
        assert numbers(get(viewer, page=2, pageSize=2)) == ["1"]

    @pytest.mark.parametrize(
        ("params", "found"),
        [
            ({"status": "PENDING"}, ["2"]),
            ({"channel": "EMERGENCY"}, ["3"]),
            ({"owner": OWNER.upper().replace("0X", "0x")}, ["2", "1"]),
            ({"startDate": "2026-03-03"}, ["3", "2"]),
            ({"endDate": "2026-03-03"}, ["2", "1"]),
            ({"startDate": "2026-03-03", "endDate": "2026-03-03"}, ["2"]),
            ({"startDate": "2026-03-03T12:00:00Z", "endDate": "2026-03-04T12:00:00Z"}, ["2"]),
            ({"startDate": "2026-03-03T14:00:01+02:00"}, ["3"]),
            ({"status": "SETTLED"}, []),
        ],
    )
    def test_filters(self, viewer: APIClient, params: dict[str, str], found: list[str]) -> None:
        day = timedelta(days=1)
        project(
            requested(1),
            requested(2, at=NOON + day, requires_approval=False),
            requested(3, at=NOON + 2 * day, channel=Channel.EMERGENCY, owner="0x" + "dd" * 20),
        )

        assert numbers(get(viewer, **params)) == found

    @pytest.mark.parametrize(
        ("params", "field"),
        [
            ({"status": "OPEN"}, "status"),
            ({"channel": "standard"}, "channel"),
            ({"owner": "0x12"}, "owner"),
            ({"owner": ""}, "owner"),
            ({"startDate": "yesterday"}, "startDate"),
            ({"startDate": "2026-02-30"}, "startDate"),
            ({"endDate": "9999-12-31"}, "endDate"),
            ({"endDate": ""}, "endDate"),
            ({"endDate": "0001-01-01T00:00:00+14:00"}, "endDate"),
            ({"startDate": "2026-03-03", "endDate": "2026-03-02"}, "startDate"),
            ({"pageSize": "0"}, "pageSize"),
        ],
    )
    def test_refuses_nonsense_by_field(
        self, viewer: APIClient, params: dict[str, str], field: str
    ) -> None:
        response = viewer.get(ROOT, params)

        assert refusal(response) == (400, "VALIDATION_ERROR")
        assert list(response.json()["error"]["details"]) == [field]

    def test_names_every_field_that_is_wrong(self, viewer: APIClient) -> None:
        response = viewer.get(ROOT, {"status": "OPEN", "owner": "me"})

        assert set(response.json()["error"]["details"]) == {"status", "owner"}


class TestPendingApprovals:
    def test_lists_the_oldest_first_with_tickets_and_a_summary(self, viewer: APIClient) -> None:
        apply(requested(2, channel=Channel.EMERGENCY), requested(3, requires_approval=False))
        project(requested(1, at=NOON + timedelta(minutes=5)))
        almost_a_day_ago = timezone.now() - timedelta(hours=22, minutes=1)
        open_ticket(Redemption.objects.get(request_id=1), at=almost_a_day_ago)

        data = get(viewer, "/pending-approvals", pageSize=1)

        assert numbers(data) == ["2"]
        assert data["items"][0]["approvalTicket"]["type"] == "EMERGENCY_REDEMPTION"
        assert data["items"][0]["approvalTicket"]["referenceId"] == "2"
        assert data["pagination"]["total"] == 2
        assert data["summary"] == {
            "totalPending": 2,
            "totalAmount": str(240_000 * USDT),
            "urgentCount": 1,
        }

    def test_while_history_is_caught_up_with_a_request_has_no_ticket(
        self, viewer: APIClient
    ) -> None:
        project(requested())

        assert get(viewer, "/pending-approvals")["items"][0]["approvalTicket"] is None

    def test_reads_the_tickets_of_a_page_at_once(
        self, viewer: APIClient, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(1, 11):
            apply(requested(number))

        with django_assert_max_num_queries(11):
            assert len(get(viewer, "/pending-approvals")["items"]) == 10


class TestDetail:
    def test_tells_the_whole_story(self, viewer: APIClient) -> None:
        apply(requested(), approved(), settled(at=NOON + timedelta(days=7)))

        data = get(viewer, "/1")

        assert data["status"] == "SETTLED"
        assert data["netAmount"] == str(119_500 * USDT)
        assert data["actualFee"] == str(500 * USDT)
        assert data["blockNumber"] == BLOCK
        assert data["approvalTicket"]["status"] == "CANCELLED"
        assert data["settlement"]["possible"] is False
        assert data["transactionInFlight"] is None
        chain = [step for step in data["timeline"] if step["lane"] == "chain"]
        assert [step["event"] for step in chain] == ["REQUESTED", "APPROVED", "SETTLED"]
        assert chain[0]["timestamp"] == "2026-03-02T12:00:00Z"
        assert chain[0]["txHash"] == data["txHash"]
        opened = next(s for s in data["timeline"] if s["event"] == "TICKET_OPENED")
        assert opened["txHash"] is None
        assert opened["ticketId"] == data["approvalTicket"]["id"]

    def test_before_settlement_the_net_is_an_estimate(self, viewer: APIClient) -> None:
        project(requested(requires_approval=False))

        data = get(viewer, "/1")

        assert data["netAmount"] == str(119_400 * USDT)
        assert data["actualFee"] is None
        assert data["approvalTicket"] is None
        assert "Not due" in data["settlement"]["reason"]


def signed(who: Person, decision: str, reason: str = "") -> dict[str, Any]:
    """The body of a vote on the open ticket of request 1."""
    ticket = Ticket.objects.latest("id")
    response = api_client(who).post(
        f"/api/v1/approvals/{ticket.pk}/vote-payload", {"decision": decision, "reason": reason}
    )
    assert response.status_code == 200, response.json()
    wanted = response.json()["data"]
    return {
        "reason": reason,
        "factsHash": ticket.facts_hash,
        "signature": sign_typed_data(who, wanted["typedData"]),
        "nonce": wanted["nonce"],
        "expiresAt": wanted["expiresAt"],
    }


def vote(who: Person, decision: str, body: dict[str, Any]) -> Any:
    return api_client(who).post(f"{ROOT}/1/{decision}", body)


class TestDecide:
    def test_an_approval_starts_its_transaction(self, victor: Person) -> None:
        apply(requested())

        response = vote(victor, "approve", signed(victor, "approve", "Checked"))

        assert response.status_code == 200, response.json()
        data = response.json()["data"]
        assert data["status"] == "PENDING_APPROVAL"
        assert data["approvalTicket"]["status"] == "APPROVED"
        assert data["approvalTicket"]["execution"]["status"] == "SENT"
        assert data["transactionInFlight"]["status"] == "QUEUED"
        assert Transaction.objects.get().kind == "APPROVE_REDEMPTION"

    def test_a_rejection_carries_its_reason_to_the_chain(self, victor: Person) -> None:
        apply(requested())

        response = vote(victor, "reject", signed(victor, "reject", "Not the holder"))

        assert response.json()["data"]["approvalTicket"]["status"] == "REJECTED"
        assert b"Not the holder".hex() in Transaction.objects.get().calldata

    def test_refuses_a_replay(self, victor: Person) -> None:
        apply(requested())
        body = signed(victor, "approve")
        vote(victor, "approve", body)

        assert refusal(vote(victor, "approve", body)) == (409, "CONFLICT")
        assert Transaction.objects.count() == 1

    def test_refuses_the_other_decision(self, victor: Person) -> None:
        apply(requested())

        response = vote(victor, "approve", signed(victor, "reject", "No"))

        assert refusal(response) == (403, "FORBIDDEN")
        assert not Vote.objects.exists()

    def test_refuses_another_facts_hash(self, victor: Person) -> None:
        apply(requested())

        response = vote(
            victor, "approve", signed(victor, "approve") | {"factsHash": "0x" + "11" * 32}
        )

        assert refusal(response) == (409, "CONFLICT")
        assert not Vote.objects.exists()

    def test_refuses_once_the_request_waits_no_more(self, victor: Person) -> None:
        apply(requested())
        body = signed(victor, "approve")
        project(approved())

        assert refusal(vote(victor, "approve", body)) == (409, "CONFLICT")
        assert not Vote.objects.exists()

    def test_refuses_the_holder(self, victor: Person) -> None:
        apply(requested(owner=victor.wallet))
        ticket = Ticket.objects.get()

        response = api_client(victor).post(
            f"/api/v1/approvals/{ticket.pk}/vote-payload", {"decision": "approve"}
        )

        assert refusal(response) == (403, "FORBIDDEN")

    def test_refuses_a_rejection_without_a_reason(self, victor: Person) -> None:
        apply(requested())
        body = signed(victor, "approve")
        del body["reason"]

        response = vote(victor, "reject", body)

        assert refusal(response) == (400, "VALIDATION_ERROR")
        assert list(response.json()["error"]["details"]) == ["reason"]

    def test_refuses_where_nobody_is_asked(self, victor: Person) -> None:
        project(requested(requires_approval=False))

        response = vote(victor, "approve", {})

        assert refusal(response) == (409, "CONFLICT")
        assert "No ticket" in response.json()["error"]["message"]

    @pytest.mark.parametrize("body", ["{", "[]", '{"a": 1, "a": 2}'])
    def test_refuses_malformed_json(self, victor: Person, body: str) -> None:
        apply(requested())

        response = api_client(victor).post(
            f"{ROOT}/1/approve", body, content_type="application/json"
        )

        assert refusal(response) == (400, "VALIDATION_ERROR")


class TestSettle:
    def settle(self, who: Person, *, headers: dict[str, str] | None = None) -> Any:
        path = f"{ROOT}/1/settle"
        if headers is None:
            headers = operation_headers(who, method="POST", path=path)
        return api_client(who).post(path, headers=headers)

    def due(self) -> None:
        project(requested(requires_approval=False))
        final_at(LATER)

    def test_sends_the_payment(self, ana: Person) -> None:
        self.due()

        response = self.settle(ana)

        assert response.status_code == 202, response.json()
        sent = Transaction.objects.get()
        assert response.json()["data"] == {"requestId": "1", "transactionId": sent.pk}
        assert sent.kind == "SETTLE_REDEMPTION"

    def test_refuses_without_a_signature(self, ana: Person) -> None:
        self.due()

        response = self.settle(ana, headers={})

        assert refusal(response) == (403, "FORBIDDEN")
        assert "X-Wallet-Address" in response.json()["error"]["message"]
        assert not Transaction.objects.exists()

    @pytest.mark.parametrize("path", [f"{ROOT}/2/settle", f"{ROOT}/1/settle?again=1"])
    def test_refuses_a_signature_for_something_else(self, ana: Person, path: str) -> None:
        self.due()
        headers = operation_headers(ana, method="POST", path=path)

        assert refusal(self.settle(ana, headers=headers)) == (403, "FORBIDDEN")
        assert not Transaction.objects.exists()

    def test_refuses_somebody_elses_signature(self, ana: Person) -> None:
        self.due()
        headers = operation_headers(person("OPERATOR"), method="POST", path=f"{ROOT}/1/settle")

        assert refusal(self.settle(ana, headers=headers)) == (403, "FORBIDDEN")
        assert not Transaction.objects.exists()

    def test_refuses_a_replay(self, ana: Person) -> None:
        self.due()
        headers = operation_headers(ana, method="POST", path=f"{ROOT}/1/settle")
        self.settle(ana, headers=headers)
        Transaction.objects.update(status="FAILED", finished_at=NOON)

        response = self.settle(ana, headers=headers)

        assert refusal(response) == (409, "CONFLICT")
        assert "used before" in response.json()["error"]["message"]
        assert Transaction.objects.count() == 1

    def test_refuses_a_second_while_one_is_on_its_way(self, ana: Person) -> None:
        self.due()
        self.settle(ana)

        response = self.settle(ana)

        assert refusal(response) == (409, "CONFLICT")
        assert "on its way" in response.json()["error"]["message"]
        assert Transaction.objects.count() == 1

    def test_refuses_what_is_not_due_and_says_when_it_is(self, ana: Person) -> None:
        project(requested(requires_approval=False))

        response = self.settle(ana)

        assert refusal(response) == (409, "CONFLICT")
        assert "it settles at 2026-03-09 12:00 UTC" in response.json()["error"]["message"]
        assert not Transaction.objects.exists()

    def test_refuses_what_is_not_covered_and_says_by_how_much(
        self, ana: Person, overview: Callable[[Figures | None], None]
    ) -> None:
        self.due()
        overview(Figures(l1_assets=100_000 * USDT, l2_assets=0, taken_at=timezone.now()))

        response = self.settle(ana)

        assert refusal(response) == (409, "CONFLICT")
        assert response.json()["error"]["details"] == {"shortfall": str(19_400 * USDT)}

    def test_refuses_what_is_not_there(self, ana: Person) -> None:
        assert refusal(self.settle(ana)) == (404, "NOT_FOUND")
