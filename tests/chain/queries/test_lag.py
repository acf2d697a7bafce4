"""How long logs take until they are applied."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.chain import queries
from apps.chain.models import Cursor, Log

pytestmark = pytest.mark.django_db

CHAIN = 31337
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def log(
    number: int,
    status: str,
    *,
    seen: timedelta,
    applied: timedelta | None = None,
    chain_id: int = CHAIN,
) -> Log:
    """A log that was first seen, and applied, so long ago."""
    return Log.objects.create(
        chain_id=chain_id,
        block_number=number,
        block_hash=f"0x{number:064x}",
        block_at=NOON,
        tx_hash=f"0x{number:064x}",
        tx_index=0,
        log_index=0,
        position=0,
        address="0x" + "b1" * 20,
        contract_kind="vault",
        topics=[],
        data="0x",
        event="Transfer",
        status=status,
        seen_at=NOON - seen,
        applied_at=None if applied is None else NOON - applied,
    )


def lag() -> queries.EventLag:
    return queries.event_lag(CHAIN, at=NOON)


class TestEventLag:
    def test_is_nothing_where_nothing_is(self) -> None:
        found = lag()

        assert (found.seconds, found.waiting, found.unread_seconds) == (0, 0, None)

    @pytest.mark.parametrize("status", ["SEEN", "FINAL", "FAILED"])
    def test_grows_for_what_waits(self, status: str) -> None:
        log(1, status, seen=40 * SECOND)
        log(2, "SEEN", seen=3 * SECOND)

        found = lag()

        assert (found.waiting_seconds, found.waiting, found.seconds) == (40, 2, 40)

    @pytest.mark.parametrize("status", ["ORPHANED", "UNKNOWN", "UNDECODABLE"])
    def test_waits_for_nothing_that_cannot_be_applied(self, status: str) -> None:
        log(1, status, seen=40 * SECOND)

        assert lag().seconds == 0

    @pytest.mark.parametrize("status", ["APPLIED", "IGNORED"])
    def test_remembers_the_longest_of_five_minutes(self, status: str) -> None:
        log(1, status, seen=390 * SECOND, applied=290 * SECOND)
        log(2, status, seen=20 * SECOND, applied=10 * SECOND)

        assert (lag().applied_seconds, lag().seconds) == (100, 100)

    def test_forgets_what_was_applied_before(self) -> None:
        log(1, "APPLIED", seen=900 * SECOND, applied=300 * SECOND)

        assert lag().seconds == 0

    def test_counts_since_a_node_was_asked(self) -> None:
        Cursor.objects.create(chain_id=CHAIN, next_block=1, polled_at=NOON - 61 * SECOND)

        assert (lag().unread_seconds, lag().seconds) == (61, 61)

    def test_is_never_negative(self) -> None:
        log(1, "SEEN", seen=-60 * SECOND)

        assert lag().seconds == 0

    def test_is_of_one_chain(self) -> None:
        log(1, "SEEN", seen=60 * SECOND, chain_id=CHAIN + 1)

        assert lag().seconds == 0


class TestAppliedAt:
    def test_says_when(self) -> None:
        row = log(1, "APPLIED", seen=60 * SECOND, applied=30 * SECOND)

        def when(tx_hash: str, event: str) -> datetime | None:
            return queries.applied_at(chain_id=CHAIN, tx_hash=tx_hash, event=event)

        assert when(row.tx_hash.upper().replace("0X", "0x"), "Transfer") == NOON - 30 * SECOND
        assert when(row.tx_hash, "Approval") is None
        assert when("0x" + "00" * 32, "Transfer") is None

    def test_is_none_until_then(self) -> None:
        row = log(1, "FINAL", seen=60 * SECOND)

        assert queries.applied_at(chain_id=CHAIN, tx_hash=row.tx_hash, event="Transfer") is None
