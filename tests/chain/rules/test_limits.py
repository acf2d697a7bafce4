"""Limits of a signer: a transaction, a day, a count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chain.rules.limits import Limits, Spent, refusal
from apps.core.units import WAD

LIMITS = Limits(per_transaction_assets=100 * WAD, per_day_assets=500 * WAD, calls_per_day=3)
NOTHING = Spent(assets=0, calls=0)


class TestRefusal:
    @pytest.mark.parametrize(
        ("spent", "assets", "words"),
        [
            (NOTHING, 100 * WAD, ""),
            (
                NOTHING,
                100 * WAD + 1,
                "it moves 100.00 USDT, a transaction may move 100.00",
            ),
            (Spent(assets=400 * WAD, calls=1), 100 * WAD, ""),
            (
                Spent(assets=401 * WAD, calls=1),
                100 * WAD,
                "it moves 100.00 USDT, 401.00 of the 500.00 for 24 hours are taken",
            ),
            (Spent(assets=0, calls=2), 0, ""),
            (Spent(assets=0, calls=3), 0, "all 3 transactions for 24 hours are taken"),
            (Spent(assets=900 * WAD, calls=2), 0, ""),
        ],
    )
    def test_says_what_does_not_fit(self, spent: Spent, assets: int, words: str) -> None:
        assert refusal(LIMITS, spent, assets) == words

    @given(st.lists(st.integers(min_value=0, max_value=200), max_size=20))
    def test_what_was_let_through_never_exceeds_a_day(self, units: list[int]) -> None:
        spent = NOTHING
        for amount in units:
            if not refusal(LIMITS, spent, amount * WAD):
                spent = Spent(assets=spent.assets + amount * WAD, calls=spent.calls + 1)

        assert spent.assets <= LIMITS.per_day_assets
        assert spent.calls <= LIMITS.calls_per_day
