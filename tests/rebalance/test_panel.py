"""What a plan's ticket shows: figures before and after, legs, the dry run, what changed since."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse

from apps.approvals import queries as approvals
from apps.approvals.rules import facts_hash
from apps.chain.queries import SimulatedCall, Simulation
from apps.rebalance import queries
from apps.rebalance.models import Leg, Plan
from apps.rebalance.queries import panel
from tests.accounts.people import person, signed_in
from tests.forcing import guards_off

from .helpers import admins, planned, ticket_of
from .running import CPCS, MTMM, NOON, USDT, again, buy, sell
from .shown import HOSTILE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


@pytest.fixture
def plan() -> Plan:
    admins()
    return planned(sell(1, MTMM, 60_000), buy(2, CPCS, 50_000, depends_on=(1,)))


class Node:
    """A node that tries calls as the test says."""

    def __init__(self, *legs: SimulatedCall, compared: bool = True) -> None:
        self.answer = Simulation(block_number=1_005, compared=compared, legs=legs)
        self.asked: list[list[str]] = []

    def simulate_calls(self, calls: Any) -> Simulation:
        self.asked.append([call.sentence for call in calls])
        return self.answer


def tried(ok: bool | None, error: str = "", met: bool | None = None) -> SimulatedCall:
    return SimulatedCall(ok=ok, error=error, gas=200_000 if ok else None, events=(), met=met)


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put a node in place of the chain's."""

    def use(made: Node) -> Node:
        monkeypatch.setattr(panel.chain, "simulate_calls", made.simulate_calls)
        return made

    return use


class TestFacts:
    def test_are_the_tickets_own_while_it_waits(self, plan: Plan) -> None:
        ticket = ticket_of(plan)

        now = queries.facts_now(ticket)

        assert now is not None
        assert approvals.current_facts(ticket) == now
        assert facts_hash(now) == ticket.facts_hash

    def test_name_every_leg_and_its_call(self, plan: Plan) -> None:
        facts = ticket_of(plan).facts

        assert (facts["planId"], facts["amount"], facts["situationBlock"]) == (
            *(str(plan.pk), str(60_000 * USDT), "1000"),
        )
        assert [(leg["kind"], leg["symbol"], leg["tier"]) for leg in facts["legs"]] == [
            ("REDEEM", "MTMM", "L2"),
            ("PURCHASE", "CPCS", "L3"),
        ]
        hashes = [call["hash"] for call in facts["calls"]]
        assert hashes == list(plan.legs.order_by("position").values_list("call_hash", flat=True))
        assert [tier["tier"] for tier in facts["tiers"]] == ["L1", "L2", "L3"]

    def test_a_leg_that_was_tampered_with_shows(self, plan: Plan) -> None:
        with guards_off():
            Leg.objects.filter(plan=plan, position=1).update(tokens=61_000 * USDT)

        page = self.page(plan)

        assert "Something changed since this ticket was opened" in page

    def test_end_with_the_waiting(self, plan: Plan) -> None:
        ticket = ticket_of(plan)
        with guards_off():
            Plan.objects.filter(pk=plan.pk).update(
                status="CANCELLED", finished_at=NOON + timedelta(minutes=1)
            )

        assert queries.facts_now(ticket) is None

    def page(self, plan: Plan) -> str:
        client = signed_in(person("ADMIN"))
        url = reverse("admin:approvals_ticket_change", args=[again(plan).ticket_id])
        response = client.get(url)
        assert response.status_code == 200
        return str(response.content.decode())


class TestPage:
    def page(self, plan: Plan, role: str = "ADMIN") -> str:
        url = reverse("admin:approvals_ticket_change", args=[again(plan).ticket_id])
        response = signed_in(person(role)).get(url)
        assert response.status_code == 200
        return str(response.content.decode())

    def test_shows_tiers_legs_cost_and_the_dry_run(self, plan: Plan, node: Any) -> None:
        node(Node(tried(ok=True, met=True), tried(ok=True, met=True)))

        page = self.page(plan)

        assert "Projected" in page
        assert "Sell" in page
        assert "CPCS" in page
        assert "60,000.00" in page
        assert page.count("Would succeed") == 2
        assert "each after the ones before it" in page
        assert reverse("admin:rebalance_plan_change", args=[plan.pk]) in page
        assert "If paid today" not in page

    def test_says_what_would_fail_and_what_nobody_can_say(self, plan: Plan, node: Any) -> None:
        node(
            Node(tried(ok=False, error=HOSTILE), tried(ok=None, error="needs cash"), compared=False)
        )

        page = self.page(plan)

        assert "Would fail" in page
        assert "Cannot be judged" in page
        assert "each alone" in page
        assert "<script>alert" not in page

    def test_a_call_that_brings_less_than_planned_would_fail(self, plan: Plan, node: Any) -> None:
        node(Node(tried(ok=True, met=False), tried(ok=True, met=True)))

        page = self.page(plan)

        assert "less than was planned" in page
        assert page.count("Would succeed") == 1

    def test_without_a_node_it_says_so(self, plan: Plan) -> None:
        page = self.page(plan)

        assert "Dry run" in page
        assert "Would succeed" not in page

    def test_one_dry_run_serves_a_few_looks(self, plan: Plan, node: Any) -> None:
        made = node(Node(tried(ok=True), tried(ok=True)))

        self.page(plan)
        self.page(plan)

        assert len(made.asked) == 1
        assert made.asked[0][0].startswith("Sell") or "MTMM" in made.asked[0][0]

    def test_a_decided_one_is_not_tried_any_more(self, plan: Plan, node: Any) -> None:
        made = node(Node(tried(ok=True), tried(ok=True)))
        ticket = ticket_of(plan)
        with guards_off():
            type(ticket).objects.filter(pk=ticket.pk).update(status="REJECTED", decided_at=NOON)

        self.page(plan)

        assert made.asked == []

    def test_a_plan_that_is_gone_is_said(self, plan: Plan) -> None:
        ticket = ticket_of(plan)
        ticket.subject_id = "999"

        assert queries.describe_plan(ticket) == {"missing": "There is no such plan any more."}


def test_the_port_is_wired(plan: Plan) -> None:
    found = approvals.panel_for(ticket_of(plan))

    assert found is not None
    assert found.describe is queries.describe_plan
