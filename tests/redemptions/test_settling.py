"""Paying what is due: once, oldest first, only what is covered."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from apps.chain.models import Transaction
from apps.chain.terms import Channel
from apps.redemptions import operations
from apps.redemptions.models import Redemption
from tests.approvals.helpers import SYSTEM
from tests.forcing import guards_off

from .conftest import Figures
from .helpers import CHAIN, NOON, USDT, final_at, project, requested, settled

WEEK = timedelta(days=7)
LATER = NOON + timedelta(days=8)
KEY = f"{CHAIN}-1"


def settle(key: str = KEY, **changes: object) -> int:
    return operations.settle(key=key, actor=SYSTEM, at=NOON, **changes)  # type: ignore[arg-type]


def end(transaction_id: int, status: str, at: object = NOON) -> None:
    with guards_off():
        Transaction.objects.filter(pk=transaction_id).update(
            status=status, finished_at=at, error="InsufficientLiquidity"
        )


@pytest.fixture
def covered(overview: Callable[..., None]) -> Callable[..., None]:
    overview(Figures())
    return overview


@pytest.mark.django_db
class TestSettle:
    def test_sends_once(self, covered: object) -> None:
        project(requested(requires_approval=False))
        final_at(NOON + WEEK)

        settle()

        sent = Transaction.objects.get()
        assert (sent.key, sent.kind) == (f"redemption:{CHAIN}:1:settle", "SETTLE_REDEMPTION")
        with pytest.raises(operations.AlreadySent):
            settle()
        assert Transaction.objects.count() == 1

    def test_scheduled_requests_have_their_own_function(self, covered: object) -> None:
        project(
            requested(1, requires_approval=False),
            requested(2, requires_approval=False, channel=Channel.SCHEDULED),
        )
        final_at(NOON + WEEK)

        settle(), settle(f"{CHAIN}-2")

        one, two = Transaction.objects.order_by("id")
        assert one.calldata[:10] != two.calldata[:10]

    def test_refuses_before_the_chains_final_time(self, covered: object) -> None:
        project(requested(requires_approval=False))
        final_at(NOON + WEEK - timedelta(seconds=1))

        with pytest.raises(operations.CannotSettle, match="Not due"):
            operations.settle(key=KEY, actor=SYSTEM, at=NOON + timedelta(days=365))

        assert not Transaction.objects.exists()

    def test_refuses_what_waits_for_approval(self, covered: object) -> None:
        project(requested())
        final_at(LATER)

        with pytest.raises(operations.CannotSettle, match="pending approval"):
            settle()

    def test_refuses_what_is_settled(self, covered: object) -> None:
        project(requested(requires_approval=False), settled(at=NOON + WEEK))
        final_at(LATER)

        with pytest.raises(operations.CannotSettle, match="settled"):
            settle()

    def test_refuses_what_cash_does_not_cover_and_says_what_would(
        self, overview: Callable[..., None]
    ) -> None:
        overview(Figures(l1_assets=100_000 * USDT, l2_assets=0))
        project(requested(requires_approval=False))
        final_at(LATER)

        with pytest.raises(operations.CannotSettle, match="at least 19,400 USDT from L3"):
            settle()

    def test_unknown_liquidity_is_left_to_the_dry_run(self, overview: Callable[..., None]) -> None:
        overview(None)
        project(requested(requires_approval=False))
        final_at(LATER)

        assert settle()

    def test_after_a_failure_the_next_attempt_has_the_next_key(self, covered: object) -> None:
        project(requested(requires_approval=False))
        final_at(LATER)
        end(settle(), "FAILED")

        settle()

        assert Transaction.objects.latest("id").key == f"redemption:{CHAIN}:1:settle:2"

    def test_refuses_when_one_was_final_and_its_event_is_not_applied_yet(
        self, covered: object
    ) -> None:
        project(requested(requires_approval=False))
        final_at(LATER)
        end(settle(), "FINAL")

        with pytest.raises(operations.AlreadySent, match="final"):
            settle()


@pytest.mark.django_db
class TestSettleDue:
    def due(self, *ids: int, **changes: object) -> None:
        for number, request_id in enumerate(ids):
            project(
                requested(
                    request_id,
                    requires_approval=False,
                    settles_at=NOON + timedelta(hours=number),
                    **changes,
                )
            )
        final_at(LATER)

    def test_pays_the_longest_due_first(self, covered: object) -> None:
        self.due(3, 1, 2)

        results = operations.settle_due(NOON)

        assert [(r.request_id, r.outcome) for r in results] == [
            (3, "SENT"),
            (1, "SENT"),
            (2, "SENT"),
        ]
        subjects = Transaction.objects.order_by("id").values_list("subject_id", flat=True)
        assert list(subjects) == ["3", "1", "2"]

    def test_is_idempotent(self, covered: object) -> None:
        self.due(1, 2)
        operations.settle_due(NOON)

        results = operations.settle_due(NOON)

        assert [r.outcome for r in results] == ["IN_FLIGHT", "IN_FLIGHT"]
        assert Transaction.objects.count() == 2

    def test_later_ones_wait_behind_one_that_is_not_covered(
        self, overview: Callable[..., None]
    ) -> None:
        overview(Figures(l1_assets=130_000 * USDT, l2_assets=0))
        self.due(1, 2, 3)

        results = operations.settle_due(NOON)

        assert [r.outcome for r in results] == ["SENT", "REFUSED", "WAITING"]
        assert "behind 2" in results[2].reason

    def test_counts_what_is_on_its_way(self, overview: Callable[..., None]) -> None:
        overview(Figures(l1_assets=130_000 * USDT, l2_assets=0))
        self.due(1, 2)
        operations.settle_due(NOON)

        results = operations.settle_due(NOON)

        assert [r.outcome for r in results] == ["IN_FLIGHT", "REFUSED"]

    def test_waits_before_it_tries_a_failed_one_again(self, covered: object) -> None:
        self.due(1)
        operations.settle_due(NOON)
        end(Transaction.objects.get().pk, "FAILED", NOON)

        soon = operations.settle_due(NOON + timedelta(seconds=59))
        asked = operations.settle_due(NOON + timedelta(seconds=59), retry_failed=True)

        assert [r.outcome for r in soon] == ["WAITING"]
        assert [r.outcome for r in asked] == ["SENT"]

    def test_tries_again_after_a_while(self, covered: object) -> None:
        self.due(1)
        operations.settle_due(NOON)
        end(Transaction.objects.get().pk, "FAILED", NOON)

        results = operations.settle_due(NOON + timedelta(seconds=60))

        assert [r.outcome for r in results] == ["SENT"]

    def test_does_nothing_before_the_first_final_block(self, covered: object) -> None:
        project(requested(requires_approval=False))

        assert operations.settle_due(LATER) == []


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_send_one_payment(self, covered: object) -> None:
        project(requested(requires_approval=False))
        final_at(LATER)
        barrier = threading.Barrier(20)
        outcomes: list[str] = []

        def run(number: int) -> None:
            try:
                barrier.wait(60)
                if number % 2:
                    outcomes.extend(r.outcome for r in operations.settle_due(NOON))
                else:
                    settle()
                    outcomes.append("SENT")
            except operations.AlreadySent:
                outcomes.append("IN_FLIGHT")
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert sorted(outcomes) == ["IN_FLIGHT"] * 19 + ["SENT"]
        assert Transaction.objects.count() == 1
        assert Redemption.objects.get().status == "PENDING"
