"""Plans on a real node, carried out by the real sender: from too little cash to tiers in band, and
everything that can stop one on the way."""

from datetime import timedelta

import pytest

from apps.approvals.models import Ticket
from apps.chain import operations as chain
from apps.chain.models import Transaction
from apps.chain.terms import Tier
from apps.core import clock
from apps.fund.models import AssetTrade
from apps.rebalance import operations
from apps.rebalance.models import Leg
from apps.rebalance.operations import watching
from devnet.accounts import ADMIN
from devnet.fund import usdt
from tests.accounts.people import person
from tests.chain_world import World
from tests.rebalance.floor import Floor
from tests.rebalance.running import SYSTEM, again, leg, statuses

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


@pytest.fixture
def floor(world: World) -> Floor:
    return Floor(world)


@pytest.fixture
def ordinary(floor: Floor) -> Floor:
    """A million, as on an ordinary day."""
    floor.fund(1_000_000)
    return floor


def trades() -> int:
    return AssetTrade.objects.filter(tx_hash__in=Leg.objects.values("tx_hash")).count()


class TestTooLittleCash:
    def test_from_trigger_through_two_approvals_and_the_safe_to_tiers_in_band(
        self, floor: Floor
    ) -> None:
        floor.fund(10_000_000, cash_bps=400, yield_bps=200, money_market_bps=3_400)
        before = {tier: floor.share_bps(tier) for tier in Tier}
        chain_id = floor.world.config.chain_id

        event = watching.watch_liquidity(chain_id=chain_id, at=clock.now())

        assert event is not None
        plan = event.plan
        assert plan is not None
        ticket = Ticket.objects.get()
        assert (ticket.kind, plan.status) == ("REBALANCE_LARGE", "PENDING_APPROVAL")
        floor.approve(plan)
        assert again(plan).status == "APPROVED"
        plan = floor.carry_out(plan)

        assert plan.status == "COMPLETED", plan.outcome
        assert before[Tier.L1] < 800
        assert 900 <= floor.share_bps(Tier.L1) <= 1_100
        assert 2_000 <= floor.share_bps(Tier.L2) <= 4_000
        assert plan.deviation_bps is not None
        assert plan.deviation_bps <= 5
        assert set(Transaction.objects.values_list("tier", flat=True)) == {"WARM"}
        ticket = Ticket.objects.get()
        assert ticket.execution_status == "DONE"
        assert trades() == plan.legs.count()
        event = watching.watch_liquidity(chain_id=chain_id, at=clock.now())
        assert event is None, "our rows are old, but the node knows better"
        floor.settle()
        assert watching.watch_liquidity(chain_id=chain_id, at=clock.now()) is None

    def test_a_small_one_needs_nobody_and_is_reviewed_afterwards(self, floor: Floor) -> None:
        floor.fund(1_000_000, cash_bps=500, yield_bps=100, money_market_bps=3_400)
        floor.settle()

        event = watching.watch_liquidity(chain_id=floor.world.config.chain_id, at=clock.now())
        assert event is not None
        assert event.plan is not None
        plan = floor.carry_out(event.plan)

        assert (plan.status, plan.to_review, plan.ticket_id) == ("COMPLETED", True, None)
        assert floor.share_bps(Tier.L1) >= 900
        assert set(Transaction.objects.values_list("tier", flat=True)) == {"HOT"}


