"""A plan's legs, one after the other; transactions end as the test says."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from apps.approvals.operations import NoReason
from apps.audit.models import OperationLog
from apps.chain import operations as chain
from apps.chain.calls import AllocateToLayer
from apps.chain.models import Transaction
from apps.chain.terms import Tier
from apps.core.locks import lock_key
from apps.rebalance import operations
from apps.rebalance.models import Plan
from apps.rebalance.operations.legs import IDLE_MAX
from apps.rebalance.queries import PlanNotFound
from apps.rebalance.rules.figures import Situation
from tests.accounts.people import person
from tests.chain import tickets
from tests.forcing import guards_off
from tests.racing import at_once
from tests.rebalance import running
from tests.rebalance.running import (
    CHAIN,
    CPCS,
    MTMM,
    NGTR,
    NOON,
    SYSTEM,
    USDT,
    again,
    buy,
    end,
    executing,
    finish_all,
    leg,
    sell,
    sent,
    statuses,
    traded,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_session() -> Iterator[Callable[[], bool]]:
    """Tries to take the lock in a session of another process; True when it has it."""
    own = connection.settings_dict
    with psycopg.connect(
        dbname=own["NAME"],
        user=own["USER"],
        password=own["PASSWORD"],
        host=own["HOST"],
        port=own["PORT"],
        autocommit=True,
    ) as session:

        def take() -> bool:
            key = lock_key(f"rebalance:advance:{CHAIN}")
            row = session.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone()
            return bool(row and row[0])

        yield take


@pytest.fixture(autouse=True)
def fund(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fund read afterwards is as a plan that did everything left it; nothing else is asked."""
    running.final_at()
    monkeypatch.setattr("apps.rebalance.queries.situation_now", as_before)


def advance(minutes: float = 0) -> None:
    operations.advance(chain_id=CHAIN, at=NOON + timedelta(minutes=minutes))


class TestOneAfterTheOther:
    def test_sends_the_first_leg_only(self) -> None:
        plan = executing(sell(1, MTMM, 10_000), sell(2, CPCS, 10_000))

        advance()

        assert statuses(plan) == ["SENT", "PLANNED"]
        row = sent(plan, 1)
        assert (row.key, row.kind, row.subject_id) == (
            f"rebalance:{plan.pk}:1",
            "REDEEM_ASSET",
            MTMM,
        )
        assert again(plan).waits_for.startswith(f"Transaction {row.pk} is on its way")

    def test_sends_nothing_more_while_one_is_on_its_way(self) -> None:
        plan = executing(sell(1, MTMM, 10_000), sell(2, CPCS, 10_000))

        advance()
        advance(1)

        assert statuses(plan) == ["SENT", "PLANNED"]
        assert Transaction.objects.count() == 1

    def test_goes_by_priority_before_position(self) -> None:
        plan = executing(sell(1, MTMM, 10_000, priority=2), sell(2, CPCS, 10_000, priority=1))

        advance()

        assert statuses(plan) == ["PLANNED", "SENT"]

    def test_a_final_leg_waits_for_its_event(self) -> None:
        plan = executing(sell(1, MTMM, 10_000), sell(2, CPCS, 10_000))
        advance()

        end(sent(plan, 1), "FINAL")
        advance(1)
        waiting = (statuses(plan), again(plan).waits_for)
        traded(sent(plan, 1), 9_990, 10_000)
        advance(2)

        assert waiting[0] == ["SENT", "PLANNED"]
        assert "event is about to be applied" in waiting[1]
        assert statuses(plan) == ["DONE", "SENT"]

    def test_keeps_what_really_came(self) -> None:
        plan = executing(sell(1, MTMM, 10_000))
        advance()

        traded(sent(plan, 1), 9_950, 10_000)
        end(sent(plan, 1), "FINAL")
        advance(1)

        done = leg(plan, 1)
        assert (done.realised_assets, done.realised_tokens) == (9_950 * USDT, 10_000 * USDT)
        assert (done.slippage_bps_realised, done.gas_used) == (50, 100_000)
        assert done.tx_hash == running.hash_of(sent(plan, 1))

    def test_a_trade_of_another_kind_is_not_its_own(self) -> None:
        plan = executing(sell(1, MTMM, 10_000))
        advance()
        row = sent(plan, 1)
        row.kind = "PURCHASE_ASSET"  # what the rows tell was a purchase

        traded(row, 10_000, 10_000)
        end(sent(plan, 1), "FINAL")
        advance(1)

        assert statuses(plan) == ["SENT"]

    def test_closes_when_all_are_done(self) -> None:
        plan = executing(sell(1, MTMM, 10_000), buy(2, CPCS, 9_000, depends_on=(1,)))
        for minute in range(3):
            advance(minute)
            finish_all(plan)

        row = again(plan)
        assert row.status == "COMPLETED"
        assert row.outcome.startswith("2 of 2 legs done, 10,000.00 USDT came from sales, 9,000.00")
        assert (row.waits_for, row.finished_at) == ("", NOON + timedelta(minutes=2))


