"""The asset controller: the asset register, trades, tiers, fees."""

from apps.chain import events
from apps.chain.contracts import abi, common
from apps.chain.contracts.common import Args, Builder, Values
from apps.chain.contracts.tokens import decimals_of, text_of
from apps.chain.events import ChainFact, Source
from apps.chain.terms import Tier

_METADATA = ("name", "symbol", "decimals")


def _added(source: Source, args: Args, values: Values) -> ChainFact:
    return events.AssetAdded(
        source=source,
        token=args["token"],
        tier=Tier(int(args["tier"])),
        allocation_bps=int(args["allocation"]),
        name=values["name"],
        symbol=values["symbol"],
        decimals=int(values["decimals"]),
    )


def _routed(source: Source, args: Args, _values: Values) -> ChainFact:
    return events.PurchaseRouted(
        source=source,
        token=args["token"],
        tier=Tier(int(args["tier"])),
        method=int(args["method"]),
        assets_spent=int(args["usdtAmount"]),
        tokens_received=int(args["tokensReceived"]),
    )


_ALL: dict[str, Builder] = {
    **common.FACTS,
    "AssetAdded": _added,
    "AssetRemoved": lambda source, args, _values: events.AssetRemoved(
        source=source, token=args["token"]
    ),
    "AssetAllocationUpdated": lambda source, args, _values: events.AssetAllocationUpdated(
        source=source,
        token=args["token"],
        old_allocation_bps=int(args["oldAllocation"]),
        new_allocation_bps=int(args["newAllocation"]),
    ),
    "AssetPurchased": lambda source, args, _values: events.AssetPurchased(
        source=source,
        token=args["token"],
        tier=Tier(int(args["tier"])),
        assets_spent=int(args["usdtAmount"]),
        tokens_received=int(args["tokensReceived"]),
    ),
    "AssetRedeemed": lambda source, args, _values: events.AssetRedeemed(
        source=source,
        token=args["token"],
        tier=Tier(int(args["tier"])),
        tokens_spent=int(args["tokenAmount"]),
        assets_received=int(args["usdtReceived"]),
    ),
    "PurchaseRouted": _routed,
    "WaterfallLiquidation": lambda source, args, _values: events.WaterfallLiquidation(
        source=source,
        token=args["token"],
        tier=Tier(int(args["tier"])),
        tokens_spent=int(args["amountLiquidated"]),
        assets_received=int(args["usdtReceived"]),
    ),
    "YieldCompounded": lambda source, args, _values: events.YieldCompounded(
        source=source,
        token=args["token"],
        yield_assets=int(args["yieldAmount"]),
        shares_issued=int(args["sharesIssued"]),
    ),
    "BufferPoolRebalanced": lambda source, args, _values: events.BufferPoolRebalanced(
        source=source,
        old_buffer_assets=int(args["oldBuffer"]),
        new_buffer_assets=int(args["newBuffer"]),
        target_buffer_assets=int(args["targetBuffer"]),
    ),
    "LayerConfigUpdated": lambda source, args, _values: events.LayerConfigUpdated(
        source=source,
        tier=Tier(int(args["tier"])),
        target_bps=int(args["targetRatio"]),
        min_bps=int(args["minRatio"]),
        max_bps=int(args["maxRatio"]),
    ),
    "ManagementFeeCollected": lambda source, args, _values: events.ManagementFeeCollected(
        source=source,
        fee_assets=int(args["feeAmount"]),
        total_assets=int(args["totalAssets"]),
        period_seconds=int(args["period"]),
    ),
    "PerformanceFeeCollected": lambda source, args, _values: events.PerformanceFeeCollected(
        source=source,
        fee_assets=int(args["feeAmount"]),
        profit_assets=int(args["profit"]),
        high_water_mark_assets=int(args["newHighWaterMark"]),
    ),
    "RedemptionFeesWithdrawn": lambda source, args, _values: events.RedemptionFeesWithdrawn(
        source=source, recipient=args["recipient"], assets=int(args["amount"])
    ),
    "FeeRecipientUpdated": common.reference("FeeRecipientUpdated"),
    "AssetAdapterUpdated": common.reference("AssetAdapterUpdated"),
    "OracleAdapterUpdated": common.reference("OracleAdapterUpdated"),
    "SwapHelperUpdated": common.reference("SwapHelperUpdated"),
    "OTCManagerUpdated": common.reference("OTCManagerUpdated"),
}

FACTS: dict[str, dict[str, Builder]] = {"v1": _ALL}
IGNORED: dict[str, frozenset[str]] = {"v1": common.IGNORED}
CRITICAL: frozenset[str] = frozenset()


def metadata_calls() -> tuple[str, ...]:
    """Calldata that reads a token's name, symbol and decimals."""
    return tuple(abi.function("erc20", name).encode() for name in _METADATA)


def metadata_values(token: str, returned: tuple[str | None, ...]) -> Values:
    """A token's metadata, marked as derived where something was not answered.

    The address then stands for a name. Nothing stands for decimals: they are None, since a wrong
    guess would misstate every amount of the token.
    """
    values: Values = {"name": token, "symbol": token[:8], "decimals": None, "derived": False}
    for name, data in zip(_METADATA, returned, strict=True):
        value = _number(data) if name == "decimals" else _text(data)
        if value is None:
            values["derived"] = True
        else:
            values[name] = value
    values["name"], values["symbol"] = values["name"][:100], values["symbol"][:32]
    return values


def _number(data: str | None) -> str | None:
    said = decimals_of(data)
    return None if said is None else str(said)


def _text(data: str | None) -> str | None:
    said = text_of(data)
    return None if said is None else str(abi.to_json(said.decode(errors="replace")))