class TestPricesBetweenApprovalAndExecution:
    def test_a_jump_expires_the_plan(self, ordinary: Floor) -> None:
        plan = ordinary.approved(ordinary.sell(1, "MTMM", 30_000))
        price = ordinary.world.scenario.price("MTMM")

        ordinary.world.scenario.set_prices({"MTMM": price * 120 // 100})
        ordinary.world.finalise()
        ordinary.observe()
        ordinary.advance()

        row = again(plan)
        assert row.status == "EXPIRED"
        assert "preview again" in row.outcome
        assert not Transaction.objects.exists()

    def test_contracts_that_trade_off_the_market_make_it_wait_and_then_expire(
        self, ordinary: Floor
    ) -> None:
        plan = ordinary.approved(ordinary.sell(1, "MTMM", 30_000))
        price = ordinary.world.scenario.price("MTMM")

        ordinary.world.scenario.set_prices({"MTMM": price * 1_025 // 1_000}, feeds=False)
        ordinary.world.finalise()
        ordinary.observe()
        ordinary.advance()
        waiting = again(plan)
        ordinary.ahead = timedelta(hours=25)
        ordinary.advance()

        assert (waiting.status, waiting.waits_for[:4]) == ("APPROVED", "MTMM")
        row = again(plan)
        assert row.status == "EXPIRED"
        assert "MTMM" in row.outcome
        assert not Transaction.objects.exists()

    def test_a_jump_after_it_began_stops_the_next_leg_in_the_sender(self, ordinary: Floor) -> None:
        plan = ordinary.executing(
            ordinary.sell(1, "MTMM", 20_000), ordinary.sell(2, "SPSB", 20_000)
        )
        ordinary.turn()
        price = ordinary.world.scenario.price("SPSB")

        ordinary.world.scenario.set_prices({"SPSB": price * 1_100 // 1_000}, feeds=False)
        ordinary.world.finalise()
        ordinary.observe()
        plan = ordinary.carry_out(plan)

        assert statuses(plan) == ["DONE", "FAILED"]
        assert "SPSB" in leg(plan, 2).error
        assert plan.status == "PARTIALLY_COMPLETED"


class TestChecksBeforeTheFirstLeg:
    def test_a_simulation_that_fails_fails_the_plan_and_nothing_is_sent(
        self, ordinary: Floor
    ) -> None:
        ordinary.set_terms("CPCS", least=100_000)
        plan = ordinary.approved(ordinary.sell(1, "MTMM", 20_000), ordinary.buy(2, "CPCS", 30_000))

        ordinary.advance()

        row = again(plan)
        assert row.status == "FAILED"
        assert "CPCS" in row.outcome
        assert not Transaction.objects.exists()

    def test_a_contract_that_refuses_is_quoted_in_words(self, ordinary: Floor) -> None:
        ordinary.world.scenario.set_slippage(300)
        plan = ordinary.approved(ordinary.buy(1, "CPCS", 30_000))

        ordinary.advance()

        assert "SlippageTooHigh" in again(plan).outcome

    def test_waits_while_sending_is_stopped_and_goes_on_when_lifted(self, ordinary: Floor) -> None:
        plan = ordinary.approved(ordinary.sell(1, "MTMM", 20_000))
        chain.stop_sending(scope="all", reason="drill", actor=SYSTEM, at=clock.now())

        ordinary.advance()

        row = again(plan)
        assert (row.status, row.not_before is not None) == ("APPROVED", True)
        assert "drill" in row.waits_for

    def test_waits_while_the_contracts_are_paused(self, ordinary: Floor) -> None:
        plan = ordinary.approved(ordinary.sell(1, "MTMM", 20_000))
        ordinary.world.scenario.pause("asset_controller")
        ordinary.settle()

        ordinary.advance()

        row = again(plan)
        assert row.status == "APPROVED"
        assert "paused: asset_controller" in row.waits_for


class TestMinedAndNothingDone:
    def test_a_purchase_below_its_new_minimum_is_caught(self, ordinary: Floor) -> None:
        plan = ordinary.executing(
            ordinary.buy(1, "CPCS", 26_000), ordinary.sell(2, "MTMM", 10_000, priority=3)
        )
        node = ordinary.world.scenario.chain.rpc
        node.call("evm_setAutomine", False)

        ordinary.send()
        raise_the_minimum(ordinary, "CPCS")
        node.call("evm_mine")
        node.call("evm_setAutomine", True)
        ordinary.world.finalise()
        ordinary.send()
        plan = ordinary.carry_out(plan)

        assert Transaction.objects.get(kind="PURCHASE_ASSET").status == "MISMATCH"
        assert statuses(plan) == ["FAILED", "DONE"]
        assert "did not come" in leg(plan, 1).error
        assert plan.status == "PARTIALLY_COMPLETED"


class TestALegThatReverts:
    def test_independent_ones_go_on_and_what_depended_on_it_is_skipped(
        self, ordinary: Floor
    ) -> None:
        plan = ordinary.executing(
            ordinary.sell(1, "MTMM", 20_000, priority=1),
            ordinary.buy(2, "CPCS", 26_000, depends_on=(1,)),
            ordinary.sell(3, "SPSB", 10_000, priority=3),
        )
        ordinary.world.scenario.set_slippage(1_000)
        ordinary.advance()
        ordinary.send()
        ordinary.world.scenario.set_slippage(0)
        plan = ordinary.carry_out(plan)

        assert statuses(plan) == ["FAILED", "SKIPPED", "DONE"]
        assert "SlippageTooHigh" in leg(plan, 1).error
        assert plan.status == "PARTIALLY_COMPLETED"
        assert trades() == 1


class TestReversing:
    def test_brings_the_holdings_back_within_costs(self, ordinary: Floor) -> None:
        scenario = ordinary.world.scenario
        before = {symbol: scenario.value(symbol) for symbol in ("MTMM", "CPCS")}
        plan = ordinary.carry_out(
            ordinary.approved(
                ordinary.sell(1, "MTMM", 30_000), ordinary.buy(2, "CPCS", 28_000, depends_on=(1,))
            )
        )
        assert plan.status == "COMPLETED", plan.outcome
        moved = {symbol: scenario.value(symbol) for symbol in before}

        ana = person("OPERATOR")
        look = operations.preview_reverse(plan_id=plan.pk, actor=ana.actor, at=clock.now())
        back = operations.submit(
            preview_id=look.pk, reason="a mistake", actor=ana.actor, at=clock.now()
        )
        ordinary.approve(back)
        back = ordinary.carry_out(back)

        assert back.status == "COMPLETED", back.outcome
        assert back.reverse_of_id == plan.pk
        costs = usdt(58_000) * 20 // 10_000
        for symbol, value in before.items():
            assert abs(moved[symbol] - value) > usdt(27_000)
            assert abs(scenario.value(symbol) - value) <= costs


def raise_the_minimum(floor: Floor, symbol: str) -> None:
    """A change of the asset's terms that pays more than all that waits in the pool."""
    scenario = floor.world.scenario
    token = scenario.tokens[symbol].address
    terms = scenario.controller.transaction(
        ADMIN, "setPurchaseTerms", token, 0, 500, usdt(500_000), 0, 0
    )
    fees = {"gas": hex(500_000), "maxFeePerGas": hex(10**12), "maxPriorityFeePerGas": hex(10**11)}
    scenario.chain.rpc.call("eth_sendTransaction", terms | fees)
