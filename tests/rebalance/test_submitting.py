"""From a preview to a plan, and how plans are taken back before they begin."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.approvals import operations as approvals
from apps.approvals.models import Ticket
from apps.audit.models import OperationLog
from apps.chain import queries as chain
from apps.chain.terms import Tier
from apps.core.errors import Refused
from apps.rebalance import operations, queries
from apps.rebalance.models import Plan, Policy, Preview, TriggerEvent
from apps.rebalance.rules.calls import call_of
from apps.rebalance.rules.figures import Aim, AimKind
from tests.accounts.people import Person, person
from tests.forcing import guards_off
from tests.racing import at_once

from .helpers import CLOCK, LIQUIDITY, Fund, admins, decide, ticket_of
from .running import (
    CHAIN,
    CPCS,
    MTMM,
    NGTR,
    NOON,
    USDT,
    approved,
    executing,
    holding,
    sell,
    situation,
)

pytestmark = pytest.mark.django_db

SOON = NOON + timedelta(minutes=1)
BALANCE = Aim(kind=AimKind.EXACT, target_bps={Tier.L1: 1_000, Tier.L2: 3_000, Tier.L3: 6_000})


def preview_by(who: Person, aim: Aim = LIQUIDITY, *, at: Any = NOON) -> Preview:
    return operations.preview(chain_id=CHAIN, aim=aim, actor=who.actor, at=at)


def submit_by(who: Person, preview: Preview, *, at: Any = SOON, reason: str = "L1 is low") -> Plan:
    return operations.submit(preview_id=preview.pk, reason=reason, actor=who.actor, at=at)


class TestSubmit:
    def test_freezes_what_was_previewed_and_asks_people(self, fund_now: Fund) -> None:
        admins()
        omar = person("OPERATOR")
        preview = preview_by(omar)

        plan = submit_by(omar, preview)

        ticket = ticket_of(plan)
        legs = list(plan.legs.order_by("position"))
        assert (plan.status, plan.trigger, plan.preview_id) == (
            "PENDING_APPROVAL",
            "MANUAL",
            preview.pk,
        )
        # from 4 % of a million in cash to 10 %, and what it costs
        assert 60_000 * USDT < plan.amount_assets < 60_100 * USDT
        assert (ticket.kind, ticket.amount, ticket.maker_user_id) == (
            "REBALANCE_SMALL",
            plan.amount_assets,
            omar.id,
        )
        assert plan.blueprint == preview.blueprint
        assert plan.situation == preview.situation
        calls = [call_of(CHAIN, leg) for leg in legs]
        assert ticket.calls_hash == plan.calls_hash == chain.calls_hash(calls)
        assert [leg.call_hash for leg in legs] == [chain.calls_hash([call]) for call in calls]
        assert [item["hash"] for item in ticket.facts["calls"]] == [leg.call_hash for leg in legs]

    def test_says_on_the_ticket_what_it_will_do(self, fund_now: Fund) -> None:
        admins()
        omar = person("OPERATOR")

        ticket = ticket_of(submit_by(omar, preview_by(omar)))

        facts = ticket.facts
        assert set(facts) == {
            *("planId", "trigger", "riskLevel", "amount", "cost", "tiers", "legs", "calls"),
            *("situationBlock", "contentHash"),
        }
        assert (facts["trigger"], facts["riskLevel"], facts["situationBlock"]) == (
            "MANUAL",
            "",
            "1000",
        )
        assert [row["tier"] for row in facts["tiers"]] == ["L1", "L2", "L3"]
        assert (facts["tiers"][0]["beforeBps"], facts["tiers"][0]["targetBps"]) == ("400", "1000")
        assert facts["legs"][0]["symbol"] == "MTMM"
        assert facts["legs"][0]["kind"] == "REDEEM"
        assert ticket.assessment["level"] in ("LOW", "MEDIUM", "HIGH", "CRITICAL")
        assert any("risk level is unknown" in text for text in ticket.assessment["factors"])
        assert queries.facts_now(ticket) is not None

    def test_the_same_preview_twice_gives_the_same_plan(self, fund_now: Fund) -> None:
        admins()
        omar = person("OPERATOR")
        preview = preview_by(omar)

        first = submit_by(omar, preview)
        again = submit_by(omar, preview, at=NOON + timedelta(hours=1))

        assert (first.pk, Plan.objects.count(), Ticket.objects.count()) == (again.pk, 1, 1)

    def test_refuses_somebody_elses_preview(self, fund_now: Fund) -> None:
        preview = preview_by(person("OPERATOR"))

        with pytest.raises(operations.NotYourPreview):
            submit_by(person("OPERATOR"), preview)

    def test_says_who_asked_when_they_do_not_say_why(self, fund_now: Fund) -> None:
        admins()
        omar = person("OPERATOR")

        plan = submit_by(omar, preview_by(omar), reason="  ")

        assert plan.trigger_reason == f"{omar.user.username} asked for it"

    def test_refuses_what_does_not_exist(self, fund_now: Fund) -> None:
        with pytest.raises(queries.PreviewNotFound):
            operations.submit(preview_id=404, reason="x", actor=person("OPERATOR").actor, at=NOON)

    def test_refuses_an_expired_preview(self, fund_now: Fund) -> None:
        omar = person("OPERATOR")
        preview = preview_by(omar)

        with pytest.raises(operations.PreviewExpired, match="preview again"):
            submit_by(omar, preview, at=preview.expires_at)

    def test_refuses_when_the_fund_has_moved(self, fund_now: Fund) -> None:
        omar = person("OPERATOR")
        preview = preview_by(omar)
        fund_now.stands = situation(60_000)  # 2 % of assets more cash

        with pytest.raises(operations.PreviewStale, match="preview again"):
            submit_by(omar, preview)
        assert not Plan.objects.exists()

    def test_refuses_when_the_policy_has_changed(self, fund_now: Fund) -> None:
        omar = person("OPERATOR")
        preview = preview_by(omar)
        with guards_off():
            Policy.objects.update(version=2, ticket_id=1)

        with pytest.raises(operations.PreviewStale, match="parameters"):
            submit_by(omar, preview)

    def test_refuses_while_another_plan_is_open(self, fund_now: Fund) -> None:
        omar = person("OPERATOR")
        preview = preview_by(omar)
        approved(sell(1, MTMM, 20_000))

        with pytest.raises(operations.PlanOpen):
            submit_by(omar, preview)

    def test_refuses_where_nobody_could_decide(self, fund_now: Fund) -> None:
        omar = person("OPERATOR")

        with pytest.raises(approvals.TooFewEligible):
            submit_by(omar, preview_by(omar))
        assert not Plan.objects.exists()

    def test_a_small_plan_needs_nobody_and_is_listed_for_review(self, fund_now: Fund) -> None:
        fund_now.stands = situation(
            70_000,
            holdings=(holding(MTMM, 330_000), holding(CPCS, 300_000), holding(NGTR, 300_000)),
        )
        omar = person("OPERATOR")

        plan = submit_by(omar, preview_by(omar, BALANCE))

        assert plan.amount_assets < 50_000 * USDT
        assert (plan.status, plan.ticket_id, plan.to_review) == ("APPROVED", None, True)
        assert plan.approved_at == SOON

    def test_writes_one_audit_row(self, fund_now: Fund) -> None:
        admins()
        omar = person("OPERATOR")

        plan = submit_by(omar, preview_by(omar))

        rows = OperationLog.objects.filter(object_type="plan", object_id=str(plan.pk))
        assert [(row.action, row.actor_name) for row in rows] == [
            ("rebalance.submitted", omar.user.username)
        ]


class TestCancel:
    def waiting(self, omar: Person) -> Plan:
        return submit_by(omar, preview_by(omar))

    def test_withdraws_the_ticket(self, fund_now: Fund) -> None:
        admins()
        omar = person("OPERATOR")
        plan = self.waiting(omar)

        ended = operations.cancel(plan_id=plan.pk, reason="wrong", actor=omar.actor, at=SOON)

        assert (ended.status, ticket_of(plan).status) == ("CANCELLED", "CANCELLED")
        assert ended.outcome == f"Cancelled by {omar.user.username}: wrong"
        assert ended.finished_at == SOON

    def test_an_administrator_may(self, fund_now: Fund) -> None:
        ada, *_ = admins()
        plan = self.waiting(person("OPERATOR"))

        operations.cancel(plan_id=plan.pk, reason="no", actor=ada.actor, at=SOON)

        assert queries.plan(plan.pk).status == "CANCELLED"

    def test_nobody_else_may(self, fund_now: Fund) -> None:
        admins()
        plan = self.waiting(person("OPERATOR"))

        with pytest.raises(operations.NotYourPlan):
            operations.cancel(plan_id=plan.pk, reason="no", actor=person("OPERATOR").actor, at=SOON)
        assert queries.plan(plan.pk).status == "PENDING_APPROVAL"

    def test_an_approved_plan_says_so_on_its_ticket(self, fund_now: Fund) -> None:
        ada, *_ = admins()
        omar = person("OPERATOR")
        plan = self.waiting(omar)
        decide(ada, ticket_of(plan), at=SOON)

        operations.cancel(plan_id=plan.pk, reason="late", actor=omar.actor, at=SOON)

        ticket = ticket_of(plan)
        assert (ticket.status, ticket.execution_status) == ("APPROVED", "FAILED")
        assert "late" in ticket.execution_error
        assert queries.plan(plan.pk).status == "CANCELLED"

    @pytest.mark.parametrize("made", [executing])
    def test_refuses_what_has_begun(self, made: Callable[..., Plan]) -> None:
        ada, *_ = admins(1)
        plan = made(sell(1, MTMM, 20_000))

        with pytest.raises(operations.CannotCancel):
            operations.cancel(plan_id=plan.pk, reason="stop", actor=ada.actor, at=SOON)

    def test_refuses_without_a_reason(self) -> None:
        ada, *_ = admins(1)
        plan = approved(sell(1, MTMM, 20_000))

        with pytest.raises(approvals.NoReason):
            operations.cancel(plan_id=plan.pk, reason="", actor=ada.actor, at=SOON)

    def test_what_nobody_approved_is_not_reviewed_when_it_never_ran(self) -> None:
        ada, *_ = admins(1)
        plan = approved(sell(1, MTMM, 20_000))

        ended = operations.cancel(plan_id=plan.pk, reason="no", actor=ada.actor, at=SOON)

        assert (ended.status, ended.to_review) == ("CANCELLED", False)


class TestExpire:
    def test_ends_what_was_not_begun_in_time_and_its_ticket(self, fund_now: Fund) -> None:
        admins()
        omar = person("OPERATOR")
        plan = submit_by(omar, preview_by(omar))

        assert operations.expire(at=plan.expires_at - timedelta(seconds=1)) == 0
        assert operations.expire(at=plan.expires_at) == 1
        assert operations.expire(at=plan.expires_at) == 0

        plan = queries.plan(plan.pk)
        assert (plan.status, ticket_of(plan).status) == ("EXPIRED", "CANCELLED")
        assert "not begun by" in plan.outcome

    def test_ends_an_approved_plan(self) -> None:
        plan = approved(sell(1, MTMM, 20_000))

        assert operations.expire(at=plan.expires_at) == 1
        assert queries.plan(plan.pk).status == "EXPIRED"

    def test_leaves_what_is_under_way(self) -> None:
        plan = executing(sell(1, MTMM, 20_000))

        assert operations.expire(at=plan.expires_at + timedelta(days=1)) == 0
        assert queries.plan(plan.pk).status == "EXECUTING"


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_submitting_twice_makes_one_plan(self, fund_now: Fund) -> None:
        admins()
        omar = person("OPERATOR")
        preview = preview_by(omar)

        plans = at_once(8, lambda _number: submit_by(omar, preview).pk)

        assert len(set(plans)) == 1
        assert (Plan.objects.count(), Ticket.objects.count()) == (1, 1)

    @pytest.mark.parametrize("turn", range(3))
    def test_cancelling_against_a_vote_ends_one_way(self, fund_now: Fund, turn: int) -> None:
        ada, *_ = admins()
        omar = person("OPERATOR")
        plan = submit_by(omar, preview_by(omar))
        ticket = ticket_of(plan)

        def act(number: int) -> str:
            try:
                if number == 0:
                    decide(ada, ticket, at=SOON)
                    return "approved"
                operations.cancel(plan_id=plan.pk, reason="no", actor=omar.actor, at=SOON)
            except Refused:
                return "refused"
            return "cancelled"

        outcomes = at_once(2, act)

        ended, ticket = queries.plan(plan.pk), ticket_of(plan)
        assert "cancelled" in outcomes
        assert ended.status == "CANCELLED"
        if outcomes[0] == "approved":  # taken back after the vote
            assert (ticket.status, ticket.execution_status) == ("APPROVED", "FAILED")
        else:
            assert (ticket.status, ticket.execution_status) == ("CANCELLED", "")

    @pytest.mark.parametrize("turn", range(3))
    def test_expiring_against_a_vote_ends_one_way(self, fund_now: Fund, turn: int) -> None:
        ada, *_ = admins()
        omar = person("OPERATOR")
        plan = submit_by(omar, preview_by(omar))
        ticket = ticket_of(plan)

        def act(number: int) -> str:
            try:
                if number == 0:
                    decide(ada, ticket, at=SOON)
                    return "approved"
                operations.expire(at=plan.expires_at)
            except Refused:
                return "refused"
            return "expired"

        outcomes = at_once(2, act)

        ended, ticket = queries.plan(plan.pk), ticket_of(plan)
        assert (outcomes[1], ended.status) == ("expired", "EXPIRED")
        if outcomes[0] == "approved":
            assert (ticket.status, ticket.execution_status) == ("APPROVED", "FAILED")
        else:
            assert (ticket.status, ticket.execution_status) == ("CANCELLED", "")


class TestGiveWay:
    """What is more urgent needs the one place."""

    def test_takes_back_a_plan_that_waits_with_its_ticket(self, fund_now: Fund) -> None:
        plan = planned_by_clock()

        assert operations.give_way(plan_id=plan.pk, reason="An emergency.", actor=CLOCK, at=NOON)

        row = Plan.objects.get(pk=plan.pk)
        assert (row.status, row.outcome) == ("CANCELLED", "It gave way: An emergency.")
        assert ticket_of(row).status == "CANCELLED"

    @pytest.mark.parametrize("status", ["EXECUTING", "COMPLETED"])
    def test_leaves_what_has_begun_or_ended(self, fund_now: Fund, status: str) -> None:
        plan = planned_by_clock()
        ended = {"finished_at": NOON} if status == "COMPLETED" else {}
        with guards_off():
            Plan.objects.filter(pk=plan.pk).update(status=status, **ended)

        assert not operations.give_way(plan_id=plan.pk, reason="x", actor=CLOCK, at=NOON)
        assert Plan.objects.get(pk=plan.pk).status == status

    def test_starts_no_cooldown_for_what_is_urgent(self, fund_now: Fund) -> None:
        first = planned_by_clock()
        operations.give_way(plan_id=first.pk, reason="x", actor=CLOCK, at=NOON)

        assert planned_by_clock(at=NOON + timedelta(seconds=1)) != first

    def test_a_rejected_one_does(self, fund_now: Fund) -> None:
        people = admins()
        decide(people[0], ticket_of(planned_by_clock()), "REJECT", "no")

        event = considered(at=NOON + timedelta(seconds=1))

        assert event.outcome == "NOTHING"
        assert "Cooldown" in event.explanation


def considered(*, at: datetime = NOON) -> TriggerEvent:
    """Cash is asked for, much of it."""
    return operations.consider(
        chain_id=CHAIN,
        trigger="LIQUIDITY",
        reason="a test",
        aim=Aim(kind=AimKind.LIQUIDITY, raise_assets=100_000 * USDT),
        actor=CLOCK,
        at=at,
    )


def planned_by_clock(*, at: datetime = NOON) -> Plan:
    """A plan that waits for people."""
    if not User.objects.exists():
        admins()
    plan = considered(at=at).plan
    assert plan is not None
    return plan
