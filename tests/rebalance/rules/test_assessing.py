"""How risky a plan is, in words and points."""

from dataclasses import replace

import pytest

from apps.rebalance.rules.assessing import assess
from apps.rebalance.rules.figures import Action, Parameters, Situation
from tests.rebalance.running import MTMM, USDT, blueprint, sell, situation


def judged(
    *actions: Action, before: Situation | None = None, risk_level: str = "NORMAL"
) -> tuple[str, int, list[str]]:
    before = before or situation()
    said = assess(
        situation=before,
        blueprint=blueprint(actions, before),
        parameters=Parameters(),
        risk_level=risk_level,
    )
    return said["level"], said["score"], said["factors"]


class TestAssess:
    def test_says_every_factor(self) -> None:
        level, score, factors = judged(sell(1, MTMM, 60_000))

        assert factors == [
            "Moves 6.00 % of assets",
            "L1 will be 10.00 % of assets",
            "No redemptions are owed",
            "Expected to cost 61.00 USDT; the worst slippage is 0.10 %",
            "1 trade",
            "The fund's risk level is NORMAL",
        ]
        assert (level, score) == ("LOW", 20)

    @pytest.mark.parametrize(
        ("units", "points"), [(19_999, 0), (20_000, 10), (50_000, 20), (100_000, 30), (200_000, 40)]
    )
    def test_counts_what_is_moved(self, units: int, points: int) -> None:
        l1_is_high = situation(150_000)

        assert judged(sell(1, MTMM, units * 111 // 100), before=l1_is_high)[1] == points

    def test_counts_an_l1_that_stays_low(self) -> None:
        _, score, factors = judged(sell(1, MTMM, 19_000))

        assert factors[1] == "L1 will be 5.90 % of assets, below 8.00 %"
        assert score == 20

    @pytest.mark.parametrize(
        ("owed", "points"), [(400_000, 30), (399_999, 15), (266_667, 15), (266_666, 0)]
    )
    def test_counts_what_is_not_covered(self, owed: int, points: int) -> None:
        before = replace(situation(100_000), liability_assets=owed * USDT)
        before = replace(before, holdings=(replace(before.holdings[0], value=299_999 * USDT),))

        _, score, _ = judged(before=before)

        assert score == points

    @pytest.mark.parametrize(
        ("bps", "points"), [(49, 0), (50, 5), (199, 5), (200, 15), (499, 15), (500, 30)]
    )
    def test_counts_slippage(self, bps: int, points: int) -> None:
        before = situation(100_000)

        _, score, _ = judged(sell(1, MTMM, 10_000, slippage_bps=bps), before=before)

        assert score == points

    @pytest.mark.parametrize(("legs", "points"), [(4, 0), (5, 5), (10, 10)])
    def test_counts_trades(self, legs: int, points: int) -> None:
        actions = [sell(number, MTMM, 1_000) for number in range(1, legs + 1)]

        assert judged(*actions, before=situation(100_000))[1] == points

    @pytest.mark.parametrize(
        ("level", "points"), [("NORMAL", 0), ("ELEVATED", 10), ("HIGH", 25), ("CRITICAL", 40)]
    )
    def test_counts_how_the_fund_stands(self, level: str, points: int) -> None:
        assert judged(before=situation(100_000), risk_level=level)[1] == points

    def test_an_unknown_level_is_not_low(self) -> None:
        level, score, factors = judged(before=situation(100_000), risk_level="")

        assert (level, score) == ("MEDIUM", 15)
        assert factors[-1] == "The fund's risk level is unknown"

    def test_never_exceeds_a_hundred(self) -> None:
        before = replace(situation(), liability_assets=10**9 * USDT)

        level, score, _ = judged(
            sell(1, MTMM, 250_000, slippage_bps=600), before=before, risk_level="CRITICAL"
        )

        assert (level, score) == ("CRITICAL", 100)
