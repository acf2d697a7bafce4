"""The event that proves what a call did. A mined transaction may have done nothing: success is
judged by this, never by the receipt's status alone."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from apps.chain import calls
from apps.chain import config as chain_config
from apps.chain.calls import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedEvent:
    """One event of one contract, arguments it must carry and amounts it must reach.

    ``args`` are compared as text: integers in decimal, addresses lower-case, ``true`` / ``false``.
    ``differ`` names arguments that must not be the same: an amount before and after. ``otherwise``
    are other events that prove the call as well, where it need not emit the first.
    """

    name: str
    contract_kind: str
    args: dict[str, str] = field(default_factory=dict)
    at_least: dict[str, int] = field(default_factory=dict)
    differ: tuple[str, ...] = ()
    otherwise: tuple["ExpectedEvent", ...] = ()

    @property
    def proofs(self) -> tuple["ExpectedEvent", ...]:
        """Every event of which one is enough."""
        return (self, *self.otherwise)

    def as_json(self) -> dict[str, Any]:
        """How it is kept with a transaction; amounts are text, so that no reader rounds them."""
        kept = asdict(self)
        kept["event"] = kept.pop("name")
        kept["at_least"] = {name: str(least) for name, least in self.at_least.items()}
        kept["otherwise"] = [other.as_json() for other in self.otherwise]
        return kept

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Reads what ``as_json`` made; rows of the first release named no contract, no amounts."""
        return cls(
            name=kept["event"],
            contract_kind=kept.get("contract_kind", ""),
            args=dict(kept["args"]),
            at_least={name: int(least) for name, least in kept.get("at_least", {}).items()},
            differ=tuple(kept.get("differ", ())),
            otherwise=tuple(cls.from_json(other) for other in kept.get("otherwise", ())),
        )

    def is_met_by(self, event: str, args: Mapping[str, Any]) -> bool:
        """Whether a decoded log of the contract is the event, with those arguments and amounts."""
        return (
            event == self.name
            and all(_text(args.get(name)) == value for name, value in self.args.items())
            and all(int(args.get(name, 0)) >= least for name, least in self.at_least.items())
            and len({_text(args.get(name)) for name in self.differ}) == len(self.differ)
        )

    def __str__(self) -> str:
        """``AssetPurchased(token = 0x…, tokensReceived ≥ 5)``, "or" whatever else proves it."""
        told = [f"{name} = {value}" for name, value in self.args.items()]
        told += [f"{name} ≥ {least}" for name, least in self.at_least.items()]
        if self.differ:
            told.append(" ≠ ".join(self.differ))
        others = "".join(f" or {other}" for other in self.otherwise)
        return f"{self.name}({', '.join(told)}){others}"


@dataclass(frozen=True, slots=True)
class _Proof:
    """An event's name, and what a call says about its arguments; other events beside it."""

    event: str
    args: Callable[[Any], dict[str, Any]] = lambda _call: {}
    at_least: Callable[[Any], dict[str, int]] = lambda _call: {}
    differ: tuple[str, ...] = ()
    otherwise: Callable[[Any], tuple[ExpectedEvent, ...]] = lambda _call: ()


def _fees_otherwise(call: calls.CollectFees) -> tuple[ExpectedEvent, ...]:
    """Where no management fee accrued: another fee did, or what was owed from before is paid, of
    which only the stablecoin tells."""
    config = chain_config.chain(call.chain_id)
    accrued = ExpectedEvent(name="PerformanceFeeCollected", contract_kind=call.contract_kind)
    if not any(contract.kind == "stablecoin" for contract in config.contracts):
        return (accrued,)
    paid = ExpectedEvent(
        name="Transfer",
        contract_kind="stablecoin",
        args={"from": config.contract("vault").address},
        at_least={"value": 1},
    )
    return (accrued, paid)


_PROOFS: dict[type[Call], _Proof] = {
    calls.ApproveRedemption: _Proof("RedemptionApproved", lambda c: {"requestId": c.request_id}),
    calls.ApproveRedemptionWithDate: _Proof(
        "RedemptionApproved", lambda c: {"requestId": c.request_id, "settlementTime": c.args[1]}
    ),
    calls.RejectRedemption: _Proof("RedemptionRejected", lambda c: {"requestId": c.request_id}),
    calls.SettleRedemption: _Proof("RedemptionSettled", lambda c: {"requestId": c.request_id}),
    calls.SettleScheduledRedemption: _Proof(
        "RedemptionSettled", lambda c: {"requestId": c.request_id}
    ),
    calls.BatchSettleRedemptions: _Proof("RedemptionSettled"),
    calls.AllocateToLayer: _Proof(
        "PurchaseRouted", lambda c: {"tier": int(c.tier)}, lambda _call: {"tokensReceived": 1}
    ),
    calls.PurchaseAsset: _Proof(
        "AssetPurchased",
        lambda c: {"token": c.token, "usdtAmount": c.assets},
        lambda c: {"tokensReceived": max(c.tokens_min, 1)},
    ),
    calls.RedeemAsset: _Proof(
        "AssetRedeemed",
        lambda c: {"token": c.token, "tokenAmount": c.tokens},
        lambda c: {"usdtReceived": max(c.assets_min, 1)},
    ),
    calls.ExecuteWaterfallLiquidation: _Proof(
        "WaterfallLiquidation", at_least=lambda _call: {"usdtReceived": 1}
    ),
    calls.RebalanceBuffer: _Proof("BufferPoolRebalanced", differ=("oldBuffer", "newBuffer")),
    calls.AddAsset: _Proof(
        "AssetAdded",
        lambda c: {"token": c.token, "tier": int(c.tier), "allocation": c.allocation_bps},
    ),
    calls.RemoveAsset: _Proof("AssetRemoved", lambda c: {"token": c.token}),
    calls.UpdateAssetAllocation: _Proof(
        "AssetAllocationUpdated", lambda c: {"token": c.token, "newAllocation": c.allocation_bps}
    ),
    calls.CollectFees: _Proof("ManagementFeeCollected", otherwise=_fees_otherwise),
    calls.WithdrawRedemptionFees: _Proof("RedemptionFeesWithdrawn", lambda c: {"amount": c.assets}),
    calls.SetEmergencyMode: _Proof("EmergencyModeChanged", lambda c: {"enabled": c.enabled}),
    calls.PauseVault: _Proof("Paused"),
    calls.UnpauseVault: _Proof("Unpaused"),
    calls.PauseRedemptions: _Proof("Paused"),
    calls.UnpauseRedemptions: _Proof("Unpaused"),
    calls.PauseTrading: _Proof("Paused"),
    calls.UnpauseTrading: _Proof("Unpaused"),
}


def expected_event(call: Call) -> ExpectedEvent:
    """The event that proves a call did what it says.

    An allocation and a waterfall may emit several: one that moved something proves the call, and
    the planner sees whether it was enough.
    """
    proof = _PROOFS[type(call)]
    return ExpectedEvent(
        name=proof.event,
        contract_kind=call.contract_kind,
        args={name: _text(value) for name, value in proof.args(call).items()},
        at_least=proof.at_least(call),
        differ=proof.differ,
        otherwise=proof.otherwise(call),
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
