"""A program's own rebalancing: previewed, submitted and decided over REST, carried out on a real
node, and read back over REST."""

import json
from typing import Any

import pytest

from apps.approvals.models import Ticket
from apps.chain.terms import Tier
from tests.accounts.people import Person, api_client, operation_headers, person, sign_typed_data
from tests.chain_world import World
from tests.rebalance.floor import Floor

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

ROOT = "/api/v1"


def ask(who: Person, path: str, body: Any, status: int = 200) -> Any:
    """A request signed with the person's wallet."""
    raw = json.dumps(body).encode()
    headers = operation_headers(who, method="POST", path=f"{ROOT}{path}", body=raw)
    response = api_client(who).post(
        f"{ROOT}{path}", raw, content_type="application/json", headers=headers
    )
    assert response.status_code == status, response.json()
    return response.json()["data"]


def approve(who: Person, ticket_id: int) -> None:
    """What is to be signed is asked for, signed, and sent as a vote."""
    client, path = api_client(who), f"{ROOT}/approvals/{ticket_id}"
    wanted = client.post(f"{path}/vote-payload", {"decision": "approve", "reason": ""}).json()
    body = {
        "reason": "",
        "factsHash": Ticket.objects.get(pk=ticket_id).facts_hash,
        "signature": sign_typed_data(who, wanted["data"]["typedData"]),
        "nonce": wanted["data"]["nonce"],
        "expiresAt": wanted["data"]["expiresAt"],
    }
    response = client.post(f"{path}/approve", body)
    assert response.status_code == 200, response.json()


@pytest.fixture
def floor(world: World) -> Floor:
    """Two millions, with too little in L1."""
    floor = Floor(world)
    floor.fund(2_000_000, cash_bps=400, yield_bps=200, money_market_bps=3_400)
    return floor


def test_from_preview_to_tiers_in_band(floor: Floor) -> None:
    omar = person("OPERATOR")

    look = ask(omar, "/rebalance/preview", {"aim": "LIQUIDITY"})
    made = ask(omar, "/rebalance/execute", {"planId": look["planId"]}, status=202)
    ticket_id = int(made["approvalTicketId"])
    for who in floor.people[: Ticket.objects.get(pk=ticket_id).required_approvals]:
        approve(who, ticket_id)
    ended = carried_out(floor, omar, made["planId"])

    assert ended["status"] == "COMPLETED", ended["outcome"]
    assert all(action["txHash"] for action in ended["actions"])
    assert 900 <= floor.share_bps(Tier.L1) <= 1_100
    assert Ticket.objects.get(pk=ticket_id).execution_status == "DONE"


def carried_out(floor: Floor, who: Person, plan_id: str) -> Any:
    """The plan as clients read it, when it has come to its end."""
    for _ in range(40):
        floor.turn()
        floor.sign_what_waits()
        response = api_client(who).get(f"{ROOT}/rebalance/plans/{plan_id}")
        data = response.json()["data"]
        if data["status"] not in ("PENDING_APPROVAL", "APPROVED", "EXECUTING"):
            return data
    raise AssertionError(data)
