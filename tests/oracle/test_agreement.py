"""When sources agree on a price: examples of each rule, and what holds whatever they say."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.oracle.rules.agreement import (
    APART_BPS,
    PRICE_MAX,
    QUORUM,
    Figure,
    Verdict,
    agree,
    bps_apart,
    is_apart,
    median,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE = 10**18


def figure(
    number: int, price: int | None, *, age: timedelta = timedelta(0), error: str = ""
) -> Figure:
    return Figure(
        source_id=number,
        price=price,
        as_of=NOW - age,
        now=NOW,
        stale_after=HOUR,
        error=error,
    )


def figures(*prices: int | None) -> list[Figure]:
    return [figure(number, price) for number, price in enumerate(prices)]


def verdicts(*prices: int | None) -> list[Verdict]:
    return [one.verdict for one in agree(figures(*prices)).judged]


class TestAgreement:
    def test_of_three_is_the_middle_one(self) -> None:
        found = agree(figures(101 * ONE, 100 * ONE, 102 * ONE))

        assert found.price == 101 * ONE
        assert found.reason == ""
        assert found.used == 3
        assert found.spread_bps == 198

    def test_of_two_is_their_mean_rounded_down(self) -> None:
        assert agree(figures(1_000_001, 1_000_002)).price == 1_000_001

    def test_leaves_out_who_is_off_and_says_by_how_much(self) -> None:
        found = agree(figures(100 * ONE, 101 * ONE, 1_000 * ONE))

        assert found.price == 1005 * ONE // 10
        assert [one.verdict for one in found.judged] == ["USED", "USED", "OUTLIER"]
        assert found.judged[2].deviation_bps == 89_502
        assert found.judged[0].deviation_bps == -49

    def test_two_sources_two_percent_apart_still_agree(self) -> None:
        assert agree(figures(990_000, 1_010_000)).price == 1_000_000

    def test_refuses_two_sources_further_apart(self) -> None:
        found = agree(figures(989_999, 1_010_000))

        assert found.price is None
        assert "2.00 % is allowed" in found.reason

    def test_refuses_two_camps(self) -> None:
        found = agree(figures(100, 100, 110, 110))

        assert found.price is None
        assert found.reason == "The sources are 9.53 % apart; 2.00 % is allowed."
        assert verdicts(100, 100, 110, 110) == ["OUTLIER"] * 4

    def test_three_that_are_near_the_middle_one_agree_however_far_the_outer_two_are(self) -> None:
        found = agree(figures(9_800, 10_000, 10_200))

        assert (found.price, found.reason, found.spread_bps) == (10_000, "", 400)
        assert verdicts(9_800, 10_000, 10_200) == ["USED"] * 3

    def test_refuses_the_two_that_are_left_when_they_are_too_far_apart(self) -> None:
        found = agree(figures(5_000, 99_000, 101_001, 200_000))

        assert found.price is None
        # Rounded up: two that are too far apart never read as if they were not.
        assert found.reason == "The sources are 2.01 % apart; 2.00 % is allowed."

    @pytest.mark.parametrize("prices", [(), (ONE,), (None,), (ONE, None), (ONE, 0), (None, None)])
    def test_refuses_less_than_the_quorum(self, prices: tuple[int | None, ...]) -> None:
        found = agree(figures(*prices))

        assert found.price is None
        assert f"a price needs {QUORUM}" in found.reason
        assert found.oldest is None

    @pytest.mark.parametrize("price", [0, -1, -ONE, PRICE_MAX + 1, 2**256 - 1])
    def test_what_is_no_price_does_not_count(self, price: int) -> None:
        found = agree(figures(100 * ONE, 100 * ONE, price))

        assert found.judged[2].verdict is Verdict.INVALID
        assert found.price == 100 * ONE

    def test_repeats_why_a_source_gave_nothing(self) -> None:
        found = agree([figure(1, ONE), figure(2, None, error="HTTP 500.")])

        assert (found.judged[1].verdict, found.judged[1].error) == (Verdict.FAILED, "HTTP 500.")

    def test_a_figure_counts_to_its_last_second_and_no_longer(self) -> None:
        other = figure(1, ONE)

        assert agree([other, figure(2, ONE, age=HOUR)]).price == ONE
        late = agree([other, figure(2, ONE, age=HOUR + timedelta(seconds=1))])
        assert late.price is None
        assert late.judged[1].verdict is Verdict.STALE
        assert late.judged[1].error == "The figure is 3601 s old; 3600 s are allowed."

    def test_clocks_may_differ_a_minute_and_no_more(self) -> None:
        other = figure(1, ONE)

        assert agree([other, figure(2, ONE, age=timedelta(seconds=-60))]).price == ONE
        ahead = agree([other, figure(2, ONE, age=timedelta(seconds=-61))])
        assert ahead.price is None
        assert ahead.judged[1].verdict is Verdict.INVALID
        assert "61 s in the future" in ahead.judged[1].error

    def test_is_as_old_as_the_oldest_figure_it_uses(self) -> None:
        minutes = [timedelta(minutes=n) for n in (1, 30, 70)]

        found = agree([figure(n, ONE, age=age) for n, age in enumerate(minutes)])

        assert found.oldest == minutes[1]

    def test_a_frozen_feed_is_outvoted_once_the_market_has_moved(self) -> None:
        assert verdicts(100, 110, 110) == ["OUTLIER", "USED", "USED"]


class TestFigures:
    def test_shown_distances_have_an_end(self) -> None:
        assert bps_apart(PRICE_MAX, 1, 1) == 10**9
        assert bps_apart(1, PRICE_MAX, 1) == -(10**9)

    def test_distances_round_towards_zero(self) -> None:
        assert bps_apart(100_009, 100_000, 100_000) == 0
        assert bps_apart(99_991, 100_000, 100_000) == 0

    def test_apart_begins_beyond_two_percent(self) -> None:
        assert not is_apart(102, 100, 100)
        assert is_apart(102_001, 100_000, 100_000)


prices = st.one_of(
    st.integers(min_value=1, max_value=PRICE_MAX), st.integers(min_value=980, max_value=1_040)
)
any_price = st.one_of(st.none(), st.integers(min_value=-(10**20), max_value=2**256 - 1), prices)
ages = st.integers(min_value=-4_000, max_value=8_000).map(
    lambda seconds: timedelta(seconds=seconds)
)
any_figures = st.lists(st.tuples(any_price, ages), max_size=7).map(
    lambda pairs: [figure(n, price, age=age) for n, (price, age) in enumerate(pairs)]
)


class TestWhateverTheySay:
    @given(any_figures, st.randoms(use_true_random=False))
    def test_their_order_means_nothing(self, given_figures: list[Figure], random: object) -> None:
        mixed = list(given_figures)
        random.shuffle(mixed)  # type: ignore[attr-defined]

        one, other = agree(given_figures), agree(mixed)

        assert (one.price, one.reason, one.oldest) == (other.price, other.reason, other.oldest)
        by_source = {judged.figure.source_id: judged for judged in other.judged}
        assert all(by_source[judged.figure.source_id] == judged for judged in one.judged)

    @given(any_figures)
    def test_a_price_stands_on_a_quorum_of_figures_around_it(
        self, given_figures: list[Figure]
    ) -> None:
        found = agree(given_figures)

        used = [one.figure for one in found.judged if one.verdict is Verdict.USED]
        assert (found.price is None) is bool(found.reason)
        if found.price is not None:
            known = [one.price for one in used if one.price is not None]
            assert len(known) == len(used) >= QUORUM
            assert min(known) <= found.price <= max(known)
            compared = (Verdict.USED, Verdict.OUTLIER)
            fresh = [one.figure.price for one in found.judged if one.verdict in compared]
            centre = median([price for price in fresh if price is not None])
            assert all(abs(price - centre) * 10_000 <= APART_BPS * centre for price in known)
            if len(known) == QUORUM:
                assert (max(known) - min(known)) * 10_000 <= APART_BPS * found.price

    @given(any_figures)
    def test_no_price_uses_what_is_stale_ahead_or_none(self, given_figures: list[Figure]) -> None:
        for one in agree(given_figures).judged:
            if one.verdict in (Verdict.USED, Verdict.OUTLIER):
                assert one.figure.price is not None
                assert 0 < one.figure.price <= PRICE_MAX
                assert -timedelta(seconds=60) <= NOW - one.figure.as_of <= HOUR

    @given(prices, prices, st.one_of(any_price, prices))
    def test_one_wild_source_of_three_never_moves_it_beyond_the_others(
        self, one: int, other: int, wild: int | None
    ) -> None:
        found = agree(figures(one, other, wild))

        if found.price is not None and not is_apart(one, other, median([one, other])):
            assert min(one, other) <= found.price <= max(one, other)

    @given(st.integers(10**3, 10**30), st.integers(-100, 100), any_price)
    def test_one_source_far_off_never_hides_two_that_agree(
        self, price: int, per_mille: int, wild: int | None
    ) -> None:
        near = price + price * per_mille // 10_000
        alone = agree(figures(price, near))
        far = wild is None or wild <= 0 or all(is_apart(wild, one, one) for one in (price, near))

        if far:
            assert agree(figures(price, near, wild)).price == alone.price is not None

    @given(prices, prices)
    def test_two_sources_agree_exactly_when_they_are_near(self, one: int, other: int) -> None:
        found = agree(figures(one, other))

        assert (found.price is None) is is_apart(one, other, median([one, other]))

    @given(st.lists(prices, min_size=1, max_size=6))
    def test_a_median_has_as_many_below_as_above(self, several: list[int]) -> None:
        middle = median(several)

        assert sum(price < middle for price in several) <= len(several) / 2
        assert sum(price > middle + 1 for price in several) <= len(several) / 2

    def test_all_orders_of_four(self) -> None:
        found = {agree(figures(*order)).price for order in permutations((100, 101, 102, 500))}

        assert found == {101}
