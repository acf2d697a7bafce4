"""What we may ask of the contracts. Calldata is built from these and nothing else.

A call is a value: two calls are the same exactly when they hash to the same (see
``contracts.calls_hash``), which is what a vote signs and what the sender checks. What a planner
expects of a call (``expected_assets``, ``…_min``) is no part of its bytes: it is judged afterwards,
and counted against the signer's limits. Nor is an asset's ``symbol``, which is for people.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from apps.chain.terms import Tier
from apps.core.units import format_amount, format_bps


class Approval(StrEnum):
    """Whether a call needs an approved ticket: always, from an amount on, or never."""

    ALWAYS = "ALWAYS"
    BY_AMOUNT = "BY_AMOUNT"
    NEVER = "NEVER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One function of one contract of one chain, with its arguments."""

    chain_id: int

    kind: ClassVar[str]
    contract_kind: ClassVar[str]
    function: ClassVar[str]
    trades: ClassVar[bool] = False
    """Whether it swaps assets, and so must not be seen by others before it is mined."""
    approval: ClassVar[Approval] = Approval.ALWAYS

    @property
    def args(self) -> tuple[Any, ...]:
        """The arguments in the function's order."""
        raise NotImplementedError

    @property
    def subject_id(self) -> str:
        """What the call is about, by value."""
        raise NotImplementedError

    @property
    def sentence(self) -> str:
        """What the call does, for people."""
        raise NotImplementedError

    @property
    def moved_assets(self) -> int:
        """Base units of the fund's currency that the call itself moves: what limits count."""
        return 0


# -- Redemption manager ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _RequestCall(Call):
    """A call of the redemption manager about one request."""

    request_id: int

    contract_kind: ClassVar[str] = "redemption_manager"

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.request_id,)

    @property
    def subject_id(self) -> str:
        return str(self.request_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveRedemption(_RequestCall):
    """Approve a request that waits for approval; the contract then sets its settlement time."""

    kind: ClassVar[str] = "APPROVE_REDEMPTION"
    function: ClassVar[str] = "approveRedemption"

    @property
    def sentence(self) -> str:
        return f"Approve redemption {self.request_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveRedemptionWithDate(_RequestCall):
    """Approve a request and say when it settles (v2). A late date makes the contract mint a voucher
    that carries the right to settle."""

    settles_at: datetime

    kind: ClassVar[str] = "APPROVE_REDEMPTION_WITH_DATE"
    function: ClassVar[str] = "approveRedemptionWithDate"

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.request_id, int(self.settles_at.timestamp()))

    @property
    def sentence(self) -> str:
        settles_at = f"{self.settles_at.astimezone(UTC):%Y-%m-%d %H:%M}"
        return f"Approve redemption {self.request_id}, to settle on {settles_at} UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectRedemption(_RequestCall):
    """Reject a request that waits for approval, with the reason people gave."""

    reason: str

    kind: ClassVar[str] = "REJECT_REDEMPTION"
    function: ClassVar[str] = "rejectRedemption"

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.request_id, self.reason)

    @property
    def sentence(self) -> str:
        return f"Reject redemption {self.request_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleRedemption(_RequestCall):
    """Pay a due standard or emergency request."""

    kind: ClassVar[str] = "SETTLE_REDEMPTION"
    function: ClassVar[str] = "settleRedemption"
    approval: ClassVar[Approval] = Approval.NEVER

    @property
    def sentence(self) -> str:
        return f"Settle redemption {self.request_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleScheduledRedemption(_RequestCall):
    """Pay a due scheduled (quarterly window) request."""

    kind: ClassVar[str] = "SETTLE_SCHEDULED_REDEMPTION"
    function: ClassVar[str] = "settleScheduledRedemption"
    approval: ClassVar[Approval] = Approval.NEVER

    @property
    def sentence(self) -> str:
        return f"Settle scheduled redemption {self.request_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSettleRedemptions(Call):
    """Pay what is due, at most ``requests_max`` requests; the contract passes over failures."""

    requests_max: int

    kind: ClassVar[str] = "BATCH_SETTLE_REDEMPTIONS"
    contract_kind: ClassVar[str] = "redemption_manager"
    function: ClassVar[str] = "batchSettleRedemptions"
    approval: ClassVar[Approval] = Approval.NEVER

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.requests_max,)

    @property
    def subject_id(self) -> str:
        return str(self.requests_max)

    @property
    def sentence(self) -> str:
        return f"Settle up to {self.requests_max} due redemptions"


# -- Asset controller: trades ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _ControllerCall(Call):
    contract_kind: ClassVar[str] = "asset_controller"