class TestFailures:
    @pytest.mark.parametrize("status", ["REVERTED", "MISMATCH", "FAILED", "EXPIRED", "CANCELLED"])
    def test_a_leg_fails_with_its_transaction_and_independent_ones_go_on(self, status: str) -> None:
        plan = executing(
            sell(1, MTMM, 10_000), buy(2, CPCS, 5_000, depends_on=(1,)), sell(3, NGTR, 10_000)
        )
        advance()

        end(sent(plan, 1), status, error="NotEnoughAvailableCash(1, 2)")
        advance(1)
        finish_all(plan)
        advance(2)

        assert statuses(plan) == ["FAILED", "SKIPPED", "DONE"]
        assert leg(plan, 1).error == "NotEnoughAvailableCash(1, 2)"
        assert leg(plan, 2).error == "It depends on leg 1, which did not succeed."
        row = again(plan)
        assert row.status == "PARTIALLY_COMPLETED"
        assert "Leg 1 (redeem MTMM) failed: NotEnoughAvailableCash(1, 2)" in row.outcome

    def test_what_depends_on_a_skipped_leg_is_skipped(self) -> None:
        plan = executing(
            sell(1, MTMM, 10_000),
            buy(2, CPCS, 5_000, depends_on=(1,)),
            buy(3, NGTR, 1, depends_on=(2,)),
        )
        advance()

        end(sent(plan, 1), "FAILED", error="no")
        advance(1)

        assert statuses(plan) == ["FAILED", "SKIPPED", "SKIPPED"]
        assert again(plan).status == "FAILED"
        assert Transaction.objects.count() == 1

    def test_a_leg_that_is_refused_is_skipped(self) -> None:
        plan = executing(sell(1, MTMM, 10_000), sell(2, CPCS, 10_000))
        chain.submit(
            call=running.call(plan, 2),
            key=f"rebalance:{plan.pk}:1",
            ticket_id=None,
            actor=SYSTEM,
            at=NOON,
        )

        advance()

        assert statuses(plan) == ["SKIPPED", "SENT"]
        assert "already stands for" in leg(plan, 1).error

    def test_nothing_done_means_failed_and_the_fund_is_not_read(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("apps.rebalance.queries.situation_now", never)
        plan = executing(sell(1, MTMM, 10_000))
        advance()

        end(sent(plan, 1), "EXPIRED", error="It was not signed")
        advance(1)

        row = again(plan)
        assert (row.status, row.after, row.deviation_bps) == ("FAILED", None, None)


class TestStops:
    def test_waits_while_sending_is_stopped(self) -> None:
        plan = executing(sell(1, MTMM, 10_000))
        chain.stop_sending(scope="all", reason="drill", actor=SYSTEM, at=NOON)

        advance(1)

        assert statuses(plan) == ["PLANNED"]
        assert again(plan).waits_for == "Sending is stopped: drill"

    def test_leaves_out_what_is_stopped_for_long(self) -> None:
        plan = executing(sell(1, MTMM, 10_000))
        chain.stop_sending(scope="all", reason="drill", actor=SYSTEM, at=NOON)

        advance(IDLE_MAX.total_seconds() / 60)

        assert statuses(plan) == ["SKIPPED"]
        assert again(plan).status == "FAILED"


class TestOneAtATime:
    def test_does_nothing_while_another_process_is_at_it(
        self, other_session: Callable[[], bool]
    ) -> None:
        plan = executing(sell(1, MTMM, 10_000))
        assert other_session()

        advance()

        assert statuses(plan) == ["PLANNED"]

    def test_gives_the_lock_back(self, other_session: Callable[[], bool]) -> None:
        executing(sell(1, MTMM, 10_000))

        advance()

        assert other_session()

    def test_another_chain_is_not_its_concern(self) -> None:
        plan = executing(sell(1, MTMM, 10_000))

        operations.advance(chain_id=CHAIN + 1, at=NOON)

        assert statuses(plan) == ["PLANNED"]


class TestStopping:
    def test_takes_back_what_is_not_signed_and_skips_the_rest(self) -> None:
        plan = executing(sell(1, MTMM, 10_000), sell(2, CPCS, 10_000))
        advance()
        ana = person("OPERATOR")

        operations.stop(plan_id=plan.pk, reason="wrong asset", actor=ana.actor, at=NOON)
        advance(1)

        assert sent(plan, 1).status == "CANCELLED"
        assert statuses(plan) == ["FAILED", "SKIPPED"]
        assert leg(plan, 2).error == f"Stopped by {ana.user.username}: wrong asset"
        assert again(plan).status == "FAILED"

    def test_what_is_signed_comes_to_its_end(self) -> None:
        plan = executing(sell(1, MTMM, 10_000), sell(2, CPCS, 10_000))
        advance()
        running.force(sent(plan, 1), "BROADCAST")

        operations.stop(plan_id=plan.pk, reason="wrong asset", actor=SYSTEM, at=NOON)
        finish_all(plan)
        advance(1)

        assert statuses(plan) == ["DONE", "SKIPPED"]
        assert again(plan).status == "PARTIALLY_COMPLETED"

    def test_refuses_a_plan_that_has_not_begun(self) -> None:
        plan = running.approved(sell(1, MTMM, 10_000))

        with pytest.raises(operations.NotExecuting, match="approved"):
            operations.stop(plan_id=plan.pk, reason="no", actor=SYSTEM, at=NOON)

    def test_refuses_without_a_reason(self) -> None:
        plan = executing(sell(1, MTMM, 10_000))

        with pytest.raises(NoReason):
            operations.stop(plan_id=plan.pk, reason=" ", actor=SYSTEM, at=NOON)

    def test_refuses_a_plan_that_there_is_not(self) -> None:
        with pytest.raises(PlanNotFound):
            operations.stop(plan_id=4711, reason="no", actor=SYSTEM, at=NOON)


class TestSentAgainByPeople:
    def test_an_open_plan_waits_for_it_and_counts_it(self) -> None:
        plan = executing(sell(1, MTMM, 10_000), sell(2, CPCS, 10_000))
        advance()
        end(sent(plan, 1), "FAILED", error="no cash")
        second = chain.retry(transaction_id=sent(plan, 1).pk, actor=SYSTEM, at=NOON)
        advance(1)
        finish_all(plan)

        advance(2)
        waiting = again(plan)
        retried = Transaction.objects.get(pk=second)
        traded(retried, 10_000, 10_000)
        end(retried, "FINAL")
        advance(3)

        assert (waiting.status, waiting.waits_for) == (
            "EXECUTING",
            f"Transaction {second} is queued.",
        )
        row = again(plan)
        assert (row.status, statuses(plan)) == ("PARTIALLY_COMPLETED", ["FAILED", "DONE"])
        assert "20,000.00 USDT came from sales" in row.outcome
        assert f"sent again as transaction {second}, which is final" in row.outcome

    def test_it_is_written_down_for_a_closed_plan(self) -> None:
        plan = executing(sell(1, MTMM, 10_000))
        advance()
        end(sent(plan, 1), "FAILED", error="no cash")
        advance(1)
        second = chain.retry(transaction_id=sent(plan, 1).pk, actor=SYSTEM, at=NOON)

        end(Transaction.objects.get(pk=second), "FINAL")

        noted = OperationLog.objects.filter(action="rebalance.leg_sent_again").get()
        assert (noted.object_id, noted.after["leg"], noted.after["outcome"]) == (
            str(plan.pk),
            1,
            "FINAL",
        )

    @pytest.mark.parametrize(
        "key",
        ["k", "rebalance:1:1", "rebalance:4711:1:2", f"rebalance:{9**40}:1:2", "rebalance:x:1:2"],
    )
    def test_a_trade_of_no_plan_disturbs_nobody(self, key: str) -> None:
        """Whoever sent it: its end must be written down, whatever its key looks like."""
        row = submit_trade(key)

        end(row, "FINAL")

        assert Transaction.objects.get(pk=row.pk).status == "FINAL"
        assert not OperationLog.objects.filter(action="rebalance.leg_sent_again").exists()


class TestVotes:
    def test_what_voters_may_no_longer_do_is_left_out(self) -> None:
        plan = executing(sell(1, MTMM, 10_000), sell(2, CPCS, 10_000))
        calls = [running.call(plan, position) for position in (1, 2)]
        with guards_off():
            Plan.objects.filter(pk=plan.pk).update(ticket_id=tickets.approved(*calls, at=NOON))
        advance()
        tickets.approver().groups.clear()

        finish_all(plan)
        advance(2)

        assert statuses(plan) == ["DONE", "SKIPPED"]
        assert "0 of its votes still count" in leg(plan, 2).error
        assert Transaction.objects.count() == 1


def submit_trade(key: str) -> Transaction:
    call = AllocateToLayer(chain_id=CHAIN, tier=Tier.L2, assets=USDT)
    pk = chain.submit(call=call, key=key, ticket_id=None, actor=SYSTEM, at=NOON)
    with guards_off():
        Transaction.objects.filter(pk=pk).update(kind="REDEEM_ASSET")
    return Transaction.objects.get(pk=pk)


class TestTheBell:
    def test_a_trades_end_rings_it(
        self,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Callable[..., Any],
    ) -> None:
        rung: list[str] = []
        monkeypatch.setattr(
            "apps.core.bell.current_app.send_task",
            lambda name, **_options: rung.append(name),
        )
        plan = executing(sell(1, MTMM, 10_000))
        advance()
        connection.run_on_commit.clear()  # what came before was another transaction's

        with django_capture_on_commit_callbacks(execute=True):
            end(sent(plan, 1), "FINAL")

        assert rung.count("rebalance.advance") == 1


def as_before(**_kwargs: Any) -> Situation:
    return running.situation()


def never(**_kwargs: Any) -> Plan:
    raise AssertionError("nobody may ask")


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_twenty_processes_send_one_leg(self) -> None:
        plan = executing(sell(1, MTMM, 10_000), sell(2, CPCS, 10_000))

        at_once(20, lambda _number: advance())

        assert statuses(plan) == ["SENT", "PLANNED"]
        assert Transaction.objects.count() == 1

    def test_even_without_the_lock_of_the_session(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("apps.core.locks.try_session_lock", lambda _name: True)
        monkeypatch.setattr("apps.core.locks.release_session_lock", lambda _name: None)
        plan = executing(sell(1, MTMM, 10_000), sell(2, CPCS, 10_000))

        at_once(20, lambda _number: advance())

        assert statuses(plan) == ["SENT", "PLANNED"]
        assert Transaction.objects.count() == 1

    def test_stopping_against_advancing_and_a_transaction_that_ends(self) -> None:
        plan = executing(sell(1, MTMM, 10_000), sell(2, CPCS, 10_000))
        advance()
        row = sent(plan, 1)

        def act(number: int) -> None:
            if number == 0:
                operations.stop(plan_id=plan.pk, reason="enough", actor=SYSTEM, at=NOON)
            elif number == 1:
                cancel(row.pk)
            else:
                advance(1)

        at_once(8, act)
        advance(2)

        assert statuses(plan) == ["FAILED", "SKIPPED"]
        assert again(plan).status == "FAILED"
        assert Transaction.objects.count() == 1


def cancel(transaction_id: int) -> None:
    """Somebody takes the transaction back; who comes second is told so."""
    with suppress(chain.CannotCancel):
        chain.cancel_transaction(
            transaction_id=transaction_id, reason="mine", actor=SYSTEM, at=NOON
        )
