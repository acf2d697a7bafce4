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


def _subscribed(receiver: str) -> Builder:
    """``receiver`` is what the event calls the one who got the shares."""

    def build(source: Source, args: Args, _values: Values) -> ChainFact:
        return events.SubscriptionProcessed(
            source=source,
            sender=args["sender"],
            receiver=args[receiver],
            assets=int(args["assets"]),
            shares=int(args["shares"]),
        )

    return build


def _locked(*, in_escrow: bool) -> Builder:
    def build(source: Source, args: Args, _values: Values) -> ChainFact:
        return events.SharesLocked(
            source=source, owner=args["owner"], shares=int(args["shares"]), in_escrow=in_escrow
        )

    return build


def _nav_updated(source: Source, args: Args, _values: Values) -> ChainFact:
    return events.NavUpdated(
        source=source,
        old_nav_per_share=int(args["oldNav"]),
        new_nav_per_share=int(args["newNav"]),
        updated_at=from_timestamp(int(args["timestamp"])),
    )


_ALL: dict[str, Builder] = {
    **common.FACTS,
    "Transfer": _transferred,
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

_V2: dict[str, Builder] = {
    "PendingApprovalSharesAdded": lambda source, args, _values: events.PendingApprovalSharesAdded(
        source=source, owner=args["owner"], shares=int(args["shares"])
    ),
    "PendingApprovalSharesRemoved": (
        lambda source, args, _values: events.PendingApprovalSharesRemoved(
            source=source, owner=args["owner"], shares=int(args["shares"])
        )
    ),
    "PendingApprovalSharesConverted": (
        lambda source, args, _values: events.PendingApprovalSharesConverted(
            source=source, owner=args["owner"], shares=int(args["shares"])
        )
    ),
    "EmergencyQuotaRefreshed": lambda source, args, _values: events.EmergencyQuotaRefreshed(
        source=source, assets=int(args["amount"])
    ),
    "EmergencyQuotaRestored": lambda source, args, _values: events.EmergencyQuotaRestored(
        source=source, assets=int(args["amount"])
    ),
    "LockedMintAssetsReset": lambda source, args, _values: events.LockedMintAssetsReset(
        source=source, assets=int(args["oldAmount"])
    ),
    "RedemptionManagerUpdated": common.reference("RedemptionManagerUpdated"),
    **common.parameters("StandardQuotaRatio"),
}

FACTS: dict[str, dict[str, Builder]] = {
    "v1": {
        **_ALL,
        "DepositProcessed": _subscribed("receiver"),
        "SharesLocked": _locked(in_escrow=False),
    },
    "v2": {**_ALL, **_V2, "Deposit": _subscribed("owner"), "SharesLocked": _locked(in_escrow=True)},
}

IGNORED: dict[str, frozenset[str]] = {
    # v1 emits the ERC-4626 Deposit beside DepositProcessed for the same subscription.
    "v1": common.IGNORED | {"Approval", "Deposit", "Withdraw"},
    "v2": common.IGNORED | {"Approval", "Withdraw"},
}

CRITICAL = frozenset({"EmergencyModeChanged"})
"""People hear of these when seen, before they are final."""
