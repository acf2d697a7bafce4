"""PostgreSQL holds the table of transitions, and what was signed, against every shell."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.chain.models import Attempt, Reservation, SignerAccount, Transaction
from apps.core import clock
from devnet.investing import Requested
from tests.chain.sender.helpers import mine_by_hand, new_sender, submit
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def refused(rows: Any, **changes: Any) -> bool:
    try:
        with transaction.atomic():
            rows.update(**changes)
    except DatabaseError:
        return True
    return False


class TestTransaction:
    def test_skips_no_state_and_leaves_none_that_is_an_end(
        self, world: World, large: Requested
    ) -> None:
        submit(large.id)
        rows = Transaction.objects.all()

        assert refused(rows, status="SIGNED")
        assert refused(rows, status="FINAL")
        assert not refused(rows, status="FAILED")
        assert refused(rows, status="QUEUED")

    @pytest.mark.parametrize(
        "change",
        [
            {"to": "0x" + "ab" * 20},
            {"calldata": "0x"},
            {"call_hash": "0x" + "00" * 32},
            {"ticket_id": 7},
            {"moved_assets": 7},
            {"expects": {}},
            {"requested_by": "somebody else"},
            {"sentence": "Something else"},
        ],
    )
    def test_is_what_was_asked_for(
        self, world: World, large: Requested, change: dict[str, Any]
    ) -> None:
        submit(large.id)

        assert refused(Transaction.objects.all(), **change)

    def test_keeps_its_nonce_and_is_never_deleted(self, world: World, large: Requested) -> None:
        mine_by_hand(world)
        row = submit(large.id)
        new_sender(world).step()
        rows = Transaction.objects.filter(pk=row.pk)

        assert refused(rows, nonce=7)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows._raw_delete(rows.db)


class TestAttempt:
    def test_stays_as_it_was_signed(self, world: World, large: Requested) -> None:
        mine_by_hand(world)
        submit(large.id)
        new_sender(world).step()
        rows = Attempt.objects.all()

        assert refused(rows, raw="0x")
        assert refused(rows, nonce=9)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows._raw_delete(rows.db)


class TestShares:
    def test_come_back_only_with_an_end_that_moved_nothing(
        self, world: World, large: Requested
    ) -> None:
        mine_by_hand(world)
        submit(large.id)
        new_sender(world).step()
        rows = Reservation.objects.all()

        assert refused(rows, released_at=clock.now())
        assert refused(rows, at=clock.from_timestamp(0))
        assert refused(rows, assets=7)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows._raw_delete(rows.db)


class TestSigner:
    def test_counts_only_upwards(self, world: World, large: Requested) -> None:
        mine_by_hand(world)
        submit(large.id)
        new_sender(world).step()
        rows = SignerAccount.objects.filter(tier="HOT")

        assert refused(rows, next_nonce=0)
        assert refused(rows, next_nonce=None)
        assert refused(rows, epoch=0)
        assert not refused(rows, next_nonce=9)
