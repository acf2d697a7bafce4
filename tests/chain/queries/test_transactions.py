"""Our transactions as others ask for them."""

import re
import sys

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.chain import queries
from apps.chain.calls import SettleRedemption
from apps.chain.models import Attempt, Cursor, Transaction
from tests.approvals.helpers import CHAIN, NOON
from tests.chain.client.test_blocks import BLOCK
from tests.forcing import guards_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_chain")]

KIND = "SETTLE_REDEMPTION"


def transaction(subject: str, status: str = "QUEUED", chain_id: int = CHAIN) -> Transaction:
    place = Transaction.objects.count()
    with guards_off():
        return Transaction.objects.create(
            chain_id=chain_id,
            key=f"k{place}",
            kind=KIND,
            subject_id=subject,
            sentence="Settle",
            to="0x" + "ab" * 20,
            calldata="0x",
            call_hash="0x" + "00" * 32,
            expects={},
            requested_by="test",
            status=status,
            created_at=NOON,
        )


def attempt(row: Transaction, place: int) -> Attempt:
    return Attempt.objects.create(
        transaction=row,
        tx_hash=f"0x{row.pk:032x}{place:032x}",
        raw="0x",
        nonce=1,
        max_fee_per_gas=1,
        max_priority_fee_per_gas=1,
        created_at=NOON,
    )


class TestTransactions:
    def test_the_same_subject_of_another_chain_is_another_subject(self) -> None:
        transaction("7", chain_id=1)

        assert queries.transactions(CHAIN, [KIND], "7") == []
        assert queries.open_transaction(CHAIN, [KIND], "7") is None

    def test_shows_the_newest_attempt(self) -> None:
        row = transaction("7")
        attempt(row, 1)
        newest = attempt(row, 2)

        [view] = queries.transactions(CHAIN, [KIND], "7")

        assert (view.tx_hash, view.attempts) == (newest.tx_hash, 2)


class TestByKey:
    def keyed(self, *keys: str) -> None:
        for key in keys:
            row = transaction("7")
            with guards_off():
                Transaction.objects.filter(pk=row.pk).update(key=key)

    def test_finds_every_try_of_this_key_and_of_no_other(self) -> None:
        self.keyed(
            "r:1:1", "r:1:10", "r:1:1:2", "r:1:1x", "r:1:1:x", "r:1:1:2:3", "r:1", "r:1:1:10"
        )

        found = queries.transactions_by_key("r:1:1")

        assert [view.key for view in found] == ["r:1:1", "r:1:1:2", "r:1:1:10"]

    def test_takes_no_sign_for_a_wildcard(self) -> None:
        self.keyed("r_1", "rx1:2", "r_1:2", "%", "a:1")

        assert [view.key for view in queries.transactions_by_key("r_1")] == ["r_1", "r_1:2"]
        assert [view.key for view in queries.transactions_by_key("%")] == ["%"]

    def test_counts_confirmations_on_its_chain(self) -> None:
        row = transaction("7", "MINED")
        with guards_off():
            Transaction.objects.update(mined_block=90)
        Cursor.objects.create(chain_id=CHAIN, next_block=100)

        [view] = queries.transactions_by_key(row.key)

        assert view.confirmations == 10

    def test_looks_up_both_halves_by_index(self) -> None:
        with CaptureQueriesContext(connection) as asked, connection.cursor() as cursor:
            queries.transactions_by_key("r:1:1")
            # Of a few rows any way is the cheapest; the question is which conditions have an index.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
            cursor.execute("EXPLAIN " + asked.captured_queries[0]["sql"])
            plan = "\n".join(line for (line,) in cursor.fetchall())

        assert "BitmapOr" in plan
        assert re.search(r"Index Cond: \(+key\)::text ~>=~ 'r:1:1:'", plan)
        assert re.search(r"Index Cond: \(+key\)::text = 'r:1:1'", plan)


class TestById:
    def test_tells_each_with_its_key_ticket_and_gas(self) -> None:
        first, second = transaction("7"), transaction("8", "FINAL")
        with guards_off():
            Transaction.objects.filter(pk=second.pk).update(ticket_id=5, gas_used=21_000)

        found = queries.transactions_by_id([first.pk, second.pk, 10**9])

        assert sorted(found) == [first.pk, second.pk]
        assert (found[first.pk].key, found[first.pk].ticket_id) == (first.key, None)
        assert found[first.pk].gas_used is None
        assert (found[second.pk].ticket_id, found[second.pk].gas_used) == (5, 21_000)

    def test_counts_confirmations_on_their_own_chain(self) -> None:
        row = transaction("7", "MINED")
        with guards_off():
            Transaction.objects.update(mined_block=90)
        Cursor.objects.create(chain_id=CHAIN, next_block=100)
        Cursor.objects.create(chain_id=1, next_block=1_000)

        found = queries.transactions_by_id([row.pk])

        assert found[row.pk].confirmations == 10

    def test_reads_all_at_once(self) -> None:
        rows = [transaction(str(place)) for place in range(4)]

        with CaptureQueriesContext(connection) as few:
            queries.transactions_by_id([rows[0].pk])
        with CaptureQueriesContext(connection) as many:
            queries.transactions_by_id([row.pk for row in rows])

        assert len(many) == len(few)


class TestOpenTransactions:
    def test_are_the_newest_unfinished_of_each_subject(self) -> None:
        transaction("7", "FAILED")
        second = transaction("7")
        transaction("8", "FINAL")

        found = queries.open_transactions(CHAIN, [KIND], ["7", "8", "9"])

        assert {subject: view.id for subject, view in found.items()} == {"7": second.pk}

    def test_many_are_read_at_once(self) -> None:
        for subject in range(20):
            attempt(transaction(str(subject)), 1)

        with CaptureQueriesContext(connection) as asked:
            found = queries.open_transactions(CHAIN, [KIND], [str(n) for n in range(20)])

        assert len(found) == 20
        assert len(asked) == 2


class TestDryRun:
    @pytest.mark.parametrize("gas", [None, "", "soon", "-0x1", 5, []])
    def test_gas_that_makes_no_sense_is_no_answer(
        self, monkeypatch: pytest.MonkeyPatch, gas: object
    ) -> None:
        class Node:
            def batch(self, _requests: object) -> list[object]:
                return [BLOCK, "0x", gas]

        # The package has a function of the module's name.
        module = sys.modules["apps.chain.queries.transactions"]
        monkeypatch.setattr(module, "web_client", lambda _config: Node())

        with pytest.raises(queries.ChainUnavailable, match="makes no sense"):
            queries.dry_run(SettleRedemption(chain_id=CHAIN, request_id=7))
