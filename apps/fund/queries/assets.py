"""What the fund holds: the register, how each asset stands, and its trades."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from apps.fund.models import (
    Asset,
    AssetProfile,
    AssetSnapshot,
    AssetTrade,
    Snapshot,
    SnapshotStatus,
)
from apps.fund.rules.performance import change
from apps.fund.rules.shares import target_of_whole_bps

from .contracts import tier_bands
from .overview import TIER_NAMES
from .periods import in_order, within


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetView:
    """One asset of the register with its figures in the newest snapshot (as of ``as_of``).

    ``price_assets``: base units of assets per whole token. ``target_bps`` is of its tier,
    ``target_whole_bps`` of all assets. Figures are None when unknown: no snapshot yet, the contract
    did not answer, or the asset has left the register. ``issuer`` is empty until people name one.
    """

    token: str
    symbol: str
    name: str
    decimals: int
    tier: str
    target_bps: int
    target_whole_bps: int | None
    listed: bool
    listed_at: datetime
    removed_at: datetime | None
    active: bool | None
    balance: int | None
    price_assets: int | None
    value_assets: int | None
    weight_bps: int | None
    change_24h: Decimal | None
    purchase_method: int | None
    max_slippage_bps: int | None
    min_purchase_assets: int | None
    subscription_starts_at: datetime | None
    subscription_ends_at: datetime | None
    issuer: str
    otc_contact: str
    matures_at: datetime | None
    notice_days: int | None
    as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeView:
    """One act on an asset; base units. ``method`` 0 OTC, 1 SWAP, 2 AUTO, None unknown."""

    at: datetime
    kind: str
    token: str
    symbol: str
    decimals: int | None
    method: int | None
    assets: int
    tokens: int
    block_number: int
    chain_id: int
    tx_hash: str


def assets(*, tier: str | None = None, listed_only: bool = True) -> list[AssetView]:
    """The register, by tier and symbol; ``tier`` is "L1", "L2" or "L3"."""
    rows = Asset.objects.all()
    if listed_only:
        rows = rows.filter(listed=True)
    if tier is not None:
        rows = rows.filter(tier=TIER_NAMES.index(tier))
    newest = (
        Snapshot.objects.filter(status=SnapshotStatus.OK)
        .order_by("-block_number", "-taken_at")
        .first()
    )
    figures = _figures(newest)
    before = {token: row.price_assets for token, row in _figures(_day_before(newest)).items()}
    targets = _tier_targets(newest)
    terms = {(row.chain_id, row.token): row for row in AssetProfile.objects.all()}
    return [
        _view(
            row,
            figures.get(row.token),
            before.get(row.token),
            newest,
            target_of_whole_bps(targets.get(row.tier), row.target_bps),
            terms.get((row.chain_id, row.token)),
        )
        for row in rows
    ]


def symbols(*, chain_id: int) -> dict[str, str]:
    """What every token that was ever listed calls itself."""
    rows = Asset.objects.filter(chain_id=chain_id)
    return dict(rows.exclude(symbol="").values_list("token", "symbol"))


def trades(
    *, start: datetime | None = None, end: datetime | None = None, token: str | None = None
) -> list[TradeView]:
    """Trades in [start, end), oldest first."""
    rows = in_order(within(AssetTrade.objects.all(), start, end))
    if token is not None:
        rows = rows.filter(token=token.lower())
    register = {row.token: row for row in Asset.objects.all()}
    return [
        TradeView(
            at=row.at,
            kind=row.kind,
            token=row.token,
            symbol=register[row.token].symbol if row.token in register else "",
            decimals=register[row.token].decimals if row.token in register else None,
            method=row.method,
            assets=row.assets,
            tokens=row.tokens,
            block_number=row.block_number,
            chain_id=row.chain_id,
            tx_hash=row.tx_hash,
        )
        for row in rows
    ]


def _figures(snapshot: Snapshot | None) -> dict[str, AssetSnapshot]:
    return {} if snapshot is None else {row.token: row for row in snapshot.assets.all()}


def _day_before(newest: Snapshot | None) -> Snapshot | None:
    """The snapshot 24 h before the newest, None when there is none within two hours of that."""
    if newest is None:
        return None
    instant = newest.slot - timedelta(days=1)
    return (
        Snapshot.objects.filter(
            status=SnapshotStatus.OK, slot__lte=instant, slot__gte=instant - timedelta(hours=2)
        )
        .order_by("-slot", "-block_number")
        .first()
    )


def _tier_targets(newest: Snapshot | None) -> dict[int, int]:
    """Tiers' targets (bps of assets) as of the newest snapshot, else as the events say."""
    if newest is not None and newest.tiers:
        return {band["tier"]: band["target_bps"] for band in newest.tiers}
    return {TIER_NAMES.index(name): band.target_bps for name, band in tier_bands().items()}


def _view(
    row: Asset,
    figures: AssetSnapshot | None,
    price_before: int | None,
    newest: Snapshot | None,
    target_whole_bps: int | None,
    profile: AssetProfile | None,
) -> AssetView:
    return AssetView(
        token=row.token,
        symbol=row.symbol,
        name=row.name,
        decimals=row.decimals,
        tier=TIER_NAMES[row.tier],
        target_bps=row.target_bps,
        target_whole_bps=target_whole_bps if row.listed else None,
        listed=row.listed,
        listed_at=row.listed_at,
        removed_at=row.removed_at,
        active=figures.active if figures else None,
        balance=figures.balance if figures else None,
        price_assets=figures.price_assets if figures else None,
        value_assets=figures.value_assets if figures else None,
        weight_bps=figures.weight_bps if figures else None,
        change_24h=change(price_before, figures.price_assets) if figures else None,
        purchase_method=figures.purchase_method if figures else None,
        max_slippage_bps=figures.max_slippage_bps if figures else None,
        min_purchase_assets=figures.min_purchase_assets if figures else None,
        subscription_starts_at=figures.subscription_starts_at if figures else None,
        subscription_ends_at=figures.subscription_ends_at if figures else None,
        issuer=profile.issuer if profile else "",
        otc_contact=profile.otc_contact if profile else "",
        matures_at=profile.matures_at if profile else None,
        notice_days=profile.notice_days if profile else None,
        as_of=newest.slot if newest and figures else None,
    )
