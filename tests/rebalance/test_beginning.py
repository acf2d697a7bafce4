"""An approved plan begins, waits, expires or fails, by what holds at that moment."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.approvals.models import Ticket
from apps.audit.models import OperationLog
from apps.chain.client import ChainUnavailable
from apps.chain.models import Transaction
from apps.rebalance import operations
from apps.rebalance.models import Leg, Plan
from apps.rebalance.operations import beginning, evidence
from apps.rebalance.rules.checks import Check
from tests.forcing import guards_off
from tests.rebalance import running
from tests.rebalance.helpers import Fund, admins, decide
from tests.rebalance.running import (
    CHAIN,
    CPCS,
    MTMM,
    NOON,
    USDT,
    again,
    approved,
    sell,
    situation,
    statuses,
)

pytestmark = pytest.mark.django_db

GOOD = Check(name="simulation", ok=True, text="every leg would succeed", blocks=True)
WARNING = Check(name="slippage", ok=False, text="slippage is 3 %", blocks=False)


@pytest.fixture(autouse=True)
def final(fund_now: Fund) -> None:
    running.final_at()


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Says what the checks find."""

    def say(*checks: Check) -> None:
        monkeypatch.setattr(evidence, "checks_of", lambda *_a, **_k: list(checks))

    say(GOOD)
    return say


def advance(minutes: float = 0) -> None:
    operations.advance(chain_id=CHAIN, at=NOON + timedelta(minutes=minutes))


def voted() -> Plan:
    """A plan that people approved."""
    people = admins(3)
    plan = approved(sell(1, MTMM, 60_000))
    decide(people[0], Ticket.objects.get())
    return again(plan)


class TestBegins:
    def test_when_all_checks_are_good_and_sends_the_first_leg(
        self, found: Callable[..., None]
    ) -> None:
        plan = approved(sell(1, MTMM, 10_000), sell(2, CPCS, 10_000))

        advance(3)

        row = again(plan)
        assert (row.status, row.begun_at) == ("EXECUTING", NOON + timedelta(minutes=3))
        assert statuses(plan) == ["SENT", "PLANNED"]

    def test_warnings_are_written_down(self, found: Callable[..., None]) -> None:
        approved(sell(1, MTMM, 10_000))
        found(GOOD, WARNING)

        advance()

        noted = OperationLog.objects.get(action="rebalance.begun")
        assert noted.after["warnings"] == "slippage is 3 %"

    def test_the_ticket_shows_that_it_was_sent(self, found: Callable[..., None]) -> None:
        voted()

        advance()

        assert Ticket.objects.get().execution_status == "SENT"

    def test_one_that_waits_for_approval_does_not(self, found: Callable[..., None]) -> None:
        admins(3)
        plan = approved(sell(1, MTMM, 60_000))

        advance()

        assert (again(plan).status, statuses(plan)) == ("PENDING_APPROVAL", ["PLANNED"])


class TestWaits:
    def test_while_no_node_answers(self, found: Callable[..., None], fund_now: Fund) -> None:
        plan = approved(sell(1, MTMM, 10_000))
        fund_now.stands = ChainUnavailable("no node answers")

        advance()

        row = again(plan)
        assert (row.status, row.waits_for) == ("APPROVED", "no node answers")
        assert row.not_before == NOON + beginning.TRY_AGAIN

    def test_asks_again_when_its_time_has_come_and_not_before(
        self, found: Callable[..., None], fund_now: Fund
    ) -> None:
        plan = approved(sell(1, MTMM, 10_000))
        fund_now.stands = ChainUnavailable("no node answers")
        advance()
        fund_now.stands = situation()
        asked = fund_now.read_times

        advance(0.2)
        early = (again(plan).status, fund_now.read_times - asked)
        advance(0.25)

        assert early == ("APPROVED", 0)
        row = again(plan)
        assert (row.status, row.not_before) == ("EXECUTING", None)


class TestExpires:
    def test_when_it_is_too_late(self, found: Callable[..., None], fund_now: Fund) -> None:
        plan = approved(sell(1, MTMM, 10_000))

        advance(24 * 60)

        row = again(plan)
        assert (row.status, fund_now.read_times) == ("EXPIRED", 0)
        assert row.outcome.startswith("It was not begun by 2026-03-03 12:00 UTC")

    def test_when_the_fund_has_moved(self, found: Callable[..., None], fund_now: Fund) -> None:
        plan = voted()
        fund_now.stands = situation(140_000)

        advance()

        row = again(plan)
        assert row.status == "EXPIRED"
        assert row.outcome.endswith("preview again.")
        ticket = Ticket.objects.get()
        assert (ticket.execution_status, ticket.execution_error) == ("FAILED", row.outcome)


class TestFails:
    def test_when_a_check_refuses(self, found: Callable[..., None]) -> None:
        plan = voted()
        found(Check(name="simulation", ok=False, text="leg 1: SlippageTooHigh(1, 2)", blocks=True))

        advance()

        row = again(plan)
        assert (row.status, row.outcome) == ("FAILED", "leg 1: SlippageTooHigh(1, 2)")
        assert Ticket.objects.get().execution_status == "FAILED"
        assert not Transaction.objects.exists()

    def test_when_who_voted_lost_the_role(self, found: Callable[..., None]) -> None:
        plan = voted()
        for vote in Ticket.objects.get().votes.all():
            person_of(vote.user_id).groups.clear()

        advance()

        assert again(plan).status == "FAILED"
        assert "0 of its votes still count" in again(plan).outcome

    def test_when_its_legs_are_not_those_that_were_decided_about(
        self, found: Callable[..., None], fund_now: Fund
    ) -> None:
        plan = approved(sell(1, MTMM, 10_000))
        with guards_off():
            Leg.objects.update(tokens=11_000 * USDT)

        advance()

        assert again(plan).outcome == "Its calls are not the ones that were decided about."
        assert fund_now.read_times == 0


class TestWhoLosesTheRoleLater:
    def test_what_is_not_queued_is_left_out(self, found: Callable[..., None]) -> None:
        people = admins(3)
        plan = approved(sell(1, MTMM, 30_000), sell(2, CPCS, 30_000))
        decide(people[0], Ticket.objects.get())
        advance()
        people[0].user.groups.clear()

        running.finish_all(plan)
        advance(1)

        assert statuses(plan) == ["DONE", "SKIPPED"]
        assert again(plan).status == "PARTIALLY_COMPLETED"


class TestRaces:
    def test_a_plan_that_was_cancelled_meanwhile_does_not_begin(
        self, found: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        people = admins(1)
        plan = approved(sell(1, MTMM, 10_000))

        def cancel_it(*_a: Any, **_k: Any) -> list[Check]:
            operations.cancel(plan_id=plan.pk, reason="no", actor=people[0].actor, at=NOON)
            return [GOOD]

        monkeypatch.setattr(evidence, "checks_of", cancel_it)

        advance()

        assert (again(plan).status, statuses(plan)) == ("CANCELLED", ["PLANNED"])


def person_of(user_id: int) -> User:
    return User.objects.get(pk=user_id)
