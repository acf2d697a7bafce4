"""The redemption manager: requests, approvals, settlements, liquidity alerts."""

from apps.chain import events
from apps.chain.contracts import abi, common
from apps.chain.contracts.common import Args, Builder, Values
from apps.chain.events import ChainFact, Source
from apps.chain.terms import Channel
from apps.core.clock import from_timestamp
from apps.core.units import WAD, mul_div_floor

_REQUEST = abi.function("redemption_manager", "getRedemptionRequest")
_LOCKED_NAV = 5  # place of lockedNav in the request's struct


def _requested(source: Source, args: Args, values: Values) -> ChainFact:
    settles_at = int(args["settlementTime"])
    return events.RedemptionRequested(
        source=source,
        request_id=int(args["requestId"]),
        owner=args["owner"],
        receiver=args["receiver"],
        shares=int(args["shares"]),
        gross_assets=int(args["lockedAmount"]),
        estimated_fee_assets=int(args["estimatedFee"]),
        channel=Channel(int(args["channel"])),
        requires_approval=args["requiresApproval"],
        requested_at=source.block_time,
        settles_at=from_timestamp(settles_at) if settles_at else None,
        window_id=int(args["windowId"]),
        locked_nav_per_share=int(values["locked_nav_per_share"]),
        locked_nav_is_derived=values["derived"],
    )


def _settled(source: Source, args: Args, _values: Values) -> ChainFact:
    return events.RedemptionSettled(
        source=source,
        request_id=int(args["requestId"]),
        owner=args["owner"],
        receiver=args["receiver"],
        gross_assets=int(args["grossAmount"]),
        fee_assets=int(args["fee"]),
        net_assets=int(args["netAmount"]),
        channel=Channel(int(args["channel"])),
    )


_ALL: dict[str, Builder] = {
    **common.FACTS,
    "RedemptionRequested": _requested,
    "RedemptionApproved": lambda source, args, _values: events.RedemptionApproved(
        source=source,
        request_id=int(args["requestId"]),
        approver=args["approver"],
        settles_at=from_timestamp(int(args["settlementTime"])),
    ),
    "RedemptionRejected": lambda source, args, _values: events.RedemptionRejected(
        source=source,
        request_id=int(args["requestId"]),
        rejector=args["rejector"],
        reason=args["reason"],
    ),
    "RedemptionCancelled": lambda source, args, _values: events.RedemptionCancelled(
        source=source, request_id=int(args["requestId"]), owner=args["owner"]
    ),
    "RedemptionSettled": _settled,
    "LowLiquidityAlert": lambda source, args, _values: events.LowLiquidityAlert(
        source=source,
        ratio_bps=int(args["currentRatio"]),
        threshold_bps=int(args["threshold"]),
        available_assets=int(args["available"]),
        total_assets=int(args["total"]),
    ),
    "CriticalLiquidityAlert": lambda source, args, _values: events.CriticalLiquidityAlert(
        source=source,
        ratio_bps=int(args["currentRatio"]),
        threshold_bps=int(args["threshold"]),
        available_assets=int(args["available"]),
    ),
    "AssetSchedulerUpdated": common.reference("AssetSchedulerUpdated"),
    "AssetControllerUpdated": common.reference("AssetControllerUpdated"),
}

_V2: dict[str, Builder] = {
    "VoucherMinted": lambda source, args, _values: events.VoucherMinted(
        source=source,
        token_id=int(args["tokenId"]),
        request_id=int(args["requestId"]),
        owner=args["owner"],
    ),
    "DailyLiabilityAdded": lambda source, args, _values: events.DailyLiabilityAdded(
        source=source, day_index=int(args["dayIndex"]), assets=int(args["amount"])
    ),
    "LiabilityRemoved": lambda source, args, _values: events.LiabilityRemoved(
        source=source,
        day_index=int(args["dayIndex"]),
        assets=int(args["amount"]),
        was_overdue=args["wasOverdue"],
    ),
    "SettlementWaterfallTriggered": (
        lambda source, args, _values: events.SettlementWaterfallTriggered(
            source=source,
            request_id=int(args["requestId"]),
            deficit_assets=int(args["deficit"]),
            funded_assets=int(args["funded"]),
        )
    ),
    "SettlementLiquidityInsufficient": (
        lambda source, args, _values: events.SettlementLiquidityInsufficient(
            source=source,
            request_id=int(args["requestId"]),
            available_assets=int(args["availableCash"]),
            payout_assets=int(args["payoutAmount"]),
        )
    ),
    **common.parameters(
        "BaseRedemptionFee",
        "EmergencyPenaltyFee",
        "VoucherThreshold",
        "StandardApprovalAmount",
        "StandardApprovalQuotaRatio",
        "EmergencyApprovalAmount",
        "EmergencyApprovalQuotaRatio",
    ),
}

FACTS: dict[str, dict[str, Builder]] = {"v1": _ALL, "v2": {**_ALL, **_V2}}
IGNORED: dict[str, frozenset[str]] = {"v1": common.IGNORED}
CRITICAL = frozenset({"LowLiquidityAlert", "CriticalLiquidityAlert"})


def reading_call(args: Args) -> str:
    """Calldata that reads the request of a ``RedemptionRequested`` log."""
    return _REQUEST.encode(int(args["requestId"]))


def reading_values(args: Args, returned: str | None) -> Values:
    """``lockedNav`` as the contract holds it, or derived from the log when it could not be read.

    Derived: gross × 1e18 / shares, rounded down; zero shares give zero.
    """
    if returned is not None:
        try:
            fields = _REQUEST.decode_output(returned)[0]
        except abi.Undecodable:
            pass
        else:
            if fields[0] == int(args["requestId"]):
                return {"locked_nav_per_share": str(fields[_LOCKED_NAV]), "derived": False}
    shares = int(args["shares"])
    derived = mul_div_floor(int(args["lockedAmount"]), WAD, shares) if shares else 0
    return {"locked_nav_per_share": str(derived), "derived": True}
