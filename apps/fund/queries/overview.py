"""The fund at a glance: the newest snapshot, or that of an instant."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.core.cached import cached
from apps.core.units import bps_of
from apps.fund.models import Snapshot, SnapshotStatus

OVERVIEW_CACHE_KEY = "fund:overview:2"
"""Ends in another number whenever an overview has other fields: one that was kept by an earlier
version would be read with its figures in the wrong places."""
OVERVIEW_CACHE_SECONDS = 60
TIER_NAMES = ("L1", "L2", "L3")


@dataclass(frozen=True, slots=True, kw_only=True)
class TierView:
    """One tier against its band; bps are of AUM, None where unknown."""

    tier: str
    value_assets: int
    ratio_bps: int | None
    target_bps: int | None
    min_bps: int | None
    max_bps: int | None

    @property
    def is_within_band(self) -> bool | None:
        """Whether the ratio lies within [min, max]; None when either is unknown."""
        if self.ratio_bps is None or self.min_bps is None or self.max_bps is None:
            return None
        return self.min_bps <= self.ratio_bps <= self.max_bps


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The fund at one block. Assets are USDT and shares PPT base units, ``nav_per_share`` 1e18
    fixed point; ``aum_assets`` is gross (L1 + L2 + L3), ``total_assets`` net. None is unknown.
    """

    snapshot_id: int
    kind: str
    slot: datetime
    chain_id: int
    block_number: int
    block_hash: str
    block_at: datetime
    taken_at: datetime
    total_assets: int
    total_supply: int
    effective_supply: int | None
    nav_per_share: int
    aum_assets: int
    l1_assets: int
    l2_assets: int
    l3_assets: int
    l1_cash_assets: int | None
    l1_yield_assets: int | None
    available_assets: int | None
    liability_assets: int
    locked_shares: int
    emergency_mode: bool
    paused: bool | None
    holders: int
    tiers: tuple[TierView, ...]
    pending_management_fee_assets: int | None
    pending_performance_fee_assets: int | None
    unpaid_fees_assets: int | None
    high_water_mark_assets: int | None
    redemption_fees_assets: int | None
    redemption_fees_withdrawable_assets: int | None
    redemption_fees_withdrawn_assets: int | None
    buffer_assets: int | None
    buffer_target_assets: int | None

    @property
    def liquid_assets(self) -> int:
        """L1 + L2: what can be turned into cash quickly, open liabilities not deducted."""
        return self.l1_assets + self.l2_assets


def latest_overview() -> Overview | None:
    """The fund as last read; None before the first snapshot."""
    row = (
        Snapshot.objects.filter(status=SnapshotStatus.OK)
        .order_by("-block_number", "-taken_at")
        .first()
    )
    return overview_of(row) if row else None


def cached_overview() -> Overview | None:
    """:func:`latest_overview`, at most a minute old; works as well without a cache."""
    return cached(OVERVIEW_CACHE_KEY, OVERVIEW_CACHE_SECONDS, latest_overview)


def overview_at(instant: datetime, *, tolerance: timedelta = timedelta(hours=1)) -> Overview | None:
    """The fund as it stood at an instant: the newest snapshot of a block not later.

    None when that snapshot stands for an instant more than ``tolerance`` earlier: with a gap there
    we do not know, and an old figure would pass for a current one.
    """
    row = (
        Snapshot.objects.filter(
            status=SnapshotStatus.OK, slot__lte=instant, slot__gte=instant - tolerance
        )
        .order_by("-slot", "-block_number")
        .first()
    )
    return overview_of(row) if row else None


def overview_of(row: Snapshot) -> Overview:
    """A taken snapshot's row as a value."""
    values: dict[str, Any] = {
        name: getattr(row, name) for name in Overview.__dataclass_fields__ if hasattr(row, name)
    }
    values["tiers"] = tiers_of(row)
    return Overview(**values, snapshot_id=row.pk)


def tiers_of(row: Snapshot) -> tuple[TierView, ...]:
    """A taken snapshot's tiers against the bands that held then."""
    bands = {band["tier"]: band for band in row.tiers}
    figures = (row.l1_assets or 0, row.l2_assets or 0, row.l3_assets or 0)
    views = []
    for number, (name, value) in enumerate(zip(TIER_NAMES, figures, strict=True)):
        band = bands.get(number, {})
        views.append(
            TierView(
                tier=name,
                value_assets=value,
                ratio_bps=bps_of(value, row.aum_assets or 0),
                target_bps=band.get("target_bps"),
                min_bps=band.get("min_bps"),
                max_bps=band.get("max_bps"),
            )
        )
    return tuple(views)
