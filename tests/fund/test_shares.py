"""Shares of tiers and payments out of cash: arithmetic that holds for all numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.units import BPS_ONE
from apps.fund.rules.payments import CashFigures
from apps.fund.rules.shares import fits, target_of_whole_bps, tier_total

bps = st.integers(0, BPS_ONE)
amounts = st.integers(0, 10**40)


class TestShares:
    @given(st.dictionaries(st.sampled_from("abcdef"), bps), st.sampled_from("abcdef"), bps)
    def test_a_share_takes_the_place_of_its_own(
        self, shares: dict[str, int], token: str, share: int
    ) -> None:
        assert tier_total(shares, token, share) == sum({**shares, token: share}.values())

    @given(st.dictionaries(st.sampled_from("abcdef"), bps), st.sampled_from("abcdef"), bps)
    def test_what_fits_leaves_no_tier_above_the_whole(
        self, shares: dict[str, int], token: str, share: int
    ) -> None:
        assert fits(shares, token, share) == (sum({**shares, token: share}.values()) <= BPS_ONE)

    def test_a_negative_share_never_fits(self) -> None:
        assert not fits({}, "a", -1)

    @given(bps, st.lists(bps, max_size=6))
    def test_targets_of_the_whole_sum_to_at_most_the_tiers(
        self, tier: int, shares: list[int]
    ) -> None:
        within = [share // max(len(shares), 1) for share in shares]

        targets = [target_of_whole_bps(tier, share) for share in within]

        assert sum(target or 0 for target in targets) <= tier

    def test_an_unknown_tier_target_is_unknown(self) -> None:
        assert target_of_whole_bps(None, 5_000) is None


class TestPayments:
    @given(amounts, amounts, amounts, amounts)
    def test_what_leaves_is_missing_everywhere(
        self, cash: int, yields: int, rest: int, paid: int
    ) -> None:
        before = CashFigures(
            cash_assets=cash, l1_assets=cash + yields, aum_assets=cash + yields + rest
        )
        if paid > cash:
            with pytest.raises(ValueError, match="cannot leave"):
                before.less(paid)
            return

        after = before.less(paid)

        assert before.cash_assets - after.cash_assets == paid
        assert before.l1_assets - after.l1_assets == paid
        assert before.aum_assets - after.aum_assets == paid
        if after.l1_bps is not None and before.l1_bps is not None:
            assert after.l1_bps <= before.l1_bps

    def test_nothing_has_no_ratio(self) -> None:
        assert CashFigures(cash_assets=0, l1_assets=0, aum_assets=0).l1_bps is None