@dataclass(frozen=True, slots=True, kw_only=True)
class _TokenCall(_ControllerCall):
    """A call about one asset of the register; ``token`` is a lower-case address."""

    token: str
    symbol: str = field(default="", compare=False)
    """What people call the asset."""

    @property
    def subject_id(self) -> str:
        return self.token

    @property
    def _asset(self) -> str:
        """What the register holds already: its symbol says enough."""
        return self.symbol or self.token

    @property
    def _asset_by_address(self) -> str:
        """For changes of the register itself: symbols can be the same, addresses cannot."""
        return f"{self.symbol} ({self.token})" if self.symbol else self.token


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocateToLayer(_ControllerCall):
    """Spread cash over a tier's assets by their targets. Beyond the cash there is, nothing happens
    and nothing is emitted."""

    tier: Tier
    assets: int

    kind: ClassVar[str] = "ALLOCATE_TO_LAYER"
    function: ClassVar[str] = "allocateToLayer"
    trades: ClassVar[bool] = True
    approval: ClassVar[Approval] = Approval.BY_AMOUNT

    @property
    def args(self) -> tuple[Any, ...]:
        return (int(self.tier), self.assets)

    @property
    def subject_id(self) -> str:
        return self.tier.name

    @property
    def sentence(self) -> str:
        return f"Allocate {format_amount(self.assets)} USDT to {self.tier.name}"

    @property
    def moved_assets(self) -> int:
        return self.assets


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseAsset(_TokenCall):
    """Buy an asset. ``tokens_min`` (token base units) is the least that counts as success; below
    the asset's own minimum the contract buys nothing and says so with zeros."""

    assets: int
    tokens_min: int

    kind: ClassVar[str] = "PURCHASE_ASSET"
    function: ClassVar[str] = "purchaseAsset"
    trades: ClassVar[bool] = True
    approval: ClassVar[Approval] = Approval.BY_AMOUNT

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.token, self.assets)

    @property
    def sentence(self) -> str:
        return f"Buy {self._asset} for {format_amount(self.assets)} USDT"

    @property
    def moved_assets(self) -> int:
        return self.assets


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemAsset(_TokenCall):
    """Sell an asset. ``expected_assets`` is what the planner expects for it, ``assets_min`` the
    least that counts as success."""

    tokens: int
    expected_assets: int
    assets_min: int

    kind: ClassVar[str] = "REDEEM_ASSET"
    function: ClassVar[str] = "redeemAsset"
    trades: ClassVar[bool] = True
    approval: ClassVar[Approval] = Approval.BY_AMOUNT

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.token, self.tokens)

    @property
    def sentence(self) -> str:
        return f"Sell {self._asset} for about {format_amount(self.expected_assets)} USDT"

    @property
    def moved_assets(self) -> int:
        return self.expected_assets


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteWaterfallLiquidation(_ControllerCall):
    """Sell L1 yield assets, then L2, until ``assets`` came in. ``tier_max`` L3 sells no L3 in v1.
    Where there is nothing to sell, nothing is emitted."""

    assets: int
    tier_max: Tier

    kind: ClassVar[str] = "EXECUTE_WATERFALL_LIQUIDATION"
    function: ClassVar[str] = "executeWaterfallLiquidation"
    trades: ClassVar[bool] = True
    approval: ClassVar[Approval] = Approval.BY_AMOUNT

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.assets, int(self.tier_max))

    @property
    def subject_id(self) -> str:
        return self.tier_max.name

    @property
    def sentence(self) -> str:
        return f"Raise {format_amount(self.assets)} USDT from tiers up to {self.tier_max.name}"

    @property
    def moved_assets(self) -> int:
        return self.assets


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalanceBuffer(_ControllerCall):
    """Bring L1 back to its target against L2; ``expected_assets`` will move between them."""

    expected_assets: int

    kind: ClassVar[str] = "REBALANCE_BUFFER"
    function: ClassVar[str] = "rebalanceBuffer"
    trades: ClassVar[bool] = True
    approval: ClassVar[Approval] = Approval.BY_AMOUNT

    @property
    def args(self) -> tuple[Any, ...]:
        return ()

    @property
    def subject_id(self) -> str:
        return Tier.L1.name

    @property
    def sentence(self) -> str:
        return f"Rebalance the L1 buffer by about {format_amount(self.expected_assets)} USDT"

    @property
    def moved_assets(self) -> int:
        return self.expected_assets


