"""Raising cash in an emergency: the gap, and the plans that rebalancing is asked for."""

from types import SimpleNamespace
from typing import Any

import pytest

from apps.approvals import queries as tickets
from apps.chain.queries import ChainUnavailable
from apps.rebalance import operations as rebalance
from apps.rebalance.models import Plan, TriggerEvent
from apps.rebalance.rules.figures import Aim, AimKind
from apps.risk import operations, queries
from apps.risk.models import Incident
from apps.risk.operations import asking, liquidating
from tests.accounts.people import Person
from tests.approvals.helpers import decide
from tests.forcing import guards_off
from tests.rebalance.helpers import Fund, fund_now
from tests.rebalance.running import MTMM, holding, situation
from tests.redemptions.helpers import CHAIN

from .emergencies import (
    NOON,
    after,
    fund_stands,
    judge,
    lines,
    opened,
    team,
)

__all__ = ["fund_now"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people(request: pytest.FixtureRequest) -> list[Person]:
    return team()


def incident() -> Incident:
    return Incident.objects.get()


class TestLiquidity:
    """Through the real planner, over a fund of a million that a test describes."""

    @pytest.fixture(autouse=True)
    def _fund(self, fund_now: Fund) -> None:
        fund_now.stands = situation(40_000)  # L1 4 %, L2 36 %, L3 60 %
        fund_stands(l1=40_000, l2=360_000, l3=600_000, owed=500_000, at=after(minutes=6))

    def advance(self, **passed: float) -> None:
        operations.advance_incidents(at=after(**passed))

    def plan(self) -> Plan:
        return Plan.objects.latest("id")

    def test_proposes_a_plan_over_the_gap_once_the_alarm_is_out(self) -> None:
        found = opened()
        self.advance(minutes=4)
        assert not Plan.objects.exists()

        self.advance(minutes=6)

        view = queries.incident(found.pk)
        assert view.gap is not None
        assert view.gap.assets == 200_000 * 10**18  # 120 % of 500,000 less 400,000
        plan = self.plan()
        assert (plan.trigger, plan.aim) == ("LIQUIDITY", "EXACT")
        assert plan.amount_assets >= 99_000 * 10**18  # L3 stays at its minimum of 50 %
        assert 2 in {leg.tier_from for leg in plan.legs.all()}
        action = found.actions.get(kind="LIQUIDATION")
        assert (action.plan_id, action.ticket_id) == (plan.pk, plan.ticket_id)
        assert any("Liquidity gap: 200,000.00 USDT" in text for text in lines(found, "GAP"))
        assert any(f"{plan} raises liquidity" in text for text in lines(found, "PLAN"))

    def test_says_at_once_where_the_wallets_may_not_move_so_much_today(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = opened()
        small = SimpleNamespace(left_today_assets=50_000 * 10**18)
        monkeypatch.setattr(liquidating.chain, "signing_room", lambda **_: (small,))

        self.advance(minutes=6)

        (told,) = [text for text in lines(found, "PLAN") if "have a limit raised" in text]
        assert "the wallets may move only 50,000.00 USDT more today" in told

    def test_says_nothing_of_limits_that_are_wide_enough(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = opened()
        halves = [SimpleNamespace(left_today_assets=500_000 * 10**18)] * 2
        monkeypatch.setattr(liquidating.chain, "signing_room", lambda **_: halves)

        self.advance(minutes=6)

        assert self.plan()
        assert not any("limit" in text for text in lines(found, "PLAN"))

    def test_proposes_it_once(self) -> None:
        opened()

        for seconds in range(360, 660, 15):
            self.advance(seconds=seconds)

        assert Plan.objects.count() == 1
        assert TriggerEvent.objects.count() == 1

    def test_takes_in_a_plan_that_was_made_before_a_crash(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = opened()
        rebalance.consider(
            chain_id=CHAIN,
            trigger="LIQUIDITY",
            reason=f"Emergency: incident {found.pk}",
            aim=Aim(kind=AimKind.LIQUIDITY, raise_assets=200_000 * 10**18),
            actor=asking.SYSTEM,
            at=after(minutes=5, seconds=59),
        )

        self.advance(minutes=6)
        self.advance(minutes=6, seconds=15)

        assert Plan.objects.count() == 1
        assert found.actions.filter(kind="LIQUIDATION").count() == 1

    def test_another_plan_that_waits_gives_way(self) -> None:
        found = opened()
        other = self.other_plan()

        self.advance(minutes=6)

        assert Plan.objects.get(pk=other.pk).status == "CANCELLED"
        assert tickets.ticket(other.ticket_id or 0).status == "CANCELLED"
        assert "gave way" in Plan.objects.get(pk=other.pk).outcome
        assert self.plan().trigger_reason == f"Emergency: incident {found.pk}"
        assert any(f"{other} gave way" in text for text in lines(found, "PLAN"))

    def test_one_that_is_executed_ends_first(self) -> None:
        found = opened()
        other = self.other_plan()
        with guards_off():
            Plan.objects.filter(pk=other.pk).update(status="EXECUTING")

        self.advance(minutes=6)
        assert Plan.objects.get(pk=other.pk).status == "EXECUTING"
        assert any("No plan over the gap now" in text for text in lines(found, "PLAN"))

        with guards_off():
            Plan.objects.filter(pk=other.pk).update(
                status="COMPLETED", finished_at=after(minutes=8)
            )
        self.advance(minutes=9)

        assert self.plan().trigger_reason == f"Emergency: incident {found.pk}"

    def test_so_does_a_refill_that_waits(self) -> None:
        found = opened()
        other = self.other_plan(trigger="LIQUIDITY", aim=Aim(kind=AimKind.LIQUIDITY))

        self.advance(minutes=6)

        assert Plan.objects.get(pk=other.pk).status == "CANCELLED"
        assert self.plan().trigger_reason == f"Emergency: incident {found.pk}"

    def test_a_refill_that_people_approved_ends_first(self) -> None:
        opened()
        other = self.other_plan(trigger="LIQUIDITY", aim=Aim(kind=AimKind.LIQUIDITY))
        with guards_off():
            Plan.objects.filter(pk=other.pk).update(status="APPROVED")

        self.advance(minutes=6)

        assert Plan.objects.get().status == "APPROVED"

    def test_what_people_rejected_is_not_asked_again(self, people: list[Person]) -> None:
        opened()
        self.advance(minutes=6)
        ticket = tickets.ticket(self.plan().ticket_id or 0)
        decide(people[0], ticket, "REJECT", "Not at these prices", at=after(minutes=7))

        fund_stands(l1=40_000, l2=360_000, owed=500_000, at=after(hours=2))
        self.advance(hours=2)

        assert Plan.objects.count() == 1
        assert any("was rejected. Not at these" in text for text in lines(incident(), "TICKET"))

    def test_what_expired_is_asked_again(self) -> None:
        opened()
        for hours in range(1, 200, 30):
            fund_stands(l1=40_000, l2=360_000, owed=500_000, at=after(hours=hours))
            self.advance(hours=hours)
            rebalance.expire(at=after(hours=hours + 25))

        assert [row.status for row in Plan.objects.all()] == ["EXPIRED"] * 3
        assert any("ended, expired" in text for text in lines(incident(), "PLAN"))

    def test_says_when_the_gap_is_not_known(self) -> None:
        found = opened()

        self.advance(hours=1)
        self.advance(hours=1, seconds=15)

        told = [text for text in lines(found, "PLAN") if "cannot be worked out" in text]
        assert len(told) == 1
        assert not Plan.objects.exists()

    def test_a_dead_node_is_tried_again(self, fund_now: Fund) -> None:
        opened()
        fund_now.stands = ChainUnavailable("no node answers")
        self.advance(minutes=6)
        assert not Plan.objects.exists()
        assert any("no node answers" in text for text in lines(incident(), "PLAN"))

        fund_now.stands = situation(40_000)
        self.advance(minutes=6, seconds=15)

        assert Plan.objects.exists()

    def test_nothing_is_asked_where_nothing_is_missing(self, fund_now: Fund) -> None:
        fund_now.stands = situation(100_000, holdings=_balanced())
        fund_stands(at=after(minutes=7))
        found = opened()

        self.advance(minutes=7)

        assert not Plan.objects.exists()
        assert any("nothing to refill" in text for text in lines(found, "PLAN"))

    def test_high_prepares_a_plan_over_what_is_missing(self) -> None:
        judge("HIGH", at=after(minutes=6))

        for seconds in range(0, 300, 15):
            self.advance(minutes=6, seconds=seconds)

        plan = Plan.objects.get()
        assert plan.trigger_reason == "Risk is HIGH since 2026-03-02 12:06:00 UTC"
        assert 2 in {leg.tier_from for leg in plan.legs.all()}
        assert not Incident.objects.exists()

    def test_a_plan_that_was_executed_is_followed_by_a_new_reading(self) -> None:
        opened()
        self.advance(minutes=6)
        plan = self.plan()
        with guards_off():
            Plan.objects.filter(pk=plan.pk).update(status="COMPLETED", finished_at=after(minutes=8))

        self.advance(minutes=9)
        assert Plan.objects.count() == 1, "the reading is from before it"

        fund_stands(l1=40_000, l2=360_000, owed=450_000, at=after(minutes=9))
        self.advance(minutes=9, seconds=15)

        assert Plan.objects.count() == 2

    def test_elevated_refills_l1_from_l2(self, fund_now: Fund) -> None:
        fund_now.stands = situation(
            80_000, holdings=(holding(MTMM, 320_000), *situation().holdings[1:])
        )
        judge("ELEVATED", at=after(minutes=6))

        self.advance(minutes=6)

        plan = Plan.objects.get()
        assert plan.aim == "EXACT"
        assert plan.legs.filter(token=MTMM, kind="REDEEM").exists()

    def test_elevated_for_another_reason_asks_for_nothing(self, fund_now: Fund) -> None:
        fund_now.stands = situation(100_000, holdings=_balanced())
        judge("ELEVATED", at=after(minutes=6))

        self.advance(minutes=6)

        assert not Plan.objects.exists()

    def test_an_old_judgement_asks_for_nothing(self) -> None:
        judge("HIGH", at=NOON)

        self.advance(minutes=16)

        assert not Plan.objects.exists()

    def other_plan(self, *, trigger: str = "THRESHOLD", aim: Aim | None = None) -> Plan:
        event = rebalance.consider(
            chain_id=CHAIN,
            trigger=trigger,
            reason="tiers are off",
            aim=aim or Aim(kind=AimKind.TIERS),
            actor=asking.SYSTEM,
            at=NOON,
        )
        assert event.plan is not None
        assert event.plan.status == "PENDING_APPROVAL", event.plan.status
        return event.plan


def _balanced() -> tuple[Any, ...]:
    return (holding(MTMM, 300_000), *situation().holdings[1:])
