"""What rebalancing is asked for: to close a gap out of L3, or to refill L1 from L2. Plain Python.

The contracts sell L1's yield assets and L2 by themselves when a redemption is settled. What they
cannot pay from those is in L3, so a gap is closed by what leaves L3.
"""

from decimal import ROUND_HALF_UP, Decimal

from apps.chain.terms import Tier
from apps.core.units import BPS_ONE
from apps.rebalance.rules.figures import Aim, AimKind, Band, Situation


def gap_aim(situation: Situation, *, gap: int) -> Aim:
    """As much of L3 sold as the gap (USDT base units) needs and L3's minimum lets go, into L1 as
    far as its maximum lets it, the rest into L2.

    Where there is no gap, L3 has nothing to give, or the bands allow no such ratios, cash is raised
    as for any redemption: from L1's yield assets and L2 first.
    """
    raised = Aim(kind=AimKind.LIQUIDITY, raise_assets=gap)
    gross = situation.gross
    third = situation.ratio_bps(Tier.L3)
    if gap <= 0 or third is None:
        return raised
    needed = -(-gap * BPS_ONE // gross)  # ceil
    kept = _within(third - needed, situation.band(Tier.L3))
    if kept >= third:
        return raised
    liquid = BPS_ONE - kept
    first, second = situation.band(Tier.L1), situation.band(Tier.L2)
    into_second = _within(situation.ratio_bps(Tier.L2) or 0, second)
    into_first = _within(liquid - into_second, first)
    wanted = {Tier.L1: into_first, Tier.L2: liquid - into_first, Tier.L3: kept}
    if not _fits(situation, wanted):
        return raised
    return Aim(kind=AimKind.EXACT, raise_assets=gap, target_bps=wanted)


def transfer_aim(situation: Situation, *, low: Decimal) -> Aim:
    """L1 back at its target out of L2, which keeps its minimum; L3 stays as it is.

    Where L1 is not below the share ``low``, L2 has nothing to give, or L3 is outside its band (so
    that such ratios cannot be wanted), L1 is refilled as for any redemption.
    """
    refill = Aim(kind=AimKind.LIQUIDITY)
    first, second = situation.ratio_bps(Tier.L1), situation.ratio_bps(Tier.L2)
    if first is None or second is None:
        return refill
    mark = int((low * BPS_ONE).to_integral_value(rounding=ROUND_HALF_UP))
    target, least = situation.band(Tier.L1).target_bps, situation.band(Tier.L2).min_bps
    moved = min(target - first, second - least)
    if first >= mark or moved <= 0:
        return refill
    wanted = {Tier.L1: first + moved, Tier.L2: second - moved}
    wanted[Tier.L3] = BPS_ONE - sum(wanted.values())
    return Aim(kind=AimKind.EXACT, target_bps=wanted) if _fits(situation, wanted) else refill


def _within(bps: int, band: Band) -> int:
    return min(max(bps, band.min_bps), band.max_bps)


def _fits(situation: Situation, wanted: dict[Tier, int]) -> bool:
    return all(band.min_bps <= wanted[band.tier] <= band.max_bps for band in situation.bands)
