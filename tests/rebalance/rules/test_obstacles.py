"""When nothing can be traded, the reason names what stands in the way."""

from dataclasses import replace
from typing import Any

import pytest

from apps.chain.terms import Tier
from apps.rebalance.rules.figures import (
    Aim,
    AimKind,
    Band,
    Blueprint,
    NoPlan,
    Parameters,
    Situation,
)
from apps.rebalance.rules.planning import plan
from tests.rebalance.rules.judging import judge
from tests.rebalance.rules.situations import USDT, fund, holding, simple

P = Parameters()
SAID = "nothing that would help can be bought or sold now"
ALL = ("MMA", "MMB", "HYA", "HYB", "HYC", "HYD", "HYE")
THIRD = ALL[2:]
DEPLOY = Aim(kind=AimKind.DEPLOY)


def refused(situation: Situation, aim: Aim, parameters: Parameters = P) -> str:
    made = plan(situation, parameters, aim)
    assert isinstance(made, NoPlan), made
    first, _, rest = made.reason.partition(": ")
    assert first == SAID
    return rest


def changed(situation: Situation, *symbols: str, **changes: Any) -> Situation:
    holdings = tuple(
        replace(h, **changes) if h.symbol in symbols else h for h in situation.holdings
    )
    return replace(situation, holdings=holdings)


def heavy(**changes: Any) -> Situation:
    """Three assets of 30 %, each at its own target."""
    return fund(
        holding("MMA", Tier.L2, 3_000_000 * USDT, target_bps=10_000),
        holding("HYA", Tier.L3, 3_000_000 * USDT),
        holding("HYB", Tier.L3, 3_000_000 * USDT),
        cash=1_000_000 * USDT,
        **changes,
    )


def undo(situation: Situation, symbol: str, usdt: int) -> Aim:
    token = next((h.token for h in situation.holdings if h.symbol == symbol), "0x" + "9" * 40)
    return Aim(kind=AimKind.REVERSE, undo={token: usdt * USDT})


class TestPurchases:
    def test_names_closed_assets_together(self) -> None:
        situation = changed(simple(1_800_000, 3_000_000, 5_200_000), *THIRD, purchasable=False)

        assert refused(situation, DEPLOY) == "HYA, HYB, HYC, HYD, 1 more: not open for purchases"

    def test_names_minimums_that_swallow_the_surplus(self) -> None:
        situation = changed(
            simple(1_550_000, 2_950_000, 5_500_000), *ALL, min_purchase_assets=600_000 * USDT
        )

        assert refused(situation, DEPLOY) == (
            "MMA, MMB, HYA, HYB, 3 more: sold for no less than 600,000.00 USDT"
        )

    def test_names_the_limit_that_an_overweight_asset_is_at(self) -> None:
        situation = heavy()

        assert refused(situation, undo(situation, "HYA", 20_000)) == (
            "HYA: 30.00 % of the fund, and no more than 30.00 % is allowed"
        )

    def test_names_the_room_that_is_less_than_a_minimum(self) -> None:
        situation = changed(
            heavy(), "HYA", value=2_990_000 * USDT, min_purchase_assets=20_000 * USDT
        )

        assert refused(situation, undo(situation, "HYA", 15_000)) == (
            "HYA: 7,000.00 USDT below its limit of 30.00 % of the fund, and sold for no less than"
            " 20,000.00"
        )

    def test_names_a_signer_that_may_not_move_the_minimum(self) -> None:
        situation = changed(
            simple(1_800_000, 3_000_000, 5_200_000, trade_max=50_000 * USDT),
            *ALL,
            min_purchase_assets=60_000 * USDT,
        )

        assert "no signer may move more than 50,000.00 at once" in refused(situation, DEPLOY)

    def test_names_cash_that_falls_due(self) -> None:
        situation = simple(1_800_000, 3_000_000, 5_200_000, due=1_800_000 * USDT)

        assert refused(situation, DEPLOY) == (
            "no cash is free beyond the 1,800,000.00 USDT kept for redemptions falling due"
        )

    def test_names_what_is_owed(self) -> None:
        situation = simple(1_800_000, 3_000_000, 5_200_000, liability=5_000_000 * USDT)

        assert refused(situation, DEPLOY) == "L1 and L2 are needed for what is owed"


