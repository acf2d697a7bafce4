"""Who holds the fund."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet

from apps.core.units import WAD, bps_of, mul_div_floor
from apps.fund.models import Holder

from .overview import Overview, latest_overview


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderView:
    """One account. ``value_assets`` = shares owned x NAV per share, floor; ``supply_bps`` of all
    shares, floor; as of ``as_of``. All None before the first snapshot. With ``in_escrow`` the vault
    keeps locked and pending shares: they are owned, and no part of the balance."""

    address: str
    balance_shares: int
    locked_shares: int
    pending_shares: int
    in_escrow: bool
    value_assets: int | None
    supply_bps: int | None
    as_of: datetime | None
    first_activity_at: datetime
    last_activity_at: datetime


def holders(*, invested_only: bool = True) -> list[HolderView]:
    """Every holder, largest first."""
    rows = Holder.objects.exclude(address=F("vault"))
    if invested_only:
        rows = rows.invested()
    overview = latest_overview()
    return [holder_view(row, overview) for row in rows.order_by("-balance_shares", "address")]


def holder_rows() -> QuerySet[Holder]:
    """Rows of those who hold shares now, largest first, for paging."""
    return Holder.objects.invested().order_by("-balance_shares", "address")


def holder(address: str) -> HolderView | None:
    """One account, None when it never held shares."""
    row = Holder.objects.filter(address=address.lower()).order_by("-balance_shares").first()
    return holder_view(row, latest_overview()) if row else None


def holder_count() -> int:
    """How many accounts own shares now."""
    return Holder.objects.invested().count()


def balances() -> dict[str, int]:
    """Shares by account, those with none left out, in order of address."""
    rows = Holder.objects.filter(balance_shares__gt=0).order_by("address")
    return dict(rows.values_list("address", "balance_shares"))


def holder_view(row: Holder, overview: Overview | None) -> HolderView:
    """A holder with value and share as of an overview."""
    value = supply_bps = None
    if overview is not None:
        value = mul_div_floor(row.owned_shares, overview.nav_per_share, WAD)
        supply_bps = bps_of(row.owned_shares, overview.total_supply)
    return HolderView(
        address=row.address,
        balance_shares=row.balance_shares,
        locked_shares=row.locked_shares,
        pending_shares=row.pending_shares,
        in_escrow=row.in_escrow,
        value_assets=value,
        supply_bps=supply_bps,
        as_of=overview.block_at if overview else None,
        first_activity_at=row.first_activity_at,
        last_activity_at=row.last_activity_at,
    )
