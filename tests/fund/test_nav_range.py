"""Every NAV that was in force in a time, nothing thinned."""

from datetime import datetime, timedelta

import pytest

from apps.fund import operations, queries
from apps.fund.models import NavUpdate

from .facts import CHAIN_ID, START, VAULT
from .states import state

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_NUMBERS = iter(range(1, 10_000))


def read(nav: int, at: datetime, kind: str = "LIVE") -> None:
    """A snapshot says so."""
    number = next(_NUMBERS)
    operations.take_snapshot(
        kind=kind,
        chain_id=CHAIN_ID,
        slot=at,
        state=state(number=number, at=at, share_price=nav),
        at=at,
    )


def told(nav: int, at: datetime) -> None:
    """The contract published it."""
    number = next(_NUMBERS)
    NavUpdate.objects.create(
        chain_id=CHAIN_ID,
        contract=VAULT,
        tx_hash=f"0x{number:064x}",
        position=0,
        block_number=number,
        log_index=0,
        at=at,
        old_nav_per_share=1,
        new_nav_per_share=nav,
        updated_at=at,
    )


def navs() -> list[int]:
    return queries.navs_between(START - DAY, START)


class TestNavsBetween:
    def test_are_all_in_the_order_of_time(self) -> None:
        read(3, START - 10 * MINUTE)
        told(2, START - 11 * MINUTE)
        read(1, START - 12 * MINUTE)
        read(4, START)

        assert navs() == [1, 2, 3, 4]

    def test_keep_a_spike_within_an_hour(self) -> None:
        for minute, nav in ((3, 100), (2, 150), (1, 100)):
            read(nav, START - minute * MINUTE)

        assert navs() == [100, 150, 100]

    def test_begin_with_the_one_in_force_at_the_start(self) -> None:
        read(1, START - DAY - 2 * HOUR)
        told(2, START - DAY - HOUR)
        read(3, START - HOUR)

        assert navs() == [2, 3]

    def test_take_the_start_itself_once(self) -> None:
        read(7, START - DAY)

        assert navs() == [7]

    def test_do_not_go_further_back_than_a_day_for_it(self) -> None:
        read(1, START - 2 * DAY - MINUTE)

        assert navs() == []

    def test_end_with_the_end(self) -> None:
        read(1, START + MINUTE)
        told(2, START + MINUTE)

        assert navs() == []

    def test_leave_gaps_out(self) -> None:
        operations.mark_gap(
            kind="HOURLY", chain_id=CHAIN_ID, slot=START - HOUR, reason="No node.", at=START
        )

        assert navs() == []
