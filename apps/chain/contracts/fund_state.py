"""Everything a snapshot of the fund needs, read at one block.

One JSON-RPC batch of ``eth_call`` by block hash takes the place of a multicall contract: the block
hash makes the figures agree, and no extra contract has to exist on the chain. What a contract does
not answer is None: unknown, never zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.chain.client import Client
from apps.chain.config import ChainConfig
from apps.chain.contracts import abi
from apps.chain.contracts.asker import Asker
from apps.chain.contracts.asset_controller import metadata_calls, metadata_values
from apps.chain.contracts.returned import decoded, returned_at
from apps.chain.terms import Tier
from apps.core.clock import from_timestamp
from apps.core.units import mul_div_floor


@dataclass(frozen=True, slots=True)
class BlockRef:
    """A block by number, hash and its own time."""

    number: int
    hash: str
    time: datetime


@dataclass(frozen=True, slots=True)
class VaultState:
    """``getVaultState()``: base units; ``share_price`` is assets per share, 1e18 fixed point."""

    total_assets: int
    total_supply: int
    share_price: int
    layer1_liquidity: int
    layer2_liquidity: int
    layer3_value: int
    total_redemption_liability: int
    total_locked_shares: int
    emergency_mode: bool


@dataclass(frozen=True, slots=True)
class LiquidityBreakdown:
    """``getLiquidityBreakdown()``, base units of assets."""

    layer1_cash: int
    layer1_yield: int
    layer2_mmf: int
    layer3_hyd: int


@dataclass(frozen=True, slots=True)
class TierBand:
    """A tier's target and limits, bps of assets."""

    tier: Tier
    target_bps: int
    min_bps: int
    max_bps: int


@dataclass(frozen=True, slots=True)
class AssetState:
    """One asset of the register. ``price`` has 18 decimals, ``balance`` is the vault's and the
    controller's together in token units, ``value_assets`` = balance × price, rounded down."""

    token: str
    symbol: str
    name: str
    decimals: int
    tier: Tier
    target_bps: int
    active: bool
    balance: int | None
    price: int | None
    value_assets: int | None
    purchase_method: int
    max_slippage_bps: int
    min_purchase_assets: int
    subscription_start: datetime | None
    subscription_end: datetime | None


@dataclass(frozen=True, slots=True)
class BufferInfo:
    """``getBufferPoolInfo()``: the L1 buffer against its target (base units, bps)."""

    cash: int
    yield_: int
    total: int
    target: int
    ratio_bps: int
    needs_rebalance: bool


@dataclass(frozen=True, slots=True)
class PendingFees:
    """``getPendingFees()``: accrued and not yet collected."""

    management: int
    performance: int
    total: int
    last_collection_at: datetime | None
    high_water_mark: int


@dataclass(frozen=True, slots=True)
class RedemptionFees:
    """``getRedemptionFeeInfo()``."""

    total: int
    withdrawable: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class FundState:
    """The fund at one block. ``unpaid_fees`` are management and performance fees that were taken
    and wait for cash (``unpaidFees()``; not every controller tells)."""

    block: BlockRef
    vault: VaultState
    breakdown: LiquidityBreakdown | None
    available_liquidity: int | None
    effective_supply: int | None
    withdrawable_redemption_fees: int | None
    paused: bool | None
    manager_paused: bool | None
    controller_paused: bool | None
    tiers: tuple[TierBand, ...]
    assets: tuple[AssetState, ...]
    buffer: BufferInfo | None
    pending_fees: PendingFees | None
    redemption_fees: RedemptionFees | None
    unpaid_fees: int | None


def read_vault_state(client: Client, config: ChainConfig, block: BlockRef) -> VaultState:
    """The vault's own summary at a block.

    Raises:
        ChainUnavailable: no node answers.
        abi.Undecodable: the address does not answer like a vault.
    """
    vault = config.contract("vault").address
    data = returned_at(
        client, block.hash, [(vault, abi.function("vault", "getVaultState").encode())]
    )[0]
    if data is None:
        raise abi.Undecodable(f"The contract at {vault} does not answer getVaultState().")
    return VaultState(*abi.function("vault", "getVaultState").decode_output(data))


