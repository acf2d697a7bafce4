"""The end of a plan: the fund as read afterwards against what was to come of it."""

from datetime import timedelta
from typing import Any

import pytest

from apps.approvals.models import Ticket
from apps.chain.client import ChainUnavailable
from apps.chain.models import Log
from apps.core import bus
from apps.rebalance import operations
from apps.rebalance.events import LegFinished, PlanDeviated, PlanFinished
from apps.rebalance.models import Plan
from apps.rebalance.operations.legs import IDLE_MAX
from apps.rebalance.rules.figures import Situation
from tests.rebalance import running
from tests.rebalance.helpers import Fund, admins, decide
from tests.rebalance.running import (
    CHAIN,
    CPCS,
    MTMM,
    NOON,
    USDT,
    again,
    buy,
    end,
    executing,
    finish_all,
    holding,
    sell,
    sent,
    situation,
    statuses,
    traded,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def final() -> None:
    running.final_at()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every fact that was published."""
    facts: list[Any] = []
    publish = bus.publish

    def listening(fact: Any) -> None:
        facts.append(fact)
        publish(fact)

    monkeypatch.setattr(bus, "publish", listening)
    return facts


def advance(minutes: float = 0) -> None:
    operations.advance(chain_id=CHAIN, at=NOON + timedelta(minutes=minutes))


def after(cash: int, mtmm: int) -> Situation:
    """The fund with so much cash and so much in L2, the rest as it was."""
    before = situation(cash)
    return situation(cash, holdings=(holding(MTMM, mtmm), *before.holdings[1:]), block_number=1_010)


def sold(units: int = 10_000, came: int = 10_000) -> Plan:
    """A plan of one sale, final and applied, about to be closed."""
    plan = executing(sell(1, MTMM, units))
    advance()
    traded(sent(plan, 1), came, units)
    end(sent(plan, 1), "FINAL")
    return plan


class TestProjection:
    def test_the_fund_as_projected_is_no_deviation(self, fund_now: Fund, heard: list[Any]) -> None:
        plan = sold()
        fund_now.stands = after(50_000, 350_000)

        advance(1)

        row = again(plan)
        assert (row.status, row.deviation_bps) == ("COMPLETED", 0)
        assert row.after == {
            "L1": str(50_000 * USDT),
            "L2": str(350_000 * USDT),
            "L3": str(600_000 * USDT),
        }
        assert not [fact for fact in heard if isinstance(fact, PlanDeviated)]

    def test_a_percent_is_accepted_and_more_is_told(self, fund_now: Fund, heard: list[Any]) -> None:
        plan = sold()
        fund_now.stands = after(50_000 - 11_000, 350_000 + 11_000)

        advance(1)

        assert again(plan).status == "COMPLETED"
        [told] = [fact for fact in heard if isinstance(fact, PlanDeviated)]
        assert (told.plan_id, told.deviation_bps) == (plan.pk, again(plan).deviation_bps)
        assert told.deviation_bps >= 110

    def test_of_a_partial_one_is_what_the_trades_that_were_done_would_lead_to(
        self, fund_now: Fund
    ) -> None:
        plan = executing(sell(1, MTMM, 20_000), buy(2, CPCS, 20_000, depends_on=(1,)))
        advance()
        finish_all(plan)
        advance(1)
        end(sent(plan, 2), "REVERTED", error="SlippageTooHigh(1, 2)")
        fund_now.stands = after(60_000, 340_000)

        advance(2)

        row = again(plan)
        assert (row.status, row.deviation_bps) == ("PARTIALLY_COMPLETED", 0)

    def test_what_was_mined_without_being_enough_counts_as_well(self, fund_now: Fund) -> None:
        plan = executing(sell(1, MTMM, 10_000))
        advance()
        traded(sent(plan, 1), 9_000, 10_000)
        end(sent(plan, 1), "MISMATCH", error="It was mined, but too little came.")
        fund_now.stands = after(49_000, 350_000)

        advance(1)

        row = again(plan)
        assert (row.status, row.deviation_bps) == ("FAILED", 0)
        assert "9,000.00 USDT came from sales" in row.outcome


class TestReadingTheFund:
    def test_waits_while_it_cannot_be_read(self, fund_now: Fund) -> None:
        plan = sold()
        fund_now.stands = ChainUnavailable("no node answers")

        advance(1)

        row = again(plan)
        assert (row.status, statuses(plan)) == ("EXECUTING", ["DONE"])
        assert row.waits_for == "The fund cannot be read: no node answers"

    def test_closes_without_it_when_that_takes_too_long(self, fund_now: Fund) -> None:
        plan = sold()
        fund_now.stands = ChainUnavailable("no node answers")

        advance(1)
        advance(1 + IDLE_MAX.total_seconds() / 60)

        row = again(plan)
        assert (row.status, row.after) == ("COMPLETED", None)
        assert "could not be read afterwards: no node answers" in row.outcome

    def test_waits_for_events_that_are_final_and_not_applied(self, fund_now: Fund) -> None:
        plan = sold()
        log = final_log()

        advance(1)
        waiting = again(plan).waits_for
        log.status = "APPLIED"
        log.save()
        advance(2)

        assert waiting == "Events of its trades are about to be applied."
        assert again(plan).status == "COMPLETED"


class TestTellingPeople:
    def test_facts_of_a_partial_plan(self, fund_now: Fund, heard: list[Any]) -> None:
        plan = executing(sell(1, MTMM, 10_000), buy(2, CPCS, 9_000, depends_on=(1,)))
        advance()
        end(sent(plan, 1), "FAILED", error="NoCash()")

        advance(1)

        legs = [(f.position, f.status) for f in heard if isinstance(f, LegFinished)]
        [closed] = [fact for fact in heard if isinstance(fact, PlanFinished)]
        assert legs == [(1, "FAILED"), (2, "SKIPPED")]
        assert (closed.plan_id, closed.status) == (plan.pk, "FAILED")
        assert "NoCash()" in closed.outcome

    @pytest.mark.parametrize(("leg_ends", "shown"), [("FINAL", "DONE"), ("REVERTED", "FAILED")])
    def test_the_ticket_shows_how_it_ended(self, fund_now: Fund, leg_ends: str, shown: str) -> None:
        people = admins(3)
        plan = running.approved(sell(1, MTMM, 60_000))
        decide(people[0], Ticket.objects.get())
        plan = again(plan)
        plan.begin(at=NOON)
        plan.save()
        advance()
        if leg_ends == "FINAL":
            traded(sent(plan, 1), 60_000, 60_000)
        end(sent(plan, 1), leg_ends, error="no")

        advance(1)

        ticket = Ticket.objects.get()
        assert ticket.execution_status == shown
        assert (ticket.execution_tx_hash != "") is (shown == "DONE")


def final_log() -> Log:
    """An event that is final and waits to be applied."""
    return Log.objects.create(
        chain_id=CHAIN,
        block_number=1_001,
        block_hash="0x" + "ab" * 32,
        block_at=NOON,
        tx_hash="0x" + "cd" * 32,
        tx_index=0,
        log_index=0,
        position=0,
        address="0x" + "b3" * 20,
        contract_kind="asset_controller",
        topics=[],
        data="0x",
        status="FINAL",
        seen_at=NOON,
    )
