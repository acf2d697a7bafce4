"""What trades really brought, in figures and in words."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chain.terms import Tier
from apps.rebalance.rules.figures import ActionKind
from apps.rebalance.rules.results import Trade, in_words, tiers_after
from tests.rebalance.running import CPCS, MTMM, USDT, situation

SALE = Trade(
    kind=ActionKind.REDEEM,
    token=MTMM,
    decimals=18,
    price=USDT,
    assets=9_950 * USDT,
    tokens=10_000 * USDT,
)
PURCHASE = replace(SALE, kind=ActionKind.PURCHASE, token=CPCS, assets=10_000 * USDT)


class TestSlippage:
    def test_of_a_sale_is_what_did_not_come(self) -> None:
        assert (SALE.loss_assets, SALE.slippage_bps) == (50 * USDT, 50)

    def test_of_a_purchase_is_what_the_tokens_are_not_worth(self) -> None:
        bought = replace(PURCHASE, tokens=9_900 * USDT)

        assert (bought.loss_assets, bought.slippage_bps) == (100 * USDT, 100)

    def test_a_gain_is_negative(self) -> None:
        assert replace(SALE, assets=10_100 * USDT).slippage_bps == -100

    def test_a_loss_is_never_shown_smaller(self) -> None:
        assert replace(SALE, assets=10_000 * USDT - 1).slippage_bps == 1

    def test_a_gain_is_never_shown_larger(self) -> None:
        assert replace(SALE, assets=10_000 * USDT + 1).slippage_bps == 0

    def test_of_nothing_is_unknown(self) -> None:
        assert replace(SALE, assets=0, tokens=0).slippage_bps is None

    def test_knows_the_tokens_decimals(self) -> None:
        coarse = replace(SALE, decimals=6, price=100 * USDT, tokens=100 * 10**6)

        assert coarse.worth == 10_000 * USDT
        assert coarse.slippage_bps == 50


class TestTiersAfter:
    def test_a_sale_brings_cash_and_takes_value(self) -> None:
        before = situation()

        after = tiers_after(before, [SALE])

        assert after[Tier.L1] - before.tier_assets(Tier.L1) == 9_950 * USDT
        assert before.tier_assets(Tier.L2) - after[Tier.L2] == 10_000 * USDT
        assert after[Tier.L3] == before.tier_assets(Tier.L3)

    def test_a_purchase_spends_cash(self) -> None:
        before = situation()

        after = tiers_after(before, [PURCHASE])

        assert before.tier_assets(Tier.L1) - after[Tier.L1] == 10_000 * USDT
        assert after[Tier.L3] - before.tier_assets(Tier.L3) == 10_000 * USDT

    @given(
        st.lists(
            st.builds(
                replace,
                st.sampled_from([SALE, PURCHASE]),
                assets=st.integers(0, 10**24),
                tokens=st.integers(0, 10**24),
            ),
            max_size=6,
        )
    )
    def test_what_is_lost_is_all_that_is_missing(self, trades: list[Trade]) -> None:
        before = situation()

        after = tiers_after(before, trades)

        assert sum(after.values()) == before.gross - sum(one.loss_assets for one in trades)


class TestInWords:
    def test_says_all_that_matters(self) -> None:
        words = in_words(
            [SALE, PURCHASE], legs_done=2, legs=3, gas_used=1_234_567, took=timedelta(seconds=192)
        )

        assert words == (
            "2 of 3 legs done, 9,950.00 USDT came from sales, 10,000.00 USDT went into purchases,"
            " slippage 0.25 % (50.00 USDT), 1,234,567 gas, in 3 min 12 s."
        )

    def test_of_nothing(self) -> None:
        words = in_words([], legs_done=0, legs=1, gas_used=0, took=timedelta(0))

        assert words == "0 of 1 legs done, in 0 s."

    @pytest.mark.parametrize(
        ("took", "words"),
        [(timedelta(hours=2, minutes=3), "2 h 3 min"), (timedelta(seconds=-1), "0 s")],
    )
    def test_long_times(self, took: timedelta, words: str) -> None:
        assert in_words([], legs_done=0, legs=1, gas_used=0, took=took).endswith(f"in {words}.")

    def test_a_gain_has_its_sign(self) -> None:
        gain = replace(SALE, assets=10_010 * USDT)

        words = in_words([gain], legs_done=1, legs=1, gas_used=0, took=timedelta(0))

        assert "slippage -0.10 % (-10.00 USDT)" in words
