"""Runs over a real node: from a fund in order to an alarm of its contracts, and what follows."""

from datetime import timedelta

import pytest

from apps.approvals.models import Ticket
from apps.core import clock
from apps.fund import queries as fund
from apps.rebalance.models import Plan
from apps.rebalance.operations import watching
from apps.risk import operations, queries
from apps.risk.models import Assessment, Incident
from apps.risk.rules.figures import Indicator, Level, Status
from tests.chain_world import World
from tests.rebalance.floor import Floor

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


@pytest.fixture
def floor(world: World) -> Floor:
    return Floor(world)


def judged() -> Assessment:
    return operations.assess(at=clock.now())


def statuses() -> dict[Indicator, Status]:
    found = queries.latest_assessment()
    assert found is not None
    return {reading.indicator: reading.status for reading in found.readings}


class TestOrdinaryDay:
    def test_nothing_is_unknown_and_nothing_is_wrong_with_liquidity_and_prices(
        self, floor: Floor
    ) -> None:
        floor.fund(1_000_000)
        operations.make_forecasts(at=clock.now())

        row = judged()

        found = statuses()
        assert Status.UNKNOWN not in found.values(), row.readings.filter(status="UNKNOWN").values()
        for indicator in (
            Indicator.L1_RATIO,
            Indicator.L1_L2_RATIO,
            Indicator.REDEMPTION_COVERAGE,
            Indicator.LIQUIDITY_GAP_7D,
            Indicator.ASSET_PRICE_DEVIATION,
            Indicator.EVENT_LAG,
        ):
            assert found[indicator] is Status.NORMAL, row.readings.get(indicator=indicator).meaning
        state = fund.risk_state(at=clock.now())
        assert state is not None
        assert state.level == row.level

    def test_a_price_that_only_the_contracts_trade_at_is_seen(self, floor: Floor) -> None:
        floor.fund(1_000_000)
        symbol = next(iter(floor.world.scenario.feeds))
        price = floor.world.scenario.price(symbol)
        floor.world.scenario.set_prices({symbol: price * 104 // 100}, feeds=False)
        floor.world.finalise()

        judged()

        assert statuses()[Indicator.ASSET_PRICE_DEVIATION] is Status.CRITICAL


class TestAlarm:
    def test_of_the_contracts_makes_the_level_critical_at_once(self, floor: Floor) -> None:
        floor.fund(1_000_000)
        judged()

        floor.world.scenario.trigger_critical_liquidity_alert()
        floor.world.finalise()
        row = judged()

        assert row.level == Level.CRITICAL
        assert any("critical liquidity alert" in reason for reason in row.reasons)
        assert Incident.objects.exists()

    def test_is_over_when_liquidity_is_back(self, floor: Floor) -> None:
        floor.fund(1_000_000)
        floor.world.scenario.trigger_critical_liquidity_alert()
        floor.world.finalise()
        judged()

        floor.world.scenario.restore_liquidity()
        floor.settle()
        row = judged()

        assert not any("critical liquidity alert" in reason for reason in row.reasons)
        assert row.level == Level.CRITICAL, "three better runs first"

    def test_emergency_mode_makes_it_critical(self, floor: Floor) -> None:
        floor.fund(1_000_000)
        floor.world.scenario.set_emergency_mode(True)
        floor.world.finalise()

        row = judged()

        assert row.level == Level.CRITICAL
        assert queries.assessment_view(row).indicator_level is not Level.CRITICAL


class TestWhatRestsOnTheLevel:
    """L1 is far above its target, so that a small plan is wanted."""

    def wanted(self, floor: Floor) -> Plan:
        events = watching.watch_thresholds(chain_id=floor.world.config.chain_id, at=clock.now())
        (plan,) = {event.plan for event in events if event.plan is not None}
        return plan

    def test_a_small_plan_is_approved_by_the_rule_while_the_level_is_known(
        self, floor: Floor
    ) -> None:
        floor.fund(1_000_000, cash_bps=1_500, yield_bps=400, money_market_bps=2_900)
        level = judged().level
        assert level in (Level.NORMAL, Level.ELEVATED)

        plan = self.wanted(floor)

        ticket = Ticket.objects.get(pk=plan.ticket_id)
        assert (ticket.kind, ticket.status) == ("REBALANCE_SMALL", "APPROVED")
        assert ticket.auto_approved_by
        assert ticket.facts["riskLevel"] == level
        assert plan.status == "APPROVED"

    def test_people_decide_once_nobody_has_looked_for_a_quarter_of_an_hour(
        self, floor: Floor
    ) -> None:
        floor.fund(1_000_000, cash_bps=1_500, yield_bps=400, money_market_bps=2_900)
        operations.assess(at=clock.now() - timedelta(minutes=16))

        plan = self.wanted(floor)

        assert Ticket.objects.get(pk=plan.ticket_id).status == "PENDING"

    def test_people_decide_while_the_level_is_high(self, floor: Floor) -> None:
        floor.fund(1_000_000, cash_bps=500, yield_bps=200, money_market_bps=4_200)
        assert judged().level == Level.HIGH

        plan = self.wanted(floor)

        assert Ticket.objects.get(pk=plan.ticket_id, kind="REBALANCE_SMALL").status == "PENDING"
