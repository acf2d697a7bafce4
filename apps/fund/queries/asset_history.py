"""One asset through time, as the snapshots saw it."""

from dataclasses import dataclass
from datetime import datetime

from apps.fund.models import AssetSnapshot, Snapshot, SnapshotKind, SnapshotStatus
from apps.fund.rules.performance import thinned


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPoint:
    """An asset in one snapshot: base units, assets per whole token, bps of AUM. Figures are None
    where the contracts did not answer."""

    at: datetime
    balance: int | None
    price_assets: int | None
    value_assets: int | None
    weight_bps: int | None
    block_number: int


def asset_history(
    *, token: str, start: datetime, end: datetime, points_max: int = 300
) -> list[AssetPoint]:
    """At most ``points_max`` points of an asset in [start, end), oldest first: hourly where hours
    are kept, daily before. Where it was not listed, or nobody knows, there is no point."""
    rows = AssetSnapshot.objects.filter(
        token=token.lower(),
        snapshot__status=SnapshotStatus.OK,
        snapshot__slot__gte=start,
        snapshot__slot__lt=end,
    ).exclude(snapshot__kind=SnapshotKind.LIVE)
    found = rows.order_by("snapshot__slot", "snapshot__kind").values_list(
        "snapshot__slot",
        "snapshot__block_number",
        "balance",
        "price_assets",
        "value_assets",
        "weight_bps",
    )
    by_instant = {
        slot: AssetPoint(
            at=slot,
            balance=balance,
            price_assets=price,
            value_assets=value,
            weight_bps=weight,
            block_number=number or 0,
        )
        for slot, number, balance, price, value, weight in found
    }
    return thinned(list(by_instant.values()), points_max)


def asset_gaps(*, start: datetime, end: datetime) -> list[datetime]:
    """Instants in [start, end) of which nobody can say what the fund held, oldest first."""
    rows = Snapshot.objects.filter(status=SnapshotStatus.GAP, slot__gte=start, slot__lt=end)
    return list(rows.order_by("slot").values_list("slot", flat=True).distinct())