class TestSales:
    def test_names_minimums_of_tiers(self) -> None:
        bands = tuple(
            Band(tier=tier, target_bps=target, min_bps=least, max_bps=most)
            for tier, target, least, most in (
                (Tier.L1, 1_000, 500, 2_000),
                (Tier.L2, 3_000, 2_800, 4_000),
                (Tier.L3, 6_000, 5_900, 7_000),
            )
        )
        situation = fund(
            holding("MMA", Tier.L2, 2_700_000 * USDT, target_bps=10_000),
            holding("HYA", Tier.L3, 5_900_000 * USDT, target_bps=10_000),
            cash=1_400_000 * USDT,
            bands=bands,
        )

        reason = refused(situation, Aim(kind=AimKind.LIQUIDITY, raise_assets=100_000 * USDT))

        assert reason == (
            "MMA: L2 is 27.00 %, its minimum 28.00 %; HYA: L3 is 59.00 %, its minimum 59.00 %"
        )

    def test_names_a_full_l1_and_not_minimums_that_are_far(self) -> None:
        situation = simple(2_000_000, 3_000_000, 5_000_000)

        reason = refused(situation, Aim(kind=AimKind.LIQUIDITY, raise_assets=100_000 * USDT))

        assert reason == (
            "L1 is 20.00 %, its maximum 20.00 %; HYA, HYB, HYC, HYD, 1 more: L3 is 50.00 %, its"
            " minimum 50.00 %"
        )

    def test_names_what_is_not_held(self) -> None:
        situation = changed(simple(1_000_000, 3_000_000, 6_000_000), "HYA", balance=0, value=0)

        assert refused(situation, undo(situation, "HYA", -20_000)) == "HYA: none is held"

    def test_names_an_asset_that_is_not_listed_any_more(self) -> None:
        situation = simple(1_000_000, 3_000_000, 6_000_000)

        assert refused(situation, undo(situation, "GONE", -20_000)) == (
            "its assets are not listed any more"
        )

    def test_names_own_targets_of_what_weighs_too_much(self) -> None:
        assert refused(heavy(), Aim(kind=AimKind.WEIGHTS)) == (
            "MMA, HYA, HYB: its own target is 30.00 % of the fund"
        )

    def test_says_that_exact_targets_are_met(self) -> None:
        exact = Aim(kind=AimKind.EXACT, target_bps={Tier.L1: 1_000, Tier.L2: 3_000, Tier.L3: 6_000})

        assert refused(simple(1_000_000, 3_000_000, 6_000_000), exact) == (
            "nothing is off its target"
        )


class TestTradesThatWouldBeBlocked:
    """What the checks before execution would stop is not planned in the first place."""

    AIM = Aim(kind=AimKind.LIQUIDITY)

    def test_takes_the_next_tier_and_says_so(self) -> None:
        situation = changed(
            simple(400_000, 3_300_000, 6_300_000), "MMA", "MMB", expected_slippage_bps=501
        )

        made = plan(situation, P, self.AIM)

        assert isinstance(made, Blueprint)
        judge(situation, P, made)
        assert {action.tier_from for action in made.actions} == {Tier.L3}
        assert "MMA is left alone: it is expected to lose 5.01 % when traded" in made.warnings

    def test_exactly_at_the_limit_is_traded(self) -> None:
        situation = changed(
            simple(400_000, 3_300_000, 6_300_000), "MMA", "MMB", expected_slippage_bps=500
        )

        made = plan(situation, P, self.AIM)

        assert isinstance(made, Blueprint)
        assert {action.tier_from for action in made.actions} == {Tier.L2}

    @pytest.mark.parametrize("aim", [AIM, DEPLOY])
    def test_nothing_is_left(self, aim: Aim) -> None:
        first = 400_000 if aim is self.AIM else 1_800_000
        situation = changed(
            simple(first, 3_000_000, 7_000_000 - first), *ALL, expected_slippage_bps=600
        )

        assert "expected to lose 6.00 % when traded, above 5.00 %" in refused(situation, aim)
