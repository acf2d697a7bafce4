"""How far the fund's rows reach, and whether the overview is behind them."""

from datetime import datetime

from apps.fund.models import (
    AssetTrade,
    ContractSwitch,
    FeeEntry,
    NavUpdate,
    ShareMovement,
    Snapshot,
    SnapshotStatus,
)

_MOVERS = (ShareMovement, NavUpdate, AssetTrade, FeeEntry, ContractSwitch)
"""Facts after which the overview's figures are others."""


def inception(*, chain_id: int) -> datetime | None:
    """When the first shares were minted; None before that."""
    return (
        ShareMovement.objects.filter(chain_id=chain_id)
        .order_by("block_number", "log_index")
        .values_list("at", flat=True)
        .first()
    )


def newest_projected_block(*, chain_id: int) -> int | None:
    """The newest block with a fact that moves the overview; None when there is none."""
    newest = [
        model.objects.filter(chain_id=chain_id)
        .order_by("-block_number", "-log_index")
        .values_list("block_number", flat=True)
        .first()
        for model in _MOVERS
    ]
    return max((number for number in newest if number is not None), default=None)


def needs_refresh(*, chain_id: int) -> bool:
    """Whether a fact newer than the newest snapshot has been applied."""
    newest = newest_projected_block(chain_id=chain_id)
    if newest is None:
        return False
    read = (
        Snapshot.objects.filter(chain_id=chain_id, status=SnapshotStatus.OK)
        .order_by("-block_number")
        .values_list("block_number", flat=True)
        .first()
    )
    return read is None or newest > read
