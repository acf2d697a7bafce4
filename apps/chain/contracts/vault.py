"""The vault: the fund's ERC-4626 share token (PPT)."""

from apps.chain import events
from apps.chain.contracts import common
from apps.chain.contracts.common import Args, Builder, Values
from apps.chain.events import ChainFact, Source
from apps.core.clock import from_timestamp


def _transferred(source: Source, args: Args, _values: Values) -> ChainFact:
    return events.SharesTransferred(
        source=source, sender=args["from"], recipient=args["to"], shares=int(args["value"])
    )


def _subscribed(source: Source, args: Args, _values: Values) -> ChainFact:
    return events.SubscriptionProcessed(
        source=source,
        sender=args["sender"],
        receiver=args["receiver"],
        assets=int(args["assets"]),
        shares=int(args["shares"]),
    )


def _nav_updated(source: Source, args: Args, _values: Values) -> ChainFact:
    return events.NavUpdated(
        source=source,
        old_nav_per_share=int(args["oldNav"]),
        new_nav_per_share=int(args["newNav"]),
        updated_at=from_timestamp(int(args["timestamp"])),
    )


FACTS: dict[str, Builder] = {
    **common.FACTS,
    "Transfer": _transferred,
    "DepositProcessed": _subscribed,
    "SharesLocked": lambda source, args, _values: events.SharesLocked(
        source=source, owner=args["owner"], shares=int(args["shares"])
    ),
    "SharesUnlocked": lambda source, args, _values: events.SharesUnlocked(
        source=source, owner=args["owner"], shares=int(args["shares"])
    ),
    "SharesBurned": lambda source, args, _values: events.SharesBurned(
        source=source, owner=args["owner"], shares=int(args["shares"])
    ),
    "RedemptionFeeAdded": lambda source, args, _values: events.RedemptionFeeAdded(
        source=source, fee_assets=int(args["fee"])
    ),
    "RedemptionFeeReduced": lambda source, args, _values: events.RedemptionFeeReduced(
        source=source, fee_assets=int(args["fee"])
    ),
    "NavUpdated": _nav_updated,
    "EmergencyModeChanged": lambda source, args, _values: events.EmergencyModeChanged(
        source=source, enabled=args["enabled"]
    ),
    "AssetControllerUpdated": common.reference("AssetControllerUpdated"),
}

# v1 emits the ERC-4626 Deposit beside DepositProcessed for the same subscription.
IGNORED = common.IGNORED | {"Approval", "Deposit", "Withdraw"}

CRITICAL = frozenset({"EmergencyModeChanged"})
"""People hear of these when seen, before they are final."""
