"""Rounding and splitting: whole tokens, whole cents, nothing lost but what is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chain.terms import Tier
from apps.rebalance.rules.figures import Action, ActionKind, Aim, AimKind, Holding, Parameters
from apps.rebalance.rules.legs import CENT, Draft, draft_of, least_purchase
from tests.rebalance.rules.situations import USDT, fund, holding

P = Parameters()


def drafted(
    asset: Holding, assets: int, *, cash: int = 10**7 * USDT, trade_max: int | None = None
) -> Draft:
    situation = fund(asset, cash=cash, trade_max=trade_max)
    aim = Aim(kind=AimKind.TIERS)
    return draft_of(situation, P, aim, {asset.token: assets}, lambda *_: "because")


def only(draft: Draft) -> Action:
    (action,) = draft.actions
    return action


class TestSale:
    def test_is_of_whole_base_units_at_the_expected_loss(self) -> None:
        asset = holding("A", Tier.L2, 1_000_000 * USDT, decimals=6, price=3 * USDT)

        action = only(drafted(asset, -1_000 * USDT))

        assert action.tokens == 333_333_333
        assert action.assets == 333_333_333 * 3 * 10**12 * 9_990 // 10_000
        assert action.assets_min == 333_333_333 * 3 * 10**12 * 9_500 // 10_000
        assert action.slippage_assets == 333_333_333 * 3 * 10**12 - action.assets

    def test_of_all_leaves_nothing(self) -> None:
        asset = holding("A", Tier.L2, 999_999 * USDT + 7, decimals=18, price=1_003 * USDT // 7)

        draft = drafted(asset, -asset.value)

        assert only(draft).tokens == asset.balance
        assert draft.values[asset.token] == 0

    def test_of_whole_tokens_takes_no_part_of_one(self) -> None:
        asset = holding("A", Tier.L2, 100_000 * USDT, decimals=0, price=1_000 * USDT)

        assert only(drafted(asset, -3_999 * USDT)).tokens == 3
        assert drafted(asset, -999 * USDT).actions == ()

    def test_is_split_by_what_one_trade_may_move(self) -> None:
        asset = holding("A", Tier.L2, 1_000_000 * USDT)

        draft = drafted(asset, -250_000 * USDT, trade_max=100_000 * USDT)

        assert [action.tokens // USDT for action in draft.actions] == [100_000, 100_000, 50_000]
        assert sum(action.tokens for action in draft.actions) == 250_000 * USDT


class TestPurchase:
    def test_is_for_whole_cents(self) -> None:
        action = only(drafted(holding("A", Tier.L2, 0), 1_000 * USDT + CENT + CENT // 3))

        assert action.assets == 1_000 * USDT + CENT
        assert action.tokens == action.assets * 9_990 // 10_000
        assert action.tokens_min == action.assets * 9_500 // 10_000

    def test_of_whole_tokens_pays_for_no_part_of_one(self) -> None:
        asset = holding("A", Tier.L2, 0, decimals=0, price=1_000 * USDT)

        action = only(drafted(asset, 3_999 * USDT))

        assert action.tokens == 3
        assert 3_003 * USDT <= action.assets < 3_004 * USDT

    def test_is_not_made_below_the_minimum(self) -> None:
        asset = holding("A", Tier.L2, 0, minimum=5_000 * USDT)

        assert drafted(asset, 5_000 * USDT - 1).actions == ()
        assert only(drafted(asset, 5_000 * USDT)).assets == 5_000 * USDT

    def test_makes_do_with_the_cash_there_is(self) -> None:
        asset = holding("A", Tier.L2, 0)

        assert only(drafted(asset, 5_000 * USDT, cash=4_000 * USDT)).assets == 4_000 * USDT

    @pytest.mark.parametrize(
        ("wish", "parts"),
        [(40, [40]), (100, [100]), (130, [100, 30]), (110, [55, 55]), (210, [100, 55, 55])],
    )
    def test_is_split_into_parts_of_at_least_the_minimum(self, wish: int, parts: list[int]) -> None:
        asset = holding("A", Tier.L2, 0, minimum=30 * USDT)

        draft = drafted(asset, wish * USDT, trade_max=100 * USDT)

        assert sorted(a.assets // USDT for a in draft.actions) == sorted(parts)

    def test_is_not_made_where_a_signer_may_move_less_than_the_minimum(self) -> None:
        asset = holding("A", Tier.L2, 0, minimum=30 * USDT)

        assert drafted(asset, 100 * USDT, trade_max=29 * USDT).actions == ()


AMOUNTS = st.integers(0, 10**26)


class TestAnyTrade:
    @given(
        st.sampled_from([0, 2, 6, 18]),
        st.integers(1, 10**24),
        AMOUNTS,
        st.integers(-(10**26), 10**26),
        st.integers(0, 10_000),
        AMOUNTS,
        st.one_of(st.none(), st.integers(10**22, 10**26)),
    )
    def test_conserves_value(
        self,
        decimals: int,
        price: int,
        value: int,
        wish: int,
        slippage_bps: int,
        minimum: int,
        trade_max: int | None,
    ) -> None:
        asset = holding(
            "A",
            Tier.L2,
            value,
            decimals=decimals,
            price=price,
            slippage_bps=slippage_bps,
            minimum=minimum,
        )
        limited = None if trade_max is None else max(trade_max, abs(wish) // 50)

        draft = drafted(asset, wish, cash=10**26, trade_max=limited)

        assert draft.gross + draft.slippage_assets == 10**26 + asset.value
        assert draft.balances[asset.token] >= 0
        for action in draft.actions:
            assert limited is None or action.assets <= limited
            if action.kind is ActionKind.PURCHASE:
                assert minimum <= action.assets <= wish
                assert action.assets % CENT == 0 or action.assets == minimum

    @given(st.sampled_from([0, 2, 6, 18]), st.integers(1, 10**24), st.integers(0, 10**24))
    def test_of_the_least_wish_is_made(self, decimals: int, price: int, minimum: int) -> None:
        asset = holding("A", Tier.L2, 0, decimals=decimals, price=price, minimum=minimum)
        wish = max(least_purchase(asset), 2 * CENT)

        assert len(drafted(asset, wish).actions) == 1