# -- Asset controller: register and fees -----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAsset(_TokenCall):
    """List an asset in a tier, with its target within the tier (bps)."""

    tier: Tier
    allocation_bps: int

    kind: ClassVar[str] = "ADD_ASSET"
    function: ClassVar[str] = "addAsset"

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.token, int(self.tier), self.allocation_bps)

    @property
    def sentence(self) -> str:
        share = format_bps(self.allocation_bps)
        return f"Add asset {self._asset_by_address} to {self.tier.name} at {share}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveAsset(_TokenCall):
    """Take an asset off the register; what the vault holds of it no longer counts in NAV."""

    kind: ClassVar[str] = "REMOVE_ASSET"
    function: ClassVar[str] = "removeAsset"

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.token,)

    @property
    def sentence(self) -> str:
        return f"Remove asset {self._asset_by_address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAssetAllocation(_TokenCall):
    """Change an asset's target within its tier (bps)."""

    allocation_bps: int

    kind: ClassVar[str] = "UPDATE_ASSET_ALLOCATION"
    function: ClassVar[str] = "updateAssetAllocation"

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.token, self.allocation_bps)

    @property
    def sentence(self) -> str:
        return (
            f"Set the target of asset {self._asset_by_address} to {format_bps(self.allocation_bps)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectFees(_ControllerCall):
    """Take the management and performance fees accrued and pay what cash allows, which is at most
    ``expected_assets``; the payment itself emits nothing but the token's ``Transfer``."""

    expected_assets: int

    kind: ClassVar[str] = "COLLECT_FEES"
    function: ClassVar[str] = "collectFees"

    @property
    def args(self) -> tuple[Any, ...]:
        return ()

    @property
    def subject_id(self) -> str:
        return "fees"

    @property
    def sentence(self) -> str:
        return f"Collect fees of at most {format_amount(self.expected_assets)} USDT"

    @property
    def moved_assets(self) -> int:
        return self.expected_assets


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawRedemptionFees(_ControllerCall):
    """Pay redemption fees to the fee recipient."""

    assets: int

    kind: ClassVar[str] = "WITHDRAW_REDEMPTION_FEES"
    function: ClassVar[str] = "withdrawRedemptionFees"

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.assets,)

    @property
    def subject_id(self) -> str:
        return "redemption fees"

    @property
    def sentence(self) -> str:
        return f"Withdraw redemption fees of {format_amount(self.assets)} USDT"

    @property
    def moved_assets(self) -> int:
        return self.assets


# -- Switches --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEmergencyMode(Call):
    """Switch the vault's emergency mode."""

    enabled: bool

    kind: ClassVar[str] = "SET_EMERGENCY_MODE"
    contract_kind: ClassVar[str] = "vault"
    function: ClassVar[str] = "setEmergencyMode"

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.enabled,)

    @property
    def subject_id(self) -> str:
        return "emergency mode"

    @property
    def sentence(self) -> str:
        return f"Switch emergency mode {'on' if self.enabled else 'off'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _SwitchCall(Call):
    """Pause or unpause one contract as a whole."""

    @property
    def args(self) -> tuple[Any, ...]:
        return ()

    @property
    def subject_id(self) -> str:
        return self.contract_kind

    @property
    def sentence(self) -> str:
        return f"{self.function.capitalize()} the {self.contract_kind.replace('_', ' ')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseVault(_SwitchCall):
    """Stop subscriptions."""

    kind: ClassVar[str] = "PAUSE_VAULT"
    contract_kind: ClassVar[str] = "vault"
    function: ClassVar[str] = "pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpauseVault(_SwitchCall):
    """Allow subscriptions again."""

    kind: ClassVar[str] = "UNPAUSE_VAULT"
    contract_kind: ClassVar[str] = "vault"
    function: ClassVar[str] = "unpause"


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRedemptions(_SwitchCall):
    """Stop new standard requests, and nothing else; emergency requests go on."""

    kind: ClassVar[str] = "PAUSE_REDEMPTIONS"
    contract_kind: ClassVar[str] = "redemption_manager"
    function: ClassVar[str] = "pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpauseRedemptions(_SwitchCall):
    """Allow new standard requests again."""

    kind: ClassVar[str] = "UNPAUSE_REDEMPTIONS"
    contract_kind: ClassVar[str] = "redemption_manager"
    function: ClassVar[str] = "unpause"


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseTrading(_SwitchCall):
    """Stop purchases, sales and allocations."""

    kind: ClassVar[str] = "PAUSE_TRADING"
    contract_kind: ClassVar[str] = "asset_controller"
    function: ClassVar[str] = "pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpauseTrading(_SwitchCall):
    """Allow purchases, sales and allocations again."""

    kind: ClassVar[str] = "UNPAUSE_TRADING"
    contract_kind: ClassVar[str] = "asset_controller"
    function: ClassVar[str] = "unpause"


# -- All of them -----------------------------------------------------------------------------------

CALLS: dict[str, type[Call]] = {
    call.kind: call
    for call in (
        ApproveRedemption,
        ApproveRedemptionWithDate,
        RejectRedemption,
        SettleRedemption,
        SettleScheduledRedemption,
        BatchSettleRedemptions,
        AllocateToLayer,
        PurchaseAsset,
        RedeemAsset,
        ExecuteWaterfallLiquidation,
        RebalanceBuffer,
        AddAsset,
        RemoveAsset,
        UpdateAssetAllocation,
        CollectFees,
        WithdrawRedemptionFees,
        SetEmergencyMode,
        PauseVault,
        UnpauseVault,
        PauseRedemptions,
        UnpauseRedemptions,
        PauseTrading,
        UnpauseTrading,
    )
}
"""Every call we may send, by its kind."""

SAFE_REJECTION = "REJECT_SAFE_NONCE"
"""The kind of what is no call of a contract: a Safe's nonce is used up on nothing."""
