"""Which ratios close a gap, and which refill L1."""

from dataclasses import replace
from decimal import Decimal

from apps.chain.terms import Tier
from apps.rebalance.rules.figures import (
    ActionKind,
    AimKind,
    Blueprint,
    Parameters,
    Situation,
)
from apps.rebalance.rules.planning import plan
from apps.risk.rules.raising import gap_aim, transfer_aim
from tests.rebalance.running import MTMM, holding, situation

LOW = Decimal("0.10")
USDT = 10**18


def banded(**limits: tuple[int, int]) -> Situation:
    """L1 4 %, L2 36 %, L3 60 % of a million, with other bands: ``L3=(5_500, 7_000)``."""
    now = situation(40_000)
    bands = tuple(
        replace(band, min_bps=limits[band.tier.name][0], max_bps=limits[band.tier.name][1])
        if band.tier.name in limits
        else band
        for band in now.bands
    )
    return replace(now, bands=bands)


class TestGapAim:
    def wanted(self, now: Situation, gap: int) -> tuple[int, ...]:
        aim = gap_aim(now, gap=gap * USDT)
        assert aim.kind is AimKind.EXACT
        assert aim.raise_assets == gap * USDT
        assert sum(aim.target_bps.values()) == 10_000
        return tuple(aim.target_bps[tier] for tier in Tier)

    def test_sells_l3_into_l1(self) -> None:
        assert self.wanted(situation(40_000), 70_000) == (1_100, 3_600, 5_300)

    def test_rounds_up_to_whole_basis_points(self) -> None:
        assert self.wanted(situation(40_000), 70_001) == (1_101, 3_600, 5_299)

    def test_stops_at_the_minimum_of_l3(self) -> None:
        assert self.wanted(situation(40_000), 500_000) == (1_400, 3_600, 5_000)

    def test_puts_the_rest_into_l2_where_l1_is_full(self) -> None:
        assert self.wanted(banded(L1=(400, 600)), 40_000) == (600, 3_800, 5_600)

    def test_brings_l3_back_into_its_band(self) -> None:
        now = situation(10_000, holdings=(holding(MTMM, 50_000), *situation().holdings[1:]))

        first, second, third = self.wanted(now, 1_000)

        assert third == 7_000
        assert (first, second) == (1_000, 2_000)

    def test_the_plan_sells_l3_and_nothing_of_l2(self) -> None:
        now = situation(40_000)

        made = plan(now, Parameters(), gap_aim(now, gap=90_000 * USDT))

        assert isinstance(made, Blueprint)
        after = {row.tier: row.after - row.before for row in made.tiers}
        assert after[Tier.L1] > 89_000 * USDT
        assert after[Tier.L3] < -89_000 * USDT
        assert abs(after[Tier.L2]) < 1_000 * USDT

    def test_raises_cash_as_ever_where_l3_has_nothing_to_give(self) -> None:
        aim = gap_aim(banded(L3=(6_000, 7_000)), gap=USDT)

        assert (aim.kind, aim.raise_assets) == (AimKind.LIQUIDITY, USDT)

    def test_raises_cash_as_ever_where_nothing_fits(self) -> None:
        aim = gap_aim(banded(L1=(100, 300), L2=(2_000, 3_600)), gap=50_000 * USDT)

        assert aim.kind is AimKind.LIQUIDITY

    def test_refills_where_there_is_no_gap(self) -> None:
        aim = gap_aim(situation(40_000), gap=0)

        assert (aim.kind, aim.raise_assets) == (AimKind.LIQUIDITY, 0)

    def test_of_no_fund(self) -> None:
        assert gap_aim(situation(0, holdings=()), gap=1).kind is AimKind.LIQUIDITY


class TestTransferAim:
    def test_brings_l1_to_its_target_out_of_l2_alone(self) -> None:
        now = situation(90_000, holdings=(holding(MTMM, 310_000), *situation().holdings[1:]))

        aim = transfer_aim(now, low=LOW)
        made = plan(now, Parameters(), aim)

        assert aim.kind is AimKind.EXACT
        assert aim.target_bps == {Tier.L1: 1_000, Tier.L2: 3_000, Tier.L3: 6_000}
        assert isinstance(made, Blueprint)
        after = {row.tier: row.after_bps or 0 for row in made.tiers}
        assert 998 <= after[Tier.L1] <= 1_000  # slippage is lost
        assert 2_998 <= after[Tier.L2] <= 3_000
        (sold,) = [action for action in made.actions if action.token == MTMM]
        assert sold.kind is ActionKind.REDEEM

    def test_leaves_l2_its_minimum(self) -> None:
        now = situation(60_000, holdings=(holding(MTMM, 220_000), *situation().holdings[1:]))
        now = replace(
            now,
            bands=tuple(
                replace(band, min_bps=2_400) if band.tier is Tier.L2 else band for band in now.bands
            ),
        )

        aim = transfer_aim(now, low=LOW)

        assert aim.kind is AimKind.LIQUIDITY or aim.target_bps[Tier.L2] >= 2_400

    def test_refills_as_ever_where_l1_is_not_low(self) -> None:
        now = situation(150_000)

        assert transfer_aim(now, low=LOW).kind is AimKind.LIQUIDITY

    def test_refills_as_ever_where_l3_is_outside_its_band(self) -> None:
        now = situation(40_000, holdings=(holding(MTMM, 100_000), *situation().holdings[1:]))

        assert transfer_aim(now, low=LOW).kind is AimKind.LIQUIDITY

    def test_refills_as_ever_where_there_is_no_fund(self) -> None:
        assert transfer_aim(situation(0, holdings=()), low=LOW).kind is AimKind.LIQUIDITY
