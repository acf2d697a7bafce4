"""From a click to more cash on a real node: preview, signature, vote, execution, the reverse."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.approvals.models import Ticket
from apps.fund import tasks as fund
from apps.rebalance.models import Plan, Preview
from tests.accounts.people import Person, person, sign_typed_data, signed_in
from tests.approvals.helpers import seed_rules
from tests.chain_world import World
from tests.rebalance.floor import Floor
from tests.rebalance.helpers import seed_policy
from tests.rebalance.running import again

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


@pytest.fixture
def floor(world: World) -> Floor:
    """A million with 6 % in L1."""
    seed_rules()
    seed_policy()
    cache.clear()
    made = Floor(world)
    made.fund(1_000_000, cash_bps=400, yield_bps=200, money_market_bps=3_400)
    return made


def page(client: Client, name: str, *args: Any) -> str:
    response = client.get(reverse(f"admin:{name}", args=args))
    assert response.status_code == 200, response
    return str(response.content.decode())


def submitted(client: Client, who: Person, row: Preview) -> Plan:
    """Sign and send the preview's form as the page's script does."""
    asked = client.post(reverse("admin:rebalance_preview_sign", args=[row.pk])).json()
    form = {
        "signature": sign_typed_data(who, asked["typedData"]),
        "nonce": asked["nonce"],
        "expires_at": str(asked["expiresAt"]),
        "reason": "L1 is low",
    }
    client.post(reverse("admin:rebalance_preview_submit", args=[row.pk]), form)
    return Plan.objects.get(preview=row)


def test_a_click_raises_cash_and_another_plans_the_way_back(floor: Floor) -> None:
    omar = person("OPERATOR", username="omar")
    client = signed_in(omar)
    fund.take_overview()
    assert "A plan is wanted" in page(client, "rebalance_overview")

    response = client.post(
        reverse("admin:rebalance_preview_new"), {"aim": "RAISE", "amount": "30000"}
    )
    row = Preview.objects.get()
    shown = page(client, "rebalance_preview", row.pk)
    assert response.headers["Location"].endswith(f"/{row.pk}/")
    for said in ("Every leg would succeed", "Prices are fresh and agree", "The signers have room"):
        assert said in shown, said

    plan = submitted(client, omar, row)
    assert plan.status == "PENDING_APPROVAL"
    ticket = page(signed_in(floor.people[0]), "approvals_ticket_change", plan.ticket_id)
    assert ticket.count("Would succeed") == plan.legs.count()
    floor.approve(plan)
    assert again(plan).status == "APPROVED", Ticket.objects.get().status
    plan = floor.carry_out(plan)

    assert plan.status == "COMPLETED", plan.outcome
    done = page(client, "rebalance_plan_change", plan.pk)
    assert f"{plan.legs.count()} of {plan.legs.count()} done" in done
    assert "Plan the reverse" in done

    floor.settle()
    client.post(reverse("admin:rebalance_plan_reverse", args=[plan.pk]))
    back = Preview.objects.exclude(pk=row.pk).get()
    assert back.reverse_of_id == plan.pk
    assert "Reverse of a plan" in page(client, "rebalance_preview", back.pk)
