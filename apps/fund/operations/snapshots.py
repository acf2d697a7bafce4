"""Snapshots: what a node said about one block becomes rows."""

import logging
from datetime import datetime, timedelta
from typing import Any

import redis
from django.core.cache import cache
from django.db import connection, transaction

from apps.chain.queries import FundState
from apps.core import bus
from apps.core.errors import Refused
from apps.core.locks import transaction_lock
from apps.core.units import bps_of
from apps.fund.events import SnapshotTaken
from apps.fund.models import (
    AssetSnapshot,
    Holder,
    ShareMovement,
    Snapshot,
    SnapshotKind,
    SnapshotStatus,
)
from apps.fund.queries.overview import OVERVIEW_CACHE_KEY
from apps.fund.rules.slots import HOUR

from .projections.identity import clean

log = logging.getLogger(__name__)

LIVE_KEPT = timedelta(hours=48)
ON_TIME = HOUR
"""A snapshot taken later than this after its slot is a back-fill."""


class SlotMismatch(Refused):
    """The block is later than the instant the snapshot is to stand for."""


class AlreadyTaken(Refused):
    """A snapshot is there; it is not replaced by a gap."""


def take_snapshot(
    *, kind: str, chain_id: int, slot: datetime, state: FundState, at: datetime
) -> Snapshot:
    """Keep the fund's state as the snapshot of ``slot``. Asked again, an hourly or daily one stays
    as it is; a live one is only followed by a newer block. A gap is filled.

    Raises:
        SlotMismatch: the state is of a later block than the slot.
    """
    if state.block.time > slot:
        raise SlotMismatch(f"block {state.block.number} is later than {slot:%Y-%m-%d %H:%M} UTC")
    with transaction.atomic():
        transaction_lock(f"fund:snapshot:{chain_id}:{kind}")
        row = Snapshot.objects.filter(chain_id=chain_id, kind=kind, slot=slot).first()
        if row is not None and row.status == SnapshotStatus.OK and not _follows(row, state, at):
            return row
        row = row or Snapshot(chain_id=chain_id, kind=kind, slot=slot)
        row.status, row.gap_reason = SnapshotStatus.OK, ""
        row.taken_at = at
        row.backfilled = kind != SnapshotKind.LIVE and at - slot > ON_TIME
        for name, value in _figures(chain_id, state).items():
            setattr(row, name, value)
        row.save()
        row.assets.all().delete()
        AssetSnapshot.objects.bulk_create(_assets(row, state))
        bus.publish(
            SnapshotTaken(
                kind=kind,
                snapshot_id=row.pk,
                slot=slot,
                block_number=state.block.number,
                nav_per_share=state.vault.share_price,
                backfilled=row.backfilled,
                at=at,
            )
        )
        transaction.on_commit(_forget_overview)
    return row


def mark_gap(*, kind: str, chain_id: int, slot: datetime, reason: str, at: datetime) -> Snapshot:
    """Say that nobody can tell how the fund stood at ``slot``; said again, it notes when that was.

    Raises:
        AlreadyTaken: there is a snapshot of that slot.
    """
    with transaction.atomic():
        transaction_lock(f"fund:snapshot:{chain_id}:{kind}")
        row, _ = Snapshot.objects.get_or_create(
            chain_id=chain_id,
            kind=kind,
            slot=slot,
            defaults={"status": SnapshotStatus.GAP, "gap_reason": reason[:300], "taken_at": at},
        )
        if row.status != SnapshotStatus.GAP:
            raise AlreadyTaken(f"{row} is there; it is no gap")
        if row.taken_at != at:
            row.gap_reason, row.taken_at = reason[:300], at
            row.save(update_fields=["gap_reason", "taken_at"])
    return row


def prune_live(*, at: datetime) -> int:
    """Delete live snapshots older than two days, save the newest; returns how many."""
    old = Snapshot.objects.filter(kind=SnapshotKind.LIVE, taken_at__lt=at - LIVE_KEPT)
    newest = (
        Snapshot.objects.filter(kind=SnapshotKind.LIVE)
        .order_by("-block_number", "-taken_at")
        .values_list("pk", flat=True)
        .first()
    )
    if newest is not None:
        old = old.exclude(pk=newest)
    count = old.count()
    old.delete()
    return count


def _follows(row: Snapshot, state: FundState, at: datetime) -> bool:
    """Whether a state replaces a taken snapshot: live ones only, never by an older look."""
    if row.kind != SnapshotKind.LIVE or row.block_number is None:
        return False
    return (state.block.number, at) > (row.block_number, row.taken_at)


