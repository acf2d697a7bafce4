"""Block ranges against sets of heights."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from apps.chain.rules import spans
from apps.chain.rules.spans import Spans

heights = st.integers(0, 60)
# Cut points in order make ranges that neither overlap nor touch.
some_spans = st.lists(heights, unique=True, max_size=12).map(
    lambda cuts: tuple(
        (start, stop) for start, stop in zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False)
    )
)


def members(of: Spans) -> set[int]:
    return {height for start, stop in of for height in range(start, stop)}


@given(some_spans, st.tuples(heights, heights))
def test_missing_is_what_the_ranges_leave_out(covered: Spans, wanted: tuple[int, int]) -> None:
    holes = spans.missing(covered, wanted)

    assert members(holes) == members((wanted,)) - members(covered)
    assert all(start < stop for start, stop in holes)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(holes))


def test_nothing_is_missing_from_what_is_covered() -> None:
    assert spans.missing(((0, 10),), (2, 9)) == ()
    assert spans.missing((), (2, 9)) == ((2, 9),)
    assert spans.missing(((0, 3), (5, 7)), (2, 9)) == ((3, 5), (7, 9))
