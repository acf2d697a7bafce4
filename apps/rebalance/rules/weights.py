"""Ratios that are compared exactly, and what an asset should weigh."""

from collections.abc import Iterable

from apps.chain.terms import Tier
from apps.core.units import BPS_ONE, format_bps
from apps.rebalance.rules.figures import Holding, Situation


def is_above(part: int, whole: int, limit_bps: int) -> bool:
    """Whether the part is more than so much of the whole; never of nothing."""
    return whole > 0 and part * BPS_ONE > limit_bps * whole


def is_below(part: int, whole: int, limit_bps: int) -> bool:
    """Whether the part is less than so much of the whole; never of nothing."""
    return whole > 0 and part * BPS_ONE < limit_bps * whole


def share_floor(whole: int, bps: int) -> int:
    """So much of the whole, rounded down."""
    return whole * bps // BPS_ONE


def share_ceil(whole: int, bps: int) -> int:
    """So much of the whole, rounded up."""
    return -(-whole * bps // BPS_ONE)


def percent_down(part: int, whole: int) -> str:
    """The ratio for people, rounded down: ``"7.99 %"``; a dash of nothing."""
    return format_bps(part * BPS_ONE // whole if whole else None)


def percent_up(part: int, whole: int) -> str:
    """The ratio for people, rounded up; a dash of nothing."""
    return format_bps(-(-part * BPS_ONE // whole) if whole else None)


def heaviest(holdings: Iterable[Holding]) -> list[Holding]:
    """The holdings from the most valuable down; equals by address, so that order never wavers."""
    return sorted(holdings, key=lambda holding: (-holding.value, holding.token))


def top_assets(holdings: Iterable[Holding]) -> int:
    """What the three most valuable are worth together; cash is not an asset here."""
    return sum(holding.value for holding in heaviest(holdings)[:3])


def target_assets(situation: Situation, holding: Holding) -> int:
    """What an asset is worth at its share of its tier's target, floor."""
    bands = {band.tier: band.target_bps for band in situation.bands}
    return situation.gross * bands.get(holding.tier, 0) * holding.target_bps // BPS_ONE**2


def off_target_assets(situation: Situation, holding: Holding) -> int:
    """How far an asset is from its target, negative when below.

    In L1 an asset is never below: cash stands in for it, being at least as liquid.
    """
    off = holding.value - target_assets(situation, holding)
    return max(0, off) if holding.tier is Tier.L1 else off
