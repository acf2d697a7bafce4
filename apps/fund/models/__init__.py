"""Rows of the fund.

``ChainRow`` and its kin hold one row per log and are only ever added to. ``Holder``, ``Asset`` and
``ChainRole`` hold current state and say which log they reflect.
"""

from .assets import Asset, AssetTrade, BufferMove, TradeKind
from .contracts import (
    AlertLevel,
    ChainRole,
    ContractParameter,
    ContractReference,
    ContractSwitch,
    LiquidityAlert,
    SwitchName,
    TierConfig,
)
from .flows import FeeDirection, FeeEntry, FeeKind, NavUpdate, Payout, Subscription
from .holders import Holder, MovementKind, ShareMovement
from .liquidity import (
    LiabilityEntry,
    QuotaChange,
    QuotaEvent,
    SettlementShortfall,
    day_index_at,
    day_of,
)
from .log_row import FactContradicted, LogRow
from .profiles import AssetProfile
from .risk import RiskLevel, RiskState
from .snapshots import AssetSnapshot, Snapshot, SnapshotKind, SnapshotStatus

__all__ = [
    "AlertLevel",
    "Asset",
    "AssetProfile",
    "AssetSnapshot",
    "AssetTrade",
    "BufferMove",
    "ChainRole",
    "ContractParameter",
    "ContractReference",
    "ContractSwitch",
    "FactContradicted",
    "FeeDirection",
    "FeeEntry",
    "FeeKind",
    "Holder",
    "LiabilityEntry",
    "LiquidityAlert",
    "LogRow",
    "MovementKind",
    "NavUpdate",
    "Payout",
    "QuotaChange",
    "QuotaEvent",
    "RiskLevel",
    "RiskState",
    "SettlementShortfall",
    "ShareMovement",
    "Snapshot",
    "SnapshotKind",
    "SnapshotStatus",
    "Subscription",
    "SwitchName",
    "TierConfig",
    "TradeKind",
    "day_index_at",
    "day_of",
]
