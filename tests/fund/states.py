"""What a node might say about the fund at a block."""

from datetime import datetime
from typing import Any

from apps.chain.contracts.fund_state import (
    AssetState,
    BlockRef,
    BufferInfo,
    FundState,
    LiquidityBreakdown,
    PendingFees,
    RedemptionFees,
    TierBand,
    VaultState,
)
from apps.chain.terms import Tier
from tests.fund.facts import START, TOKEN, USDT


def block(number: int = 100, at: datetime = START) -> BlockRef:
    """A block of that number and time."""
    return BlockRef(number, f"0x{number:064x}", at)


def asset(**values: Any) -> AssetState:
    """250 000 MMF at 1.20 USDT, open for purchases."""
    return AssetState(
        **{
            "token": TOKEN,
            "symbol": "MMF",
            "name": "Money Market",
            "decimals": 6,
            "tier": Tier.L2,
            "target_bps": 10_000,
            "active": True,
            "balance": 250_000 * 10**6,
            "price": 12 * 10**17,
            "value_assets": 300_000 * USDT,
            "purchase_method": 1,
            "max_slippage_bps": 100,
            "min_purchase_assets": 1_000 * USDT,
            "subscription_start": None,
            "subscription_end": None,
            **values,
        }
    )


def state(number: int = 100, at: datetime = START, **values: Any) -> FundState:
    """One million USDT: 100 000 in L1, 300 000 in L2, 600 000 in L3; NAV 1.05; 40 000 owed."""
    vault = {
        "total_assets": 950_000 * USDT,
        "total_supply": 1_000_000 * USDT,
        "share_price": 105 * 10**16,
        "layer1_liquidity": 100_000 * USDT,
        "layer2_liquidity": 300_000 * USDT,
        "layer3_value": 600_000 * USDT,
        "total_redemption_liability": 40_000 * USDT,
        "total_locked_shares": 38_000 * USDT,
        "emergency_mode": False,
    }
    vault |= {name: values.pop(name) for name in list(values) if name in vault}
    fields: dict[str, Any] = {
        "breakdown": LiquidityBreakdown(
            60_000 * USDT, 40_000 * USDT, 300_000 * USDT, 600_000 * USDT
        ),
        "available_liquidity": 400_000 * USDT,
        "effective_supply": 962_000 * USDT,
        "withdrawable_redemption_fees": 10_000 * USDT,
        "paused": False,
        "manager_paused": False,
        "controller_paused": False,
        "tiers": (
            TierBand(Tier.L1, 1_000, 500, 2_000),
            TierBand(Tier.L2, 3_000, 2_000, 4_000),
            TierBand(Tier.L3, 6_000, 3_000, 5_500),
        ),
        "assets": (asset(),),
        "buffer": BufferInfo(
            60_000 * USDT, 40_000 * USDT, 100_000 * USDT, 100_000 * USDT, 1_000, False
        ),
        "pending_fees": PendingFees(7 * USDT, 3 * USDT, 10 * USDT, START, 590_000 * USDT),
        "redemption_fees": RedemptionFees(12_000 * USDT, 10_000 * USDT, 2_000 * USDT),
        "unpaid_fees": None,
    }
    return FundState(block=block(number, at), vault=VaultState(**vault), **{**fields, **values})
