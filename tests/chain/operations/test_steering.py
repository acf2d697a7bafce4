"""What people may do about a transaction on its way, and what it refuses."""

from typing import Any

import pytest

from apps.approvals import operations as approvals
from apps.audit.models import OperationLog
from apps.chain import operations
from apps.chain.calls import SettleRedemption
from apps.chain.models import Transaction, TransactionStatus
from apps.core.errors import NotFound
from tests.approvals.helpers import CHAIN, NOON, SYSTEM
from tests.forcing import guards_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_chain")]


def submit(key: str = "redemption:1:settle", request_id: int = 1) -> Transaction:
    call = SettleRedemption(chain_id=CHAIN, request_id=request_id)
    pk = operations.submit(call=call, key=key, ticket_id=None, actor=SYSTEM, at=NOON)
    return Transaction.objects.get(pk=pk)


def in_state(row: Transaction, status: str, **fields: Any) -> Transaction:
    with guards_off():
        Transaction.objects.filter(pk=row.pk).update(status=status, **fields)
    return Transaction.objects.get(pk=row.pk)


def cancel(row: Transaction, reason: str = "not now") -> bool:
    return operations.cancel_transaction(
        transaction_id=row.pk, reason=reason, actor=SYSTEM, at=NOON
    )


def retry(row: Transaction) -> Transaction:
    number = operations.retry(transaction_id=row.pk, actor=SYSTEM, at=NOON)
    return Transaction.objects.get(pk=number)


class TestCancel:
    @pytest.mark.parametrize("status", ["QUEUED", "SIMULATED"])
    def test_ends_at_once_before_a_nonce_is_taken(self, status: str) -> None:
        row = in_state(submit(), status)

        at_once = cancel(row)

        row = Transaction.objects.get()
        assert at_once
        assert (row.status, row.error) == (TransactionStatus.CANCELLED, "not now")

    @pytest.mark.parametrize("status", ["SIGNING", "SIGNED", "BROADCAST"])
    def test_asks_the_sender_afterwards(self, status: str) -> None:
        row = in_state(submit(), status)

        at_once = cancel(row)

        row = Transaction.objects.get()
        assert not at_once
        assert (row.status, row.cancel_reason) == (status, "not now")
        with pytest.raises(operations.CannotCancel, match="is being cancelled"):
            cancel(row)

    @pytest.mark.parametrize("status", ["MINED", "FINAL", "FAILED", "CANCELLED"])
    def test_comes_too_late(self, status: str) -> None:
        row = in_state(submit(), status)

        with pytest.raises(operations.CannotCancel):
            cancel(row)

    def test_says_why(self) -> None:
        with pytest.raises(approvals.NoReason):
            cancel(submit(), " ")

    def test_of_nothing(self) -> None:
        with pytest.raises(NotFound):
            operations.cancel_transaction(transaction_id=0, reason="x", actor=SYSTEM, at=NOON)


class TestBump:
    @pytest.mark.parametrize("status", ["QUEUED", "SIGNED", "MINED", "FINAL"])
    def test_is_of_what_is_under_way(self, status: str) -> None:
        row = in_state(submit(), status)

        with pytest.raises(operations.CannotBump):
            operations.bump_now(transaction_id=row.pk, actor=SYSTEM, at=NOON)


class TestRetry:
    @pytest.mark.parametrize("status", ["FAILED", "CANCELLED", "EXPIRED", "REVERTED"])
    def test_queues_the_same_call_under_the_next_key(self, status: str) -> None:
        row = in_state(submit(), status, finished_at=NOON)

        new = retry(row)

        assert (new.status, new.key) == (TransactionStatus.QUEUED, "redemption:1:settle:2")
        assert (new.calldata, new.call_hash) == (row.calldata, row.call_hash)
        assert (new.expects, new.deadline_at) == (row.expects, row.deadline_at)
        assert new.nonce is None
        assert OperationLog.objects.filter(action="RETRY", level="HIGH").count() == 1

    def test_of_a_retry_counts_on(self) -> None:
        second = retry(in_state(submit(), "FAILED"))

        third = retry(in_state(second, "FAILED"))

        assert third.key == "redemption:1:settle:3"

    @pytest.mark.parametrize("status", ["QUEUED", "BROADCAST", "MINED", "FINAL", "MISMATCH"])
    def test_never_of_what_may_have_had_an_effect(self, status: str) -> None:
        row = in_state(submit(), status)

        with pytest.raises(operations.CannotRetry):
            retry(row)

    @pytest.mark.parametrize("status", ["QUEUED", "BROADCAST", "FINAL", "MISMATCH"])
    def test_never_beside_another_of_the_same_call(self, status: str) -> None:
        row = in_state(submit(), "FAILED")
        in_state(retry(row), status)

        with pytest.raises(operations.CannotRetry, match="does the same"):
            retry(row)
