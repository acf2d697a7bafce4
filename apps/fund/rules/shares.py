"""Shares of a tier, in basis points: an asset's target within its tier, and of the whole fund."""

from collections.abc import Mapping

from apps.core.units import BPS_ONE


def tier_total(shares: Mapping[str, int], token: str, share_bps: int) -> int:
    """What a tier's shares sum to when ``token`` gets ``share_bps``, new or instead of its own."""
    return sum(share for other, share in shares.items() if other != token) + share_bps


def fits(shares: Mapping[str, int], token: str, share_bps: int) -> bool:
    """Whether a tier's shares stay at or below the whole."""
    return share_bps >= 0 and tier_total(shares, token, share_bps) <= BPS_ONE


def target_of_whole_bps(tier_target_bps: int | None, share_bps: int) -> int | None:
    """An asset's target of all assets: tier's target x its share, floor; None when the tier's
    target is unknown."""
    return None if tier_target_bps is None else tier_target_bps * share_bps // BPS_ONE