def read_fund_state(client: Client, config: ChainConfig, block: BlockRef) -> FundState:
    """The whole fund at one block, in two batches (the second for what the first named).

    Raises:
        ChainUnavailable, abi.Undecodable: as :func:`read_vault_state`.
    """
    ask = Asker(client, config, block.hash)
    vault_state = read_vault_state(client, config, block)
    ask.many(
        ("vault", "getLiquidityBreakdown"),
        ("vault", "getAvailableLiquidity"),
        ("vault", "effectiveSupply"),
        ("vault", "withdrawableRedemptionFees"),
        ("vault", "paused"),
        ("redemption_manager", "paused"),
        ("asset_controller", "paused"),
        ("asset_controller", "getLayerConfigs"),
        ("asset_controller", "getAssetConfigs"),
        ("asset_controller", "getBufferPoolInfo"),
        ("asset_controller", "getPendingFees"),
        ("asset_controller", "getRedemptionFeeInfo"),
        ("asset_controller", "unpaidFees"),
    )
    breakdown = ask.got("vault", "getLiquidityBreakdown")
    fees = ask.got("asset_controller", "getRedemptionFeeInfo")
    return FundState(
        block=block,
        vault=vault_state,
        breakdown=LiquidityBreakdown(*breakdown) if breakdown else None,
        available_liquidity=ask.first("vault", "getAvailableLiquidity"),
        effective_supply=ask.first("vault", "effectiveSupply"),
        withdrawable_redemption_fees=ask.first("vault", "withdrawableRedemptionFees"),
        paused=ask.first("vault", "paused"),
        manager_paused=ask.first("redemption_manager", "paused"),
        controller_paused=ask.first("asset_controller", "paused"),
        tiers=_tiers(ask.got("asset_controller", "getLayerConfigs")),
        assets=_assets(
            client, config, block, ask.first("asset_controller", "getAssetConfigs") or ()
        ),
        buffer=_buffer(ask.got("asset_controller", "getBufferPoolInfo")),
        pending_fees=_pending(ask.got("asset_controller", "getPendingFees")),
        redemption_fees=RedemptionFees(*fees) if fees else None,
        unpaid_fees=ask.first("asset_controller", "unpaidFees"),
    )


def _tiers(answer: tuple[Any, ...] | None) -> tuple[TierBand, ...]:
    if answer is None:
        return ()
    return tuple(TierBand(tier, *bands) for tier, bands in zip(Tier, answer, strict=True))


def _assets(
    client: Client, config: ChainConfig, block: BlockRef, configs: Sequence[tuple[Any, ...]]
) -> tuple[AssetState, ...]:
    oracle = next((c.address for c in config.contracts if c.kind == "oracle"), None)
    balance_of = abi.function("erc20", "balanceOf")
    get_price = abi.function("oracle", "getPrice")
    vault, controller = (
        config.contract("vault").address,
        config.contract("asset_controller").address,
    )
    calls: list[tuple[str, str]] = []
    for token, *_ in configs:
        calls.extend((token, data) for data in metadata_calls())
        calls.extend((token, balance_of.encode(holder)) for holder in (vault, controller))
        calls.append((oracle or token, get_price.encode(token)))
    answers = iter(returned_at(client, block.hash, calls))
    states = []
    for entry in configs:
        metadata = metadata_values(entry[0].lower(), (next(answers), next(answers), next(answers)))
        holdings = [decoded(balance_of, next(answers)) for _ in range(2)]
        price = decoded(get_price, next(answers))
        states.append(_asset(entry, metadata, holdings, price[0] if price else None))
    return tuple(states)


def _asset(
    entry: tuple[Any, ...],
    metadata: dict[str, Any],
    holdings: Sequence[tuple[Any, ...] | None],
    price: int | None,
) -> AssetState:
    (token, tier, target, active, _adapter, decimals, method, slippage, minimum, start, end) = entry
    balance = None if None in holdings else sum(held[0] for held in holdings if held)
    value = None
    if balance is not None and price is not None:
        # price: 18-decimals assets per whole token; assets have 18 decimals themselves
        value = mul_div_floor(balance, price, 10**decimals)
    return AssetState(
        token=token.lower(),
        symbol=metadata["symbol"],
        name=metadata["name"],
        decimals=decimals,
        tier=Tier(tier),
        target_bps=target,
        active=active,
        balance=balance,
        price=price,
        value_assets=value,
        purchase_method=method,
        max_slippage_bps=slippage,
        min_purchase_assets=minimum,
        subscription_start=from_timestamp(start) if start else None,
        subscription_end=from_timestamp(end) if end else None,
    )


def _buffer(answer: tuple[Any, ...] | None) -> BufferInfo | None:
    return BufferInfo(*answer) if answer else None


def _pending(answer: tuple[Any, ...] | None) -> PendingFees | None:
    if answer is None:
        return None
    management, performance, total, last, mark = answer
    return PendingFees(management, performance, total, from_timestamp(last) if last else None, mark)
