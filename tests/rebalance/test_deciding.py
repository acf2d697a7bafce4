"""What the end of a ticket does to its plan."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.approvals import operations as approvals
from apps.approvals.events import TicketDecided
from apps.approvals.models import Ticket
from apps.audit.models import OperationLog
from apps.rebalance import operations, queries
from apps.rebalance.models import Plan
from tests.forcing import guards_off

from .helpers import admins, decide, planned, ticket_of
from .running import CHAIN, MTMM, NOON, SYSTEM, sell

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=5)


def waiting(thousands: int = 60) -> Plan:
    return planned(sell(1, MTMM, thousands * 1_000))


def actions_of(plan: Plan) -> list[str]:
    rows = OperationLog.objects.filter(object_type="plan", object_id=str(plan.pk)).order_by("id")
    return [row.action for row in rows]


class TestTheBell:
    @pytest.fixture
    def rung(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        rung: list[str] = []
        monkeypatch.setattr(
            "apps.core.bell.current_app.send_task",
            lambda name, **_options: rung.append(name),
        )
        return rung

    @pytest.mark.parametrize(("decision", "rings"), [("APPROVE", 1), ("REJECT", 0)])
    def test_an_approval_rings_it(
        self,
        rung: list[str],
        decision: str,
        rings: int,
        django_capture_on_commit_callbacks: Callable[..., Any],
    ) -> None:
        ada, *_ = admins()
        plan = waiting()

        with django_capture_on_commit_callbacks(execute=True):
            decide(ada, ticket_of(plan), decision, "Seen")

        assert rung.count("rebalance.advance") == rings

    @pytest.mark.parametrize(("thousands", "rings"), [(40, 1), (60, 0)])
    def test_a_plan_that_needs_no_approval_rings_it(
        self,
        rung: list[str],
        thousands: int,
        rings: int,
        django_capture_on_commit_callbacks: Callable[..., Any],
    ) -> None:
        admins()

        with django_capture_on_commit_callbacks(execute=True):
            waiting(thousands)

        assert rung.count("rebalance.advance") == rings


class TestDecided:
    def test_one_vote_lets_a_small_plan_go_on(self) -> None:
        ada, *_ = admins()
        plan = waiting()

        decide(ada, ticket_of(plan), at=LATER)

        plan = queries.plan(plan.pk)
        assert (plan.status, plan.approved_at, plan.to_review) == ("APPROVED", LATER, False)
        assert plan.approval == f"Ticket {plan.ticket_id}, approved by {ada.user.username}."
        assert actions_of(plan) == ["rebalance.submitted", "rebalance.approved"]

    def test_a_large_plan_waits_for_the_second(self) -> None:
        ada, ben, _ = admins()
        plan = waiting(200)

        decide(ada, ticket_of(plan))
        assert queries.plan(plan.pk).status == "PENDING_APPROVAL"
        decide(ben, ticket_of(plan))

        assert queries.plan(plan.pk).status == "APPROVED"

    def test_a_rejection_cancels_with_its_reason(self) -> None:
        ada, *_ = admins()
        plan = waiting()

        decide(ada, ticket_of(plan), "REJECT", "Not this week", at=LATER)

        plan = queries.plan(plan.pk)
        assert (plan.status, plan.outcome, plan.finished_at) == (
            "CANCELLED",
            "Rejected: Not this week",
            LATER,
        )
        assert actions_of(plan) == ["rebalance.submitted", "rebalance.cancelled"]

    def test_an_expired_ticket_expires_the_plan(self) -> None:
        admins()
        plan = waiting()
        with guards_off():
            Ticket.objects.update(auto_reject=True)

        approvals.tick(NOON + timedelta(hours=2))

        plan = queries.plan(plan.pk)
        assert (plan.status, ticket_of(plan).status) == ("EXPIRED", "EXPIRED")

    def test_a_withdrawn_ticket_cancels_the_plan(self) -> None:
        admins()
        plan = waiting()

        approvals.cancel_for_subject(
            kinds=["REBALANCE_SMALL"],
            subject_id=str(plan.pk),
            chain_id=CHAIN,
            reason="not needed",
            actor=SYSTEM,
            at=LATER,
        )

        plan = queries.plan(plan.pk)
        assert (plan.status, plan.outcome) == ("CANCELLED", "not needed")

    def test_nobody_votes_on_figures_that_are_not_the_plans_any_more(self) -> None:
        ada, *_ = admins()
        plan = waiting()
        with guards_off():
            plan.legs.update(tokens=1)

        with pytest.raises(approvals.FiguresChanged):
            decide(ada, ticket_of(plan))
        assert queries.plan(plan.pk).status == "PENDING_APPROVAL"

    def test_the_second_telling_changes_nothing(self) -> None:
        ada, *_ = admins()
        plan = waiting()
        decide(ada, ticket_of(plan), at=LATER)

        operations.decided(told(plan, "APPROVED"))
        operations.decided(told(plan, "REJECTED"))

        plan = queries.plan(plan.pk)
        assert (plan.status, plan.approved_at) == ("APPROVED", LATER)
        assert actions_of(plan) == ["rebalance.submitted", "rebalance.approved"]

    def test_another_ticket_about_the_same_number_changes_nothing(self) -> None:
        admins()
        plan = waiting()

        operations.decided(told(plan, "REJECTED", ticket_id=(plan.ticket_id or 0) + 1))

        assert queries.plan(plan.pk).status == "PENDING_APPROVAL"


def told(plan: Plan, decision: str, *, ticket_id: int | None = None) -> TicketDecided:
    return TicketDecided(
        ticket_id=ticket_id or plan.ticket_id or 0,
        kind="REBALANCE_SMALL",
        subject_id=plan.subject_id,
        decision=decision,
        reason="again",
        at=LATER + timedelta(minutes=1),
    )
