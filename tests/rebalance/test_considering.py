"""Something asks for a plan: what comes of it is written down, and at most one plan is open."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction

from apps.approvals.models import Ticket
from apps.chain import queries as chain
from apps.chain.client import ChainUnavailable
from apps.core import clock
from apps.rebalance import operations, queries
from apps.rebalance.models import Plan, TriggerEvent
from apps.rebalance.rules.calls import call_of
from apps.rebalance.rules.figures import Aim, AimKind, Holding
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.approvals.helpers import open_ticket
from tests.chain_world import World
from tests.forcing import guards_off
from tests.racing import at_once

from .helpers import CLOCK, LIQUIDITY, Fund, admins, decide, risk_is, ticket_of
from .running import CHAIN, CPCS, MTMM, NGTR, NOON, USDT, approved, holding, sell, situation

pytestmark = pytest.mark.django_db


def held(mtmm: int, cpcs: int, ngtr: int) -> tuple[Holding, ...]:
    """So many USDT worth of each."""
    return holding(MTMM, mtmm), holding(CPCS, cpcs), holding(NGTR, ngtr)


DRIFT = Aim(kind=AimKind.TIERS)
BALANCED = situation(100_000, holdings=held(300_000, 300_000, 300_000))
SLIGHTLY_OFF = situation(70_000, holdings=held(330_000, 300_000, 300_000))


def consider(
    trigger: str = "LIQUIDITY",
    aim: Aim = LIQUIDITY,
    *,
    reason: str = "L1 is 4.00 %, below 8.00 %",
    minutes: int = 0,
) -> TriggerEvent:
    return operations.consider(
        chain_id=CHAIN,
        trigger=trigger,
        reason=reason,
        aim=aim,
        actor=CLOCK,
        at=NOON + timedelta(minutes=minutes),
    )


def end_as(status: str, *, minutes: int = 0) -> None:
    """The open plan has come to this end."""
    with guards_off():
        Plan.objects.update(
            status=status, finished_at=NOON + timedelta(minutes=minutes), outcome="ended"
        )


class TestPlanned:
    def test_makes_a_plan_and_says_so(self, fund_now: Fund) -> None:
        admins()

        event = consider()

        plan = Plan.objects.get()
        assert (event.outcome, event.plan_id, event.times) == ("PLANNED", plan.pk, 1)
        assert (plan.trigger, plan.trigger_reason, plan.aim) == (
            "LIQUIDITY",
            "L1 is 4.00 %, below 8.00 %",
            "LIQUIDITY",
        )
        assert (plan.created_by_id, plan.created_by_name) == (None, "clock")
        assert plan.policy_version == 1
        assert plan.expires_at == NOON + timedelta(hours=24)

    def test_a_large_one_asks_two_people(self, fund_now: Fund) -> None:
        ada, ben, _ = admins()
        fund_now.stands = situation(
            0,
            holdings=held(3_600_000, 4_000_000, 2_400_000),
        )
        plan = consider().plan
        assert plan is not None

        decide(ada, ticket_of(plan))
        halfway = queries.plan(plan.pk).status
        decide(ben, ticket_of(plan))

        plan = queries.plan(plan.pk)
        assert (ticket_of(plan).kind, halfway, plan.status) == (
            "REBALANCE_LARGE",
            "PENDING_APPROVAL",
            "APPROVED",
        )
        assert ada.user.username in plan.approval
        assert ben.user.username in plan.approval

    @pytest.mark.parametrize("level", ["NORMAL", "ELEVATED"])
    def test_its_rule_approves_a_small_one_by_threshold(self, fund_now: Fund, level: str) -> None:
        admins()
        risk_is(level)

        plan = consider("THRESHOLD", DRIFT).plan

        assert plan is not None
        ticket = ticket_of(plan)
        assert (ticket.kind, ticket.status, plan.status) == (
            "REBALANCE_SMALL",
            "APPROVED",
            "APPROVED",
        )
        assert plan.approval.startswith("REBALANCE_SMALL v")
        assert (plan.approved_at, plan.to_review) == (NOON, False)

    @pytest.mark.parametrize("level", ["HIGH", "CRITICAL", ""])
    def test_people_are_asked_when_the_risk_is_high_or_unknown(
        self, fund_now: Fund, level: str
    ) -> None:
        admins()
        if level:
            risk_is(level)

        plan = consider("THRESHOLD", DRIFT).plan

        assert plan is not None
        assert (ticket_of(plan).status, plan.status) == ("PENDING", "PENDING_APPROVAL")

    def test_people_are_asked_when_the_level_is_stale(self, fund_now: Fund) -> None:
        admins()
        risk_is("NORMAL", at=NOON - timedelta(minutes=16))

        plan = consider("THRESHOLD", DRIFT).plan

        assert plan is not None
        assert plan.status == "PENDING_APPROVAL"

    @pytest.mark.parametrize(
        ("missing", "status"), [(1, "APPROVED"), (0, "PENDING_APPROVAL")], ids=["below", "at"]
    )
    def test_people_are_asked_when_small_ones_add_up_to_a_large_one(
        self, fund_now: Fund, missing: int, status: str
    ) -> None:
        admins()
        risk_is("NORMAL")
        with transaction.atomic():
            plan = consider("THRESHOLD", DRIFT).plan
            assert plan is not None
            amount = plan.amount_assets
            transaction.set_rollback(True)
        earlier = open_ticket(amount=200_000 * USDT - amount - missing, chain_id=CHAIN)
        with guards_off():
            Ticket.objects.filter(pk=earlier.pk).update(
                kind="REBALANCE_SMALL",
                status="APPROVED",
                auto_approved_by="REBALANCE_SMALL v1",
                decided_at=NOON - timedelta(hours=1),
            )

        plan = consider("THRESHOLD", DRIFT).plan

        assert plan is not None
        assert (ticket_of(plan).kind, plan.status) == ("REBALANCE_SMALL", status)

    def test_people_are_asked_by_any_other_trigger(self, fund_now: Fund) -> None:
        admins()
        risk_is("NORMAL")

        plan = consider("LIQUIDITY").plan

        assert plan is not None
        assert plan.status == "PENDING_APPROVAL"


class TestRecorded:
    def test_is_written_on_the_open_plan_without_reading_the_fund(self, fund_now: Fund) -> None:
        plan = approved(sell(1, MTMM, 20_000))

        event = consider()

        assert (event.outcome, event.plan_id) == ("RECORDED", plan.pk)
        assert (Plan.objects.count(), fund_now.read_times) == (1, 0)


class TestNothing:
    def test_says_why(self, fund_now: Fund) -> None:
        fund_now.stands = BALANCED

        event = consider("THRESHOLD", DRIFT)

        assert (event.outcome, event.plan_id) == ("NOTHING", None)
        assert event.explanation
        assert not Plan.objects.exists()

    def test_says_when_it_is_not_worth_it(self, fund_now: Fund) -> None:
        fund_now.stands = situation(4_000, holdings=held(36_000, 40_000, 20_000))

        event = consider()

        assert event.outcome == "NOTHING"
        assert "10,000" in event.explanation

    def test_the_same_again_only_counts_up(self, fund_now: Fund) -> None:
        fund_now.stands = BALANCED

        consider("THRESHOLD", DRIFT)
        consider("THRESHOLD", DRIFT, minutes=5)
        event = consider("THRESHOLD", DRIFT, minutes=10)

        assert TriggerEvent.objects.count() == 1
        assert (event.times, event.first_at, event.last_at) == (
            3,
            NOON,
            NOON + timedelta(minutes=10),
        )

    def test_half_a_day_later_is_a_row_of_its_own(self, fund_now: Fund) -> None:
        fund_now.stands = BALANCED

        consider("THRESHOLD", DRIFT)
        consider("THRESHOLD", DRIFT, minutes=12 * 60)

        assert [row.times for row in TriggerEvent.objects.all()] == [1, 1]

    def test_another_reason_is_a_row_of_its_own(self, fund_now: Fund) -> None:
        fund_now.stands = BALANCED

        consider("THRESHOLD", DRIFT)
        consider("THRESHOLD", DRIFT, reason="something else")

        assert TriggerEvent.objects.count() == 2

    def test_an_unknown_figure_is_no_plan(self, fund_now: Fund) -> None:
        fund_now.stands = queries.SituationUnknown("The contracts have no price of CPCS.")

        event = consider()

        assert (event.outcome, event.explanation) == (
            "NOTHING",
            "The contracts have no price of CPCS.",
        )

    def test_no_node_is_no_answer(self, fund_now: Fund) -> None:
        fund_now.stands = ChainUnavailable("no node answers")

        with pytest.raises(ChainUnavailable):
            consider()
        assert not TriggerEvent.objects.exists()

    def test_where_nobody_could_decide_there_is_no_plan(self, fund_now: Fund) -> None:
        event = consider()

        assert event.outcome == "NOTHING"
        assert "could vote" in event.explanation
        assert not (Plan.objects.exists())
        assert not (Ticket.objects.exists())


class TestCooldown:
    @pytest.mark.parametrize("status", ["COMPLETED", "CANCELLED", "FAILED", "EXPIRED"])
    def test_the_clock_rests_after_a_plan(self, fund_now: Fund, status: str) -> None:
        admins()
        consider("THRESHOLD", DRIFT)
        end_as(status)

        early = consider("THRESHOLD", DRIFT, minutes=29)
        late = consider("THRESHOLD", DRIFT, minutes=30)

        assert (early.outcome, late.outcome) == ("NOTHING", "PLANNED")
        assert early.explanation.startswith("Cooldown until 2026-03-02 12:30 UTC")

    def test_cash_that_is_needed_does_not_wait(self, fund_now: Fund) -> None:
        admins()
        consider("THRESHOLD", DRIFT)
        end_as("COMPLETED")

        assert consider(minutes=1).outcome == "PLANNED"

    def test_redemptions_falling_due_do_not_wait(self, fund_now: Fund) -> None:
        admins()
        consider("THRESHOLD", DRIFT)
        end_as("COMPLETED")
        fund_now.stands = BALANCED
        aim = Aim(kind=AimKind.LIQUIDITY, raise_assets=60_000 * USDT)

        assert consider(aim=aim, minutes=1).outcome == "PLANNED"

    def test_a_surplus_waits(self, fund_now: Fund) -> None:
        admins()
        consider("THRESHOLD", DRIFT)
        end_as("COMPLETED")
        fund_now.stands = situation(
            250_000,
            holdings=held(250_000, 250_000, 250_000),
        )

        event = consider(aim=Aim(kind=AimKind.DEPLOY), minutes=1)

        assert event.outcome == "NOTHING"
        assert event.explanation.startswith("Cooldown")

    @pytest.mark.parametrize("status", ["CANCELLED", "FAILED"])
    def test_what_was_just_rejected_is_not_asked_again_at_once(
        self, fund_now: Fund, status: str
    ) -> None:
        admins()
        consider()
        end_as(status)

        assert consider(minutes=5).outcome == "NOTHING"
        assert consider(minutes=30).outcome == "PLANNED"


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_twenty_triggers_make_one_plan(self, fund_now: Fund) -> None:
        admins()

        outcomes = at_once(20, lambda _number: consider().outcome)

        assert Counter(outcomes) == {"PLANNED": 1, "RECORDED": 19}
        assert (Plan.objects.count(), Ticket.objects.count()) == (1, 1)
        recorded = TriggerEvent.objects.get(outcome="RECORDED")
        assert recorded.times == 19


@pytest.mark.chain
class TestOnChain:
    def test_a_drained_l1_becomes_a_plan_that_two_people_approve(self, world: World) -> None:
        ada, ben, _ = admins()
        world.scenario.subscribe(INVESTORS[0], usdt(5_000_000))
        world.scenario.restore_liquidity()
        world.scenario.drain_l1(400)
        world.finalise()
        now = clock.now()

        event = operations.consider(
            chain_id=CHAIN,
            trigger="LIQUIDITY",
            reason="L1 is below its low mark",
            aim=LIQUIDITY,
            actor=CLOCK,
            at=now,
        )

        plan = event.plan
        assert plan is not None, event.explanation
        ticket = ticket_of(plan)
        assert (ticket.kind, ticket.required_approvals, plan.status) == (
            "REBALANCE_LARGE",
            2,
            "PENDING_APPROVAL",
        )
        state = world.scenario.state()
        l1 = next(row for row in ticket.facts["tiers"] if row["tier"] == "L1")
        assert int(l1["before"]) == state.layer1
        assert abs(int(l1["afterBps"]) - 1_000) <= 5  # back to target, less costs
        assert [leg["kind"] for leg in ticket.facts["legs"]].count("PURCHASE") == 0
        assert {leg["tier"] for leg in ticket.facts["legs"]} == {"L2"}
        runs = chain.simulate_calls([call_of(CHAIN, leg) for leg in plan.legs.order_by("position")])
        assert all(leg.ok for leg in runs.legs), runs

        decide(ada, ticket, at=now)
        decide(ben, ticket, at=now)

        assert queries.plan(plan.pk).status == "APPROVED"
