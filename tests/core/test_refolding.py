"""Tables compared by digest, and made a second time beside the first."""

import pytest
from django.db import connection, transaction

from apps.core.refolding import Digest, digest, shadowed
from apps.fund.models import Holder
from tests.core.holders import CHAIN, holder, write

pytestmark = pytest.mark.django_db


class TestDigest:
    def test_is_the_same_whatever_the_ids_and_the_order(self) -> None:
        write(holder(1), holder(2))
        before = digest(Holder, chain_id=CHAIN)
        Holder.objects.all().delete()

        write(holder(2), holder(1))

        assert digest(Holder, chain_id=CHAIN) == before
        assert before.rows == 2

    def test_differs_by_any_column_and_by_any_row(self) -> None:
        write(holder(1), holder(2))
        before = digest(Holder, chain_id=CHAIN)

        Holder.objects.filter(address=f"0x{1:040x}").update(locked_shares=1)
        changed = digest(Holder, chain_id=CHAIN)
        Holder.objects.filter(address=f"0x{1:040x}").delete()

        assert len({before, changed, digest(Holder, chain_id=CHAIN)}) == 3

    def test_is_of_one_chain(self) -> None:
        write(holder(1))
        before = digest(Holder, chain_id=CHAIN)

        write(holder(1, chain_id=CHAIN + 1))

        assert digest(Holder, chain_id=CHAIN) == before


class TestShadowed:
    def test_hides_the_rows_and_keeps_them_from_what_is_written(self) -> None:
        write(holder(1))
        before = digest(Holder, chain_id=CHAIN)

        with transaction.atomic(), shadowed([Holder]):
            hidden = Holder.objects.count()
            write(holder(2), holder(3))
            Holder.objects.filter(address=f"0x{2:040x}").delete()
            inside = digest(Holder, chain_id=CHAIN)

        assert hidden == 0
        assert isinstance(inside, Digest)
        assert inside.rows == 1
        assert inside != before
        assert digest(Holder, chain_id=CHAIN) == before

    def test_keeps_the_tables_rules(self) -> None:
        with transaction.atomic(), shadowed([Holder]), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_index WHERE indrelid = 'fund_holder'::regclass")
            [inside] = cursor.fetchone()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_index WHERE indrelid = 'fund_holder'::regclass")
            [outside] = cursor.fetchone()

        assert inside == outside > 1
