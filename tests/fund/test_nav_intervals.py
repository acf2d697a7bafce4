"""The last point of each interval, whatever the database leaves out before."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.chain.events import NavUpdated
from apps.fund import operations, queries
from tests.fund.facts import CHAIN_ID, Logs
from tests.fund.states import state

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
WAD = 10**18


def snapshot(at: datetime, number: int, nav: int, kind: str = "HOURLY") -> None:
    operations.take_snapshot(
        kind=kind,
        chain_id=CHAIN_ID,
        slot=at,
        state=state(number, at, share_price=nav),
        at=at,
    )


def navs(interval: str, *, start: datetime = MONDAY, days: int = 21) -> list[int]:
    end = start + timedelta(days=days)
    return [
        point.nav_per_share
        for point in queries.nav_history(start=start, end=end, interval=interval)
    ]


class TestIntervals:
    @pytest.fixture(autouse=True)
    def _lived(self, logs: Logs, project: Callable[..., None]) -> None:
        del logs, project
        for hours, nav in ((0, 1), (1, 2), (23, 3), (24, 4), (167, 5), (168, 6), (400, 7)):
            snapshot(MONDAY + hours * HOUR, 100 + hours, nav)

    def test_hours_have_a_point_each(self) -> None:
        assert navs("hourly") == [1, 2, 3, 4, 5, 6, 7]

    def test_days_end_at_midnight(self) -> None:
        assert navs("daily") == [3, 4, 5, 6, 7]

    def test_weeks_begin_on_monday(self) -> None:
        assert navs("weekly") == [5, 6, 7]
        assert navs("weekly", start=MONDAY + timedelta(days=2)) == [5, 6, 7]

    def test_the_end_is_not_part_of_it(self) -> None:
        assert navs("hourly", days=1) == [1, 2, 3]

    def test_a_gap_has_no_point(self) -> None:
        operations.mark_gap(
            kind="HOURLY",
            chain_id=CHAIN_ID,
            slot=MONDAY + 2 * HOUR,
            reason="No archive.",
            at=MONDAY,
        )

        assert navs("hourly", days=1) == [1, 2, 3]

    def test_the_later_block_of_an_instant_counts(self) -> None:
        snapshot(MONDAY, 101, 9, kind="DAILY")

        assert navs("hourly", days=1) == [9, 2, 3]


def test_what_the_contract_published_counts_when_it_is_later(
    logs: Logs, project: Callable[..., None]
) -> None:
    fact: Any = logs.fact(
        NavUpdated,
        old_nav_per_share=WAD,
        new_nav_per_share=2 * WAD,
        updated_at=MONDAY,
    )
    project(fact)
    at = fact.source.block_time
    before = at.replace(minute=0, second=0, microsecond=0)
    snapshot(before, fact.source.block_number - 1, 3 * WAD)

    found = queries.nav_history(start=before, end=before + HOUR, interval="hourly")

    assert [(point.nav_per_share, point.source) for point in found] == [(2 * WAD, "event")]
