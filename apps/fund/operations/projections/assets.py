"""The asset register and what was bought and sold."""

from django.db.models import Q, QuerySet

from apps.chain.events import (
    AssetAdded,
    AssetAllocationUpdated,
    AssetPurchased,
    AssetRedeemed,
    AssetRemoved,
    BufferPoolRebalanced,
    PurchaseRouted,
    Source,
    WaterfallLiquidation,
    YieldCompounded,
)
from apps.core.errors import Refused
from apps.fund.models import Asset, AssetTrade, BufferMove, TradeKind

from .identity import clean, identity
from .pairs import is_known, pair


class UnknownAsset(Refused):
    """A log speaks of an asset that we never saw added: an earlier log is missing."""


def record_asset_added(fact: AssetAdded) -> None:
    """An asset enters the register, or comes back to it."""
    source = fact.source
    rows = Asset.objects.filter(chain_id=source.chain_id, contract=source.address, token=fact.token)
    values = {
        "name": clean(fact.name, 200),
        "symbol": clean(fact.symbol, 64),
        "decimals": fact.decimals,
        "tier": fact.tier,
        "target_bps": fact.allocation_bps,
        "listed": True,
        "listed_at": source.block_time,
        "removed_at": None,
        "as_of_block": source.block_number,
        "as_of_log_index": source.log_index,
    }
    if not rows.exists():
        Asset.objects.create(
            chain_id=source.chain_id, contract=source.address, token=fact.token, **values
        )
        return
    rows.filter(_older_than(source)).update(**values)


def record_asset_removed(fact: AssetRemoved) -> None:
    """An asset leaves the register.

    Raises:
        UnknownAsset: it was never seen to enter.
    """
    _known(fact.source, fact.token).filter(_older_than(fact.source)).update(
        listed=False, removed_at=fact.source.block_time, **_as_of(fact.source)
    )


def record_allocation_update(fact: AssetAllocationUpdated) -> None:
    """An asset's target within its tier changes.

    Raises:
        UnknownAsset: it was never seen to enter.
    """
    _known(fact.source, fact.token).filter(_older_than(fact.source)).update(
        target_bps=fact.new_allocation_bps, **_as_of(fact.source)
    )


def record_route(fact: PurchaseRouted) -> None:
    """How a purchase was carried out; an allocation, unless a purchase log goes with it."""
    if is_known(AssetTrade.objects.all(), fact.source):
        return
    purchases = _same_amounts(fact).filter(kind=TradeKind.PURCHASE, method=None)
    if not pair(purchases, fact.source, method=fact.method):
        AssetTrade(
            **identity(fact.source),
            kind=TradeKind.ALLOCATION,
            token=fact.token,
            tier=fact.tier,
            method=fact.method,
            assets=fact.assets_spent,
            tokens=fact.tokens_received,
        ).insert_once()


def record_purchase(fact: AssetPurchased) -> None:
    """A purchase; of zero when it was below the asset's minimum."""
    if is_known(AssetTrade.objects.all(), fact.source):
        return
    routes = _same_amounts(fact).filter(kind=TradeKind.ALLOCATION)
    if not pair(routes, fact.source, kind=TradeKind.PURCHASE):
        AssetTrade(
            **identity(fact.source),
            kind=TradeKind.PURCHASE,
            token=fact.token,
            tier=fact.tier,
            assets=fact.assets_spent,
            tokens=fact.tokens_received,
        ).insert_once()


def record_redemption_of_asset(fact: AssetRedeemed) -> None:
    """Tokens sold back."""
    _record_sale(fact, TradeKind.REDEMPTION)


def record_liquidation(fact: WaterfallLiquidation) -> None:
    """Tokens sold to raise cash."""
    _record_sale(fact, TradeKind.LIQUIDATION)


def record_yield(fact: YieldCompounded) -> None:
    """Income of an asset taken as more of it."""
    AssetTrade(
        **identity(fact.source),
        kind=TradeKind.YIELD,
        token=fact.token,
        assets=fact.yield_assets,
        tokens=fact.shares_issued,
    ).insert_once()


def record_buffer_move(fact: BufferPoolRebalanced) -> None:
    """The L1 buffer moved."""
    BufferMove(
        **identity(fact.source),
        old_buffer_assets=fact.old_buffer_assets,
        new_buffer_assets=fact.new_buffer_assets,
        target_buffer_assets=fact.target_buffer_assets,
    ).insert_once()


def _record_sale(fact: AssetRedeemed | WaterfallLiquidation, kind: str) -> None:
    AssetTrade(
        **identity(fact.source),
        kind=kind,
        token=fact.token,
        tier=fact.tier,
        assets=fact.assets_received,
        tokens=fact.tokens_spent,
    ).insert_once()


def _same_amounts(fact: PurchaseRouted | AssetPurchased) -> QuerySet[AssetTrade]:
    return AssetTrade.objects.filter(
        contract=fact.source.address,
        token=fact.token,
        assets=fact.assets_spent,
        tokens=fact.tokens_received,
    )


def _known(source: Source, token: str) -> QuerySet[Asset]:
    rows = Asset.objects.filter(chain_id=source.chain_id, contract=source.address, token=token)
    if not rows.exists():
        raise UnknownAsset(f"{token} was never seen to be added to the register")
    return rows


def _older_than(source: Source) -> Q:
    return Q(as_of_block__lt=source.block_number) | Q(
        as_of_block=source.block_number, as_of_log_index__lt=source.log_index
    )


def _as_of(source: Source) -> dict[str, int]:
    return {"as_of_block": source.block_number, "as_of_log_index": source.log_index}
