"""A plan under way while its processes die: between any two statements or requests of a step, and
by kill -9. It goes on where it was, nothing is traded twice, and the end is the same."""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import transaction
from eth_utils.crypto import keccak

from apps.audit.models import OperationLog
from apps.chain.client.pool import Client
from apps.chain.models import Transaction
from apps.fund.models import AssetTrade
from apps.rebalance.models import Plan
from devnet.scenario import Scenario
from devstack.console import Console
from devstack.management import manage
from devstack.product import ANY_PORTS, Product, running_product
from tests.approvals.helpers import seed_rules
from tests.chain_world import World
from tests.faults.test_kills import kill, rows
from tests.rebalance.floor import Floor
from tests.rebalance.helpers import seed_policy
from tests.rebalance.running import again, statuses
from tests.simulation.dying import Death, Died

pytestmark = [pytest.mark.faults, pytest.mark.chain]

SEED = int(os.environ.get("PAIMON_FAULT_SEED", "20261122"))
STRIDE = int(os.environ.get("PAIMON_STRIDE", "8"))
"""One death in so many is tried; 1 tries all of them."""


@pytest.fixture
def death(monkeypatch: pytest.MonkeyPatch) -> Death:
    """Counts statements and requests of whoever is appointed to die."""
    made, batch = Death(), Client.batch

    def counted(client: Client, requests_: Any) -> Any:
        return made.step(lambda: batch(client, requests_))

    monkeypatch.setattr(Client, "batch", counted)
    return made


@pytest.fixture
def floor(world: World) -> Floor:
    """A fund of a million, and people who decide."""
    seed_rules()
    seed_policy()
    floor = Floor(world)
    floor.fund(1_000_000)
    return floor


@pytest.fixture
def plan(floor: Floor) -> Plan:
    """Approved by people: a sale, a purchase that it pays for, and another sale."""
    plan = floor.approved(
        floor.sell(1, "MTMM", 28_000),
        floor.buy(2, "CPCS", 26_000, depends_on=(1,)),
        floor.sell(3, "SPSB", 10_000, priority=3),
    )
    assert plan.ticket_id is not None
    return plan


