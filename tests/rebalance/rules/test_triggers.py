"""Every mark at one base unit below, on it, and one above."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from apps.chain.terms import Tier
from apps.rebalance.rules import triggers
from apps.rebalance.rules.figures import AimKind, Parameters, Situation
from apps.rebalance.rules.triggers import Reason, Window
from tests.rebalance.rules.situations import AT, USDT, fund, holding, simple

P = Parameters()
GROSS = 10_000_000 * USDT
MILLION = 1_000_000 * USDT


def tiers(first: int, second: int, *, due: int = 0) -> Situation:
    """A fund of ten million in base units; what L1 and L2 do not hold, L3 does."""
    assets = [
        holding("MMA", Tier.L2, second, target_bps=10_000),
        holding("HYA", Tier.L3, GROSS - first - second, target_bps=10_000),
    ]
    return fund(*assets, cash=first, due=due)


def spread(*values: int) -> Situation:
    """A fund of ten million in base units: assets of L3, the rest is cash."""
    assets = [holding(f"HY{n}", Tier.L3, value) for n, value in enumerate(values)]
    return fund(*assets, cash=GROSS - sum(values))


class TestTierDrift:
    @pytest.mark.parametrize(
        ("second", "told"),
        [
            (35 * MILLION // 10 - 1, False),
            (35 * MILLION // 10, False),
            (35 * MILLION // 10 + 1, True),
            (25 * MILLION // 10 + 1, False),
            (25 * MILLION // 10, False),
            (25 * MILLION // 10 - 1, True),
        ],
    )
    def test_is_told_beyond_five_points(self, second: int, told: bool) -> None:
        reason = triggers.tier_drift(tiers(MILLION, second), P)

        assert (reason is not None) is told

    def test_says_which_tier_and_asks_for_all(self) -> None:
        reason = triggers.tier_drift(tiers(MILLION, 4 * MILLION), P)

        assert reason is not None
        assert reason.text == (
            "L2 is 40.00 %, target 30.00 %; L3 is 50.00 %, target 60.00 %: more than 5.00 % off"
        )
        assert (reason.kind, reason.aim.kind) == ("THRESHOLD", AimKind.TIERS)

    def test_has_nothing_to_say_of_an_empty_fund(self) -> None:
        assert triggers.tier_drift(fund(cash=0), P) is None


class TestConcentration:
    @pytest.mark.parametrize(("off", "told"), [(-1, False), (0, False), (1, True)])
    def test_of_one_asset_is_told_beyond_a_quarter(self, off: int, told: bool) -> None:
        reason = triggers.concentration(spread(GROSS // 4 + off, MILLION), P)

        assert (reason is not None) is told

    @pytest.mark.parametrize(("off", "told"), [(-1, False), (0, False), (1, True)])
    def test_of_three_is_told_beyond_three_fifths(self, off: int, told: bool) -> None:
        situation = spread(2 * MILLION, 2 * MILLION, 2 * MILLION + off, MILLION)

        reason = triggers.concentration(situation, P)

        assert (reason is not None) is told
        if reason is not None:
            assert reason.text == "the three largest assets are 60.01 %, above 60.00 %"
            assert reason.aim.kind is AimKind.WEIGHTS

    def test_does_not_count_cash(self) -> None:
        assert triggers.concentration(fund(cash=GROSS), P) is None


class TestAssetWeights:
    @pytest.mark.parametrize(("off", "told"), [(-1, False), (0, False), (1, True)])
    def test_are_told_beyond_five_points(self, off: int, told: bool) -> None:
        # Its target is half of L3's six millions.
        value = 3 * MILLION + GROSS // 20 + off
        asset = holding("HYA", Tier.L3, value, target_bps=5_000)

        reason = triggers.asset_weights(fund(asset, cash=GROSS - value), P)

        assert (reason is not None) is told

    def test_ask_for_no_more_yield_assets_in_place_of_cash(self) -> None:
        asset = holding("YLD", Tier.L1, 0, target_bps=10_000)

        assert triggers.asset_weights(fund(asset, cash=GROSS), P) is None


class TestLiquidity:
    @pytest.mark.parametrize(("off", "told"), [(-1, True), (0, False), (1, False)])
    def test_asks_for_a_refill_below_eight_percent(self, off: int, told: bool) -> None:
        reason = triggers.liquidity(tiers(8 * GROSS // 100 + off, 3 * MILLION), P)

        assert kind_of(reason) is (AimKind.LIQUIDITY if told else None)

    @pytest.mark.parametrize(("off", "told"), [(-1, False), (0, False), (1, True)])
    def test_asks_for_deploying_above_fifteen(self, off: int, told: bool) -> None:
        reason = triggers.liquidity(tiers(15 * GROSS // 100 + off, 3 * MILLION), P)

        assert kind_of(reason) is (AimKind.DEPLOY if told else None)

    @pytest.mark.parametrize(("off", "raised"), [(-1, None), (0, None), (1, 1)])
    def test_asks_for_what_is_due_beyond_four_fifths(self, off: int, raised: int | None) -> None:
        due = 4 * MILLION * 80 // 100 + off

        reason = triggers.liquidity(tiers(MILLION, 3 * MILLION, due=due), P)

        assert (reason.aim.raise_assets if reason else None) == raised

    def test_says_the_low_mark_and_what_is_due_at_once(self) -> None:
        reason = triggers.liquidity(tiers(MILLION // 2, 3 * MILLION, due=3 * MILLION), P)

        assert reason is not None
        assert reason.text == (
            "L1 is 5.00 %, below 8.00 %; 3,000,000.00 USDT fall due, more than 80.00 % of the"
            " 3,500,000.00 in L1 and L2"
        )
        assert reason.aim.raise_assets == MILLION * 2 // 10

    def test_rounds_what_it_shows_towards_the_mark_it_passed(self) -> None:
        low = triggers.liquidity(tiers(8 * GROSS // 100 - 1, 3 * MILLION), P)
        high = triggers.liquidity(tiers(15 * GROSS // 100 + 1, 3 * MILLION), P)

        assert low is not None
        assert low.text == "L1 is 7.99 %, below 8.00 %"
        assert high is not None
        assert high.text == "L1 is 15.01 %, above 15.00 %"


class TestEvents:
    @pytest.mark.parametrize(("off", "told"), [(-1, False), (0, False), (1, True)])
    def test_a_subscription_counts_beyond_the_mark(self, off: int, told: bool) -> None:
        reason = triggers.subscription(P.subscription_assets + off, P)

        assert kind_of(reason) is (AimKind.DEPLOY if told else None)

    @pytest.mark.parametrize(
        ("new", "told"),
        [(105, False), (95, False), (106, True), (94, True), (100, False)],
    )
    def test_a_nav_move_counts_beyond_five_percent(self, new: int, told: bool) -> None:
        assert (triggers.nav_move(100, new, P) is not None) is told

    def test_a_nav_move_counts_by_one_base_unit(self) -> None:
        assert triggers.nav_move(10**18, 10**18 + 5 * 10**16, P) is None
        assert triggers.nav_move(10**18, 10**18 + 5 * 10**16 + 1, P) is not None

    def test_a_first_nav_is_no_move(self) -> None:
        assert triggers.nav_move(0, 10**18, P) is None

    @pytest.mark.parametrize(
        ("move", "told"),
        [("0.05", False), ("-0.05", False), ("0.0500001", True), ("-0.0501", True), ("NaN", False)],
    )
    def test_a_price_move_counts_beyond_five_percent(self, move: str, told: bool) -> None:
        assert (triggers.price_moves({"HYA": Decimal(move)}, P) is not None) is told

    def test_price_moves_are_named_up_to_a_few(self) -> None:
        moves = {f"A{n}": Decimal("0.1") for n in range(7)}

        reason = triggers.price_moves(moves, P)

        assert reason is not None
        assert reason.text.endswith(
            "A0 by +10.00 %; A1 by +10.00 %; A2 by +10.00 %; A3 by +10.00 %; 3 more"
        )

    @pytest.mark.parametrize(
        ("seconds", "told"), [(-1, False), (0, False), (1, True), (60, True), (61, False)]
    )
    def test_a_window_counts_once(self, seconds: int, told: bool) -> None:
        at = AT + timedelta(seconds=seconds)
        until = AT + timedelta(seconds=60)
        opening = Window(symbol="HYA", opens_at=at, matures_at=None)
        maturing = Window(symbol="HYB", opens_at=None, matures_at=at)

        for window, what in ((opening, "HYA opened for purchases"), (maturing, "HYB matured")):
            reason = triggers.window_changes([window], since=AT, until=until)
            assert (reason.text if reason else None) == (what if told else None)


def kind_of(reason: Reason | None) -> AimKind | None:
    return reason.aim.kind if reason else None


def test_marks_are_parameters() -> None:
    tight = replace(P, l1_low_bps=1_200)

    assert kind_of(triggers.liquidity(simple(1_100_000, 3_000_000, 5_900_000), tight)) is (
        AimKind.LIQUIDITY
    )