def _figures(chain_id: int, state: FundState) -> dict[str, Any]:
    vault, breakdown, pending = state.vault, state.breakdown, state.pending_fees
    fees, buffer = state.redemption_fees, state.buffer
    layers = (vault.layer1_liquidity, vault.layer2_liquidity, vault.layer3_value)
    withdrawable = state.withdrawable_redemption_fees
    if withdrawable is None and fees is not None:
        withdrawable = fees.withdrawable
    return {
        "block_number": state.block.number,
        "block_hash": state.block.hash,
        "block_at": state.block.time,
        "total_assets": vault.total_assets,
        "total_supply": vault.total_supply,
        "nav_per_share": vault.share_price,
        "aum_assets": sum(layers),
        "l1_assets": layers[0],
        "l2_assets": layers[1],
        "l3_assets": layers[2],
        "l1_cash_assets": breakdown.layer1_cash if breakdown else None,
        "l1_yield_assets": breakdown.layer1_yield if breakdown else None,
        "liability_assets": vault.total_redemption_liability,
        "locked_shares": vault.total_locked_shares,
        "emergency_mode": vault.emergency_mode,
        "holders": _holders(chain_id, state.block.number),
        "available_assets": state.available_liquidity,
        "effective_supply": state.effective_supply,
        "paused": state.paused,
        "tiers": [
            {
                "tier": int(band.tier),
                "target_bps": band.target_bps,
                "min_bps": band.min_bps,
                "max_bps": band.max_bps,
            }
            for band in state.tiers
        ],
        "pending_management_fee_assets": pending.management if pending else None,
        "pending_performance_fee_assets": pending.performance if pending else None,
        "unpaid_fees_assets": state.unpaid_fees,
        "high_water_mark_assets": pending.high_water_mark if pending else None,
        "fees_collected_at": pending.last_collection_at if pending else None,
        "redemption_fees_assets": fees.total if fees else None,
        "redemption_fees_withdrawable_assets": withdrawable,
        "redemption_fees_withdrawn_assets": fees.withdrawn if fees else None,
        "buffer_assets": buffer.total if buffer else None,
        "buffer_target_assets": buffer.target if buffer else None,
    }


def _assets(row: Snapshot, state: FundState) -> list[AssetSnapshot]:
    aum = row.aum_assets or 0
    return [
        AssetSnapshot(
            snapshot=row,
            token=asset.token,
            symbol=clean(asset.symbol, 64),
            name=clean(asset.name, 200),
            decimals=asset.decimals,
            tier=asset.tier,
            target_bps=asset.target_bps,
            active=asset.active,
            balance=asset.balance,
            price_assets=asset.price,
            value_assets=asset.value_assets,
            weight_bps=None if asset.value_assets is None else bps_of(asset.value_assets, aum),
            purchase_method=asset.purchase_method,
            max_slippage_bps=asset.max_slippage_bps,
            min_purchase_assets=asset.min_purchase_assets,
            subscription_starts_at=asset.subscription_start,
            subscription_ends_at=asset.subscription_end,
        )
        for asset in state.assets
    ]


def _holders(chain_id: int, block_number: int) -> int:
    """How many accounts owned shares after a block; from the movements when it is of the past."""
    if not _has_movement_after(chain_id, block_number):
        return Holder.objects.filter(chain_id=chain_id).invested().count()
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS_AT_BLOCK, {"chain": chain_id, "block": block_number})
        count: int = cursor.fetchone()[0]
    return count


def _has_movement_after(chain_id: int, block_number: int) -> bool:
    return ShareMovement.objects.filter(chain_id=chain_id, block_number__gt=block_number).exists()


_HOLDERS_AT_BLOCK = """
    WITH movement AS (
        SELECT * FROM fund_sharemovement WHERE chain_id = %(chain)s AND block_number <= %(block)s
    ), moved AS (
        SELECT contract, recipient AS account, shares AS delta FROM movement
        WHERE kind IN ('MINT', 'TRANSFER')
        UNION ALL
        SELECT contract, sender, -shares FROM movement WHERE kind IN ('BURN', 'TRANSFER')
        UNION ALL
        -- What the vault keeps for an account is still the account's.
        SELECT contract, sender, CASE WHEN kind IN ('LOCK', 'PEND') THEN shares ELSE -shares END
        FROM movement JOIN fund_holder AS holder ON holder.in_escrow AND holder.address = sender
            AND holder.vault = contract AND holder.chain_id = movement.chain_id
        WHERE kind IN ('LOCK', 'PEND', 'UNLOCK', 'RELEASE', 'UNPEND', 'CONVERT')
    )
    SELECT count(*) FROM (
        SELECT account FROM moved WHERE account <> contract
        GROUP BY contract, account HAVING sum(delta) > 0
    ) AS held
"""


def _forget_overview() -> None:
    try:
        cache.delete(OVERVIEW_CACHE_KEY)
    except (redis.RedisError, OSError) as error:
        log.warning("the cache does not answer (%s); it forgets by itself in a minute", error)
