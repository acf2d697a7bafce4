"""The size of a range finds what a node gives, and stays there without hunting."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chain.rules.range_size import LOGS_ENOUGH, RANGE_BLOCKS_MAX, RangeSize


def ask(
    size: RangeSize, gives: Callable[[int, float], bool], *, calls: int, start: float = 0.0
) -> list[tuple[int, bool]]:
    """Every second one full range: what was asked, and whether it was given."""
    asked = []
    for number in range(calls):
        now, blocks = start + number, size.blocks
        given_ = gives(blocks, now)
        asked.append((blocks, given_))
        if given_:
            size.served(blocks, 10, now)
        else:
            size.refused(blocks, now)
    return asked


class TestFinding:
    @pytest.mark.parametrize(
        ("limit", "settled"), [(2000, 2000), (1000, 1000), (137, 125), (10, 10), (1, 1)]
    )
    def test_settles_near_a_nodes_limit(self, limit: int, settled: int) -> None:
        size = RangeSize()

        asked = ask(size, lambda blocks, _now: blocks <= limit, calls=20)

        assert asked[-1] == (settled, True)

    @given(limit=st.integers(1, RANGE_BLOCKS_MAX), first=st.integers(1, RANGE_BLOCKS_MAX))
    def test_wherever_it_starts_it_rarely_fails_and_uses_most_of_the_limit(
        self, limit: int, first: int
    ) -> None:
        size = RangeSize(first)

        asked = ask(size, lambda blocks, _now: blocks <= limit, calls=400)

        late = asked[100:]
        assert all(1 <= blocks <= RANGE_BLOCKS_MAX for blocks, _ in asked)
        assert sum(not given_ for _, given_ in asked[:100]) <= 14
        assert sum(not given_ for _, given_ in late) <= 3
        assert max(blocks for blocks, given_ in late if given_) >= limit * 0.85

    def test_never_fails_twice_in_a_row_once_it_knows_what_is_served(self) -> None:
        size = RangeSize()

        asked = ask(size, lambda blocks, _now: blocks <= 300, calls=400)

        late = [given_ for _, given_ in asked[20:]]
        assert (False, False) not in list(itertools.pairwise(late))


class TestChanges:
    def test_a_bad_moment_is_forgotten(self) -> None:
        size = RangeSize()
        ask(size, lambda _blocks, now: now > 8, calls=10)
        low = size.blocks

        ask(size, lambda _blocks, _now: True, calls=400, start=10)

        assert low <= 8
        assert size.blocks == RANGE_BLOCKS_MAX

    def test_what_was_served_once_may_be_too_much_now(self) -> None:
        size = RangeSize()
        ask(size, lambda blocks, _now: blocks <= 500, calls=20)

        asked = ask(size, lambda blocks, _now: blocks <= 40, calls=20, start=20)

        assert asked[-1][1]
        assert 20 <= asked[-1][0] <= 40

    def test_many_logs_are_no_reason_to_ask_for_more(self) -> None:
        size = RangeSize(100)

        size.served(100, LOGS_ENOUGH, 0.0)

        assert size.blocks == 100

    def test_a_short_range_says_nothing(self) -> None:
        size = RangeSize(100)

        size.served(7, 10, 0.0)

        assert size.blocks == 100

    @pytest.mark.parametrize(("stored", "blocks"), [(0, 1), (-5, 1), (9999, RANGE_BLOCKS_MAX)])
    def test_a_stored_size_is_brought_into_bounds(self, stored: int, blocks: int) -> None:
        assert RangeSize(stored).blocks == blocks
