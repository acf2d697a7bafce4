"""Fees: integers, an eighth more, never above the cap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chain.rules.fees import (
    PRIORITY_WEI,
    WEI_PER_GWEI,
    AboveCap,
    Fees,
    Market,
    first,
    replacing,
)

WEI = st.integers(min_value=0, max_value=500 * WEI_PER_GWEI)
MARKETS = st.builds(Market, base_fee=WEI, priority=WEI)
CAP = 100 * WEI_PER_GWEI


class TestFirst:
    def test_still_covers_the_base_fee_after_it_has_doubled(self) -> None:
        fees = first(Market(base_fee=3 * WEI_PER_GWEI, priority=0), cap=CAP)

        assert fees == Fees(max_fee=7 * WEI_PER_GWEI, priority=PRIORITY_WEI)

    def test_is_cut_at_the_cap_while_it_would_be_taken_now(self) -> None:
        fees = first(Market(base_fee=60 * WEI_PER_GWEI, priority=0), cap=CAP)

        assert fees.max_fee == CAP

    def test_above_the_cap_says_how_much(self) -> None:
        market = Market(base_fee=150 * WEI_PER_GWEI + 5 * 10**8, priority=0)

        with pytest.raises(AboveCap, match=r"wants 151\.5 gwei .*; the cap is 100\."):
            first(market, cap=CAP)

    @given(MARKETS)
    def test_is_within_the_cap_and_would_be_taken_now(self, market: Market) -> None:
        try:
            fees = first(market, cap=CAP)
        except AboveCap:
            assert market.base_fee + (market.priority or PRIORITY_WEI) > CAP
        else:
            assert fees.priority <= fees.max_fee <= CAP
            assert fees.max_fee >= market.base_fee + fees.priority


class TestReplacing:
    def test_rounds_an_eighth_up(self) -> None:
        fees = replacing(Fees(max_fee=9, priority=1), Market(base_fee=0, priority=0), cap=CAP)

        assert fees.max_fee >= 11
        assert fees.priority >= 2

    @given(MARKETS, WEI, WEI)
    def test_both_fees_rise_by_an_eighth_within_the_cap(
        self, market: Market, max_fee: int, priority: int
    ) -> None:
        last = Fees(max_fee=max_fee, priority=min(priority, max_fee))
        try:
            fees = replacing(last, market, cap=CAP)
        except AboveCap:
            return

        assert fees.max_fee * 8 >= last.max_fee * 9
        assert fees.priority * 8 >= last.priority * 9
        assert fees.priority <= fees.max_fee <= CAP

    @given(MARKETS)
    def test_five_in_a_row_each_replace_the_one_before(self, market: Market) -> None:
        try:
            fees = [first(market, cap=CAP)]
            for _ in range(5):
                fees.append(replacing(fees[-1], market, cap=CAP))
        except AboveCap:
            return

        assert fees[-1].max_fee * 8**5 >= fees[0].max_fee * 9**5
