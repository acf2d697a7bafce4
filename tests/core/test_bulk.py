"""Many rows at once: each column exactly, nothing twice."""

import pytest
from django.db import IntegrityError, transaction

from apps.chain.models import Block, Log
from apps.core.bulk import copy_in
from apps.core.units import UINT256_MAX
from apps.fund.models import Holder
from tests.core.holders import AT, CHAIN, VAULT, holder, write

pytestmark = pytest.mark.django_db


class TestInsertRows:
    def test_writes_each_column_exactly(self) -> None:
        write(holder(1, balance_shares=UINT256_MAX), holder(2, in_escrow=True))

        first, second = Holder.objects.order_by("address")
        assert (first.balance_shares, second.balance_shares) == (UINT256_MAX, 0)
        assert (first.in_escrow, second.in_escrow) == (False, True)
        assert first.first_activity_at == AT

    def test_does_what_is_said_about_conflicts(self) -> None:
        write(holder(1, balance_shares=1))

        written = write(holder(1, balance_shares=2), holder(3))

        assert [(address[-1], int(shares)) for address, shares in written] == [("1", 2), ("3", 0)]
        assert Holder.objects.count() == 2

    def test_of_nothing_asks_nothing(self) -> None:
        assert write() == []


class TestCopyIn:
    FIELDS = ("chain_id", "number", "hash", "parent_hash", "at", "seen_at", "canonical")

    def block(self, number: int) -> Block:
        return Block(
            chain_id=CHAIN,
            number=number,
            hash=f"0x{number:064x}",
            parent_hash=f"0x{number - 1:064x}",
            at=AT,
            seen_at=AT,
        )

    def test_writes_each_column_exactly(self) -> None:
        copy_in([self.block(1), self.block(2)], fields=self.FIELDS)

        second = Block.objects.get(number=2)
        assert (second.hash, second.parent_hash) == (f"0x{2:064x}", f"0x{1:064x}")
        assert (second.at, second.canonical) == (AT, True)

    def test_writes_json_and_null(self) -> None:
        said = {"to": "\\N\t\n", "value": str(UINT256_MAX)}
        columns = {
            **dict.fromkeys(("block_hash", "tx_hash"), f"0x{1:064x}"),
            **dict.fromkeys(("block_number", "tx_index", "log_index", "position"), 0),
            **dict.fromkeys(("block_at", "seen_at"), AT),
            **dict.fromkeys(("event", "key", "error"), ""),
            "chain_id": CHAIN,
            "address": VAULT,
            "contract_kind": "vault",
            "topics": [],
            "data": "0x",
            "status": "SEEN",
            "attempts": 0,
        }

        rows = [Log(**columns, args=said), Log(**(columns | {"log_index": 1}), args=None)]
        copy_in(rows, fields=(*columns, "args", "final_at"))

        written = Log.objects.order_by("log_index").values_list("args", "topics", "final_at")
        assert list(written) == [(said, [], None), (None, [], None)]

    def test_one_that_is_there_fails_all(self) -> None:
        copy_in([self.block(1)], fields=self.FIELDS)

        with pytest.raises(IntegrityError), transaction.atomic():
            copy_in([self.block(2), self.block(1)], fields=self.FIELDS)

        assert Block.objects.count() == 1