@contextmanager
def rolled_back() -> Iterator[None]:
    """What happens inside leaves no trace."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def die_at_every_step(death: Death, floor: Floor, plan: Plan) -> int:
    """Let ``advance`` die before and after everything it does, and its successor go on; whenever it
    died, the rows must end as if nobody had. Returns how many steps there are."""
    with rolled_back():
        with death.appointed(None):
            floor.advance()
        steps, undisturbed = death.steps, rows_of(plan)
    lives = [(step, after) for step in range(1, steps + 1) for after in (False, True)]
    for step, after in lives[::STRIDE]:
        with rolled_back():
            with pytest.raises(Died), death.appointed(step, after=after):
                floor.advance()
            floor.advance()
            assert rows_of(plan) == undisturbed, f"died {'after' if after else 'before'} {step}"
    return steps


def rows_of(plan: Plan) -> dict[str, Any]:
    """All that a plan is, but numbers that a sequence gave and instants."""
    row = again(plan)
    return {
        "plan": (row.status, row.waits_for != "", row.deviation_bps),
        "after": row.after,
        "legs": [
            (leg.status, leg.error, leg.realised_assets, leg.realised_tokens, leg.gas_used)
            for leg in row.legs.order_by("position")
        ],
        "transactions": list(
            Transaction.objects.order_by("id").values_list("key", "status", "call_hash")
        ),
        "told": [
            action
            for action in OperationLog.objects.order_by("id").values_list("action", flat=True)
            if action.startswith(("rebalance.", "QUEUE", "ticket."))
        ],
    }


def carried(floor: Floor) -> None:
    """What is queued becomes final and is applied."""
    floor.send()
    floor.world.finalise()
    floor.send()
    floor.world.finalise()


@pytest.mark.django_db
class TestDeathBetweenAnyTwoSteps:
    def test_while_it_begins(self, floor: Floor, plan: Plan, death: Death) -> None:
        steps = die_at_every_step(death, floor, plan)

        assert steps > 40, "so few that something was not counted"

    def test_while_a_leg_is_judged_and_the_next_is_sent(
        self, floor: Floor, plan: Plan, death: Death
    ) -> None:
        floor.advance()
        carried(floor)

        steps = die_at_every_step(death, floor, plan)

        assert steps > 20, "so few that something was not counted"

    def test_while_it_is_closed(self, floor: Floor, plan: Plan, death: Death) -> None:
        for _ in range(3):
            floor.advance()
            carried(floor)
        assert statuses(plan) == ["DONE", "DONE", "SENT"]

        steps = die_at_every_step(death, floor, plan)

        assert again(plan).status == "EXECUTING", "lives leave no trace"
        assert steps > 30, "so few that something was not counted"

    def test_again_and_again_until_it_is_done(self, floor: Floor, plan: Plan, death: Death) -> None:
        rng = Random(SEED)  # noqa: S311 - a storm, not a secret
        before = AssetTrade.objects.count()
        deaths = 0
        for _ in range(200):
            try:
                with death.appointed(
                    rng.randint(1, rng.choice((15, 40, 160))), after=rng.random() < 0.5
                ):
                    floor.advance()
            except Died:
                deaths += 1
            if rng.random() < 0.3:
                carried(floor)
            if not again(plan).is_open:
                break

        assert again(plan).status == "COMPLETED", again(plan).outcome
        assert deaths > 3
        assert AssetTrade.objects.count() == before + 3
        assert Transaction.objects.count() == 3


# -- kill -9 ---------------------------------------------------------------------------------------

VICTIMS = ("worker", "sender", "worker", "listener", "worker-critical", "beat", "sender", "worker")
KILLS_MAX = 3 * len(VICTIMS)
ENDED = ("COMPLETED", "PARTIALLY_COMPLETED", "FAILED", "CANCELLED", "EXPIRED")
ENDS_WITHIN_SECONDS = 240.0

SUBMIT = """
from apps.accounts.models import User
from apps.core import clock
from apps.core.actor import Actor
from apps.chain.queries import fund_chain
from apps.chain.terms import Tier
from apps.rebalance import operations, queries
from apps.rebalance.rules.figures import Aim, AimKind
user = User.objects.filter(groups__name="OPERATOR").first()
actor = Actor(kind="user", name=user.username, user_id=user.pk)
now = queries.situation_now(chain_id=fund_chain().chain_id, at=clock.now())
undo = {held.token: -12_000 * 10**18 for held in now.holdings if held.tier is not Tier.L1}
undo = dict(list(undo.items())[:3])
look = operations.preview(
    chain_id=now.chain_id, aim=Aim(kind=AimKind.REVERSE, undo=undo), actor=actor, at=clock.now()
)
plan = operations.submit(preview_id=look.pk, reason="a drill", actor=actor, at=clock.now())
print("PLAN", plan.pk, plan.status)
"""
"""Three sales, together so small that nobody has to approve them."""


def test_kill_9_in_the_middle_resumes_without_a_second_trade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The product brings servers of its own.
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")
    with running_product(
        tmp_path / "product", Console(), fresh=True, ports=ANY_PORTS, days_behind=9
    ) as product:
        scenario = Scenario.connect(product.chain.chain_file)
        before = sales_on_chain(scenario)
        plan_id = submitted(product)

        killed = kill_until_it_ends(product, plan_id)

        [(begun, finished)] = rows(
            product, "SELECT begun_at, finished_at FROM rebalance_plan WHERE id = %s", plan_id
        )
        print(f"killed {dict(killed)}, executed in {finished - begun}")
        assert killed["worker"], "it ended before anybody was killed"
        [(status, outcome)] = rows(
            product, "SELECT status, outcome FROM rebalance_plan WHERE id = %s", plan_id
        )
        assert status == "COMPLETED", outcome
        legs = rows(
            product,
            "SELECT status, tx_hash, realised_tokens FROM rebalance_leg WHERE plan_id = %s",
            plan_id,
        )
        made = sales_on_chain(scenario) - before
        assert len(legs) == 3
        assert {leg[0] for leg in legs} == {"DONE"}
        assert made == Counter(leg[1] for leg in legs), (
            "each leg is one trade, and no trade is more"
        )
        manage(product.environment, "verify_audit")


def submitted(product: Product) -> int:
    """The plan's number, once the prices are known and the plan is made."""
    deadline = time.monotonic() + ENDS_WITHIN_SECONDS
    while not rows(product, "SELECT 1 FROM oracle_price WHERE price IS NOT NULL"):
        assert time.monotonic() < deadline, "no price was ever known"
        time.sleep(0.5)
    said = manage(product.environment, "shell", "--no-imports", "-c", SUBMIT)
    found = re.search(r"PLAN (\d+) APPROVED", said)
    assert found, said
    return int(found[1])


def kill_until_it_ends(product: Product, plan_id: int) -> Counter[str]:
    """Somebody is killed every second or so, whoever it is, until the plan has come to its end."""
    rng = Random(SEED)  # noqa: S311 - a storm, not a secret
    killed: Counter[str] = Counter()
    deadline = time.monotonic() + ENDS_WITHIN_SECONDS
    while True:
        [(status,)] = rows(product, "SELECT status FROM rebalance_plan WHERE id = %s", plan_id)
        if status in ENDED:
            return killed
        assert time.monotonic() < deadline, f"plan {plan_id} did not end: {status}"
        if killed.total() < KILLS_MAX:
            victim = VICTIMS[killed.total() % len(VICTIMS)]
            kill(product, victim)
            killed[victim] += 1
        time.sleep(rng.uniform(0.5, 3.5))


def sales_on_chain(scenario: Scenario) -> Counter[str]:
    """The transactions that sold something, as the chain has them."""
    topic = "0x" + keccak(text="AssetRedeemed(address,uint8,uint256,uint256)").hex()
    logs = scenario.chain.rpc.call(
        "eth_getLogs",
        {
            "fromBlock": "0x0",
            "toBlock": "latest",
            "address": scenario.controller.address,
            "topics": [topic],
        },
    )
    return Counter(log["transactionHash"] for log in logs)
