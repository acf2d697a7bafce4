"""Facts that the contracts told us, and facts about our own transactions.

Amounts are base units (``Assets`` / ``Shares`` are plain ints with 18 decimals), ratios basis
points, times aware UTC instants, addresses lower-case hex. Every fact of a log carries ``source``,
the log's identity; ``key`` names the aggregate whose facts must stay in order.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.chain.terms import Channel, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a fact comes from. (chain_id, tx_hash, position) survives a reorg, log_index not."""

    log_id: int
    chain_id: int
    address: str
    contract_kind: str
    block_number: int
    block_hash: str
    block_time: datetime
    tx_hash: str
    position: int
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFact:
    """What one log says."""

    source: Source

    @property
    def key(self) -> str:
        """The aggregate this fact belongs to; facts of one key are applied in order."""
        return f"contract:{self.source.address}"


# -- Vault -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _VaultFact(ChainFact):
    @property
    def key(self) -> str:
        return f"vault:{self.source.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesTransferred(_VaultFact):
    """ERC-20 ``Transfer`` of the share token; the zero address mints and burns."""

    sender: str
    recipient: str
    shares: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionProcessed(_VaultFact):
    """Assets came in, shares were minted (``DepositProcessed``; in v2 ``Deposit``)."""

    sender: str
    receiver: str
    assets: int
    shares: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesLocked(_VaultFact):
    """Shares of a holder wait for a redemption. ``in_escrow``: the vault's own account holds them
    meanwhile (v2, told by a ``SharesTransferred``); else they stay in the holder's balance (v1)."""

    owner: str
    shares: int
    in_escrow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesUnlocked(_VaultFact):
    """Locked shares became free again."""

    owner: str
    shares: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesBurned(_VaultFact):
    """Locked shares were burned at settlement; a ``SharesTransferred`` to zero goes with it."""

    owner: str
    shares: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingApprovalSharesAdded(_VaultFact):
    """Shares of a holder were set aside for a request that waits for approval (v2); they are in the
    vault's own account, and neither locked nor a liability yet."""

    owner: str
    shares: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingApprovalSharesRemoved(_VaultFact):
    """The request was rejected: the shares are the holder's again."""

    owner: str
    shares: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingApprovalSharesConverted(_VaultFact):
    """The request was approved: the shares are locked now, as a ``SharesLocked`` beside it says."""

    owner: str
    shares: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyQuotaRefreshed(_VaultFact):
    """Emergency requests may take ``assets`` from now on; they lower it without an event."""

    assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyQuotaRestored(_VaultFact):
    """A rejected emergency request gave its ``assets`` back to the quota."""

    assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedMintAssetsReset(_VaultFact):
    """Subscriptions of the period, ``assets`` in all, no longer count as locked."""

    assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionFeeAdded(_VaultFact):
    """Redemption fees grew by ``fee_assets``."""

    fee_assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionFeeReduced(_VaultFact):
    """Redemption fees shrank by ``fee_assets`` (a withdrawal)."""

    fee_assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NavUpdated(_VaultFact):
    """NAV per share (1e18 fixed point) was refreshed; old may equal new."""

    old_nav_per_share: int
    new_nav_per_share: int
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyModeChanged(_VaultFact):
    """The vault's emergency mode was switched."""

    enabled: bool


# -- Redemption manager ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _RequestFact(ChainFact):
    request_id: int

    @property
    def key(self) -> str:
        return f"redemption:{self.source.address}:{self.request_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionRequested(_RequestFact):
    """A holder asked to redeem. ``gross_assets`` still has the fee inside; the fee is an estimate.

    ``locked_nav_per_share`` was read from the contract at the log's block, or derived from the
    amounts when the node could not say (``locked_nav_is_derived``). ``settles_at`` is None until an
    approval sets it.
    """

    owner: str
    receiver: str
    shares: int
    gross_assets: int
    estimated_fee_assets: int
    channel: Channel
    requires_approval: bool
    requested_at: datetime
    settles_at: datetime | None
    window_id: int
    locked_nav_per_share: int
    locked_nav_is_derived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionApproved(_RequestFact):
    """The request was approved on chain."""

    approver: str
    settles_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionRejected(_RequestFact):
    """The request was rejected on chain; the reason is hostile text."""

    rejector: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionCancelled(_RequestFact):
    """The owner withdrew the request."""

    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionSettled(_RequestFact):
    """The request was paid: net = gross - fee, the fee as computed at settlement."""

    owner: str
    receiver: str
    gross_assets: int
    fee_assets: int
    net_assets: int
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class LowLiquidityAlert(ChainFact):
    """Liquidity fell below the low threshold (ratios in bps)."""

    ratio_bps: int
    threshold_bps: int
    available_assets: int
    total_assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalLiquidityAlert(ChainFact):
    """Liquidity fell below the critical threshold (ratios in bps)."""

    ratio_bps: int
    threshold_bps: int
    available_assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementWaterfallTriggered(_RequestFact):
    """A settlement sold L1 assets: short by ``deficit_assets``, ``funded_assets`` came in."""

    deficit_assets: int
    funded_assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementLiquidityInsufficient(_RequestFact):
    """A due request could not be paid: not enough cash, even after selling."""

    available_assets: int
    payout_assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _LiabilityFact(ChainFact):
    """``day_index`` counts UTC days since 1970: the day on which the liability falls due."""

    day_index: int
    assets: int

    @property
    def key(self) -> str:
        return f"liability:{self.source.address}:{self.day_index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyLiabilityAdded(_LiabilityFact):
    """A redemption falls due on that day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiabilityRemoved(_LiabilityFact):
    """A liability of that day was paid; ``was_overdue`` when the day had passed."""

    was_overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _VoucherFact(ChainFact):
    """About one voucher. The manager names its token, the voucher contract moves it: one key, so
    that both stay in order."""

    token_id: int

    @property
    def key(self) -> str:
        return f"voucher:{self.source.chain_id}:{self.token_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherMinted(_VoucherFact):
    """A request got a voucher: whoever owns the token may settle the request and is paid."""

    request_id: int
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherTransferred(_VoucherFact):
    """A voucher went to another owner; the zero address mints it, and burns it at settlement."""

    sender: str
    recipient: str


# -- Asset controller ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _TokenFact(ChainFact):
    token: str

    @property
    def key(self) -> str:
        return f"asset:{self.source.address}:{self.token}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetAdded(_TokenFact):
    """An asset entered the register. Name, symbol and decimals were read from the token."""

    tier: Tier
    allocation_bps: int
    name: str
    symbol: str
    decimals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRemoved(_TokenFact):
    """An asset left the register."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetAllocationUpdated(_TokenFact):
    """An asset's target allocation changed."""

    old_allocation_bps: int
    new_allocation_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPurchased(_TokenFact):
    """Tokens were bought; both amounts are zero when the purchase was below the asset's minimum."""

    tier: Tier
    assets_spent: int
    tokens_received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRedeemed(_TokenFact):
    """Tokens were sold back."""

    tier: Tier
    tokens_spent: int
    assets_received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRouted(_TokenFact):
    """How a purchase was carried out: method 0 OTC, 1 SWAP, 2 AUTO. Not a trade of its own when an
    ``AssetPurchased`` of the same transaction and token follows."""

    tier: Tier
    method: int
    assets_spent: int
    tokens_received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterfallLiquidation(_TokenFact):
    """Tokens were liquidated to raise cash."""

    tier: Tier
    tokens_spent: int
    assets_received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class YieldCompounded(_TokenFact):
    """Yield of an asset was reinvested."""

    yield_assets: int
    shares_issued: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferPoolRebalanced(ChainFact):
    """The L1 buffer was moved towards its target."""

    old_buffer_assets: int
    new_buffer_assets: int
    target_buffer_assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerConfigUpdated(ChainFact):
    """A tier's target band changed (bps of assets)."""

    tier: Tier
    target_bps: int
    min_bps: int
    max_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagementFeeCollected(ChainFact):
    """Management fee accrued (not paid) over ``period_seconds``."""

    fee_assets: int
    total_assets: int
    period_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceFeeCollected(ChainFact):
    """Performance fee accrued (not paid)."""

    fee_assets: int
    profit_assets: int
    high_water_mark_assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionFeesWithdrawn(ChainFact):
    """Redemption fees were paid out."""

    recipient: str
    assets: int


# -- Any contract ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractReferenceUpdated(ChainFact):
    """A contract now points at another contract or recipient: configuration drift.

    ``name`` is the event's name (``AssetControllerUpdated`` …); ``subject`` the token of
    ``AssetAdapterUpdated``, else empty.
    """

    name: str
    subject: str
    old_address: str
    new_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractParameterUpdated(ChainFact):
    """A number that a contract works by was changed.

    ``name`` is the event's without ``Updated`` (``BaseRedemptionFee``); the unit is the parameter's
    own: base units for ``…Amount``, bps for ``…Fee`` and ``…Ratio``, seconds for ``…Threshold``.
    """

    name: str
    old_value: int
    new_value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted(ChainFact):
    """An on-chain role was granted (``role`` is its 32-byte hash)."""

    role: str
    account: str
    granted_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRevoked(ChainFact):
    """An on-chain role was revoked."""

    role: str
    account: str
    revoked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractPaused(ChainFact):
    """A contract was paused."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractUnpaused(ChainFact):
    """A contract was unpaused."""

    account: str


# -- About the listener and our own transactions ---------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHalted:
    """The listener stopped because going on would mean guessing; a person must look."""

    chain_id: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalityStalled:
    """Blocks are made but none becomes final by the chain's own word; depth decides meanwhile."""

    chain_id: int
    final_number: int | None
    head_number: int
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingOpened:
    """A check found two things that should agree and do not.

    ``kind`` is the check's (``FindingKind``); ``outcome`` is set when it was put right at once.
    """

    finding_id: int
    chain_id: int
    kind: str
    subject: str
    detail: str
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SightingLost:
    """A log that people were told of before it was final is not on the branch that the chain took.

    ``event`` is the name of the fact. Its transaction may still come again, in another block.
    """

    source: Source
    event: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogParked:
    """A final log could not be applied; it and later logs of its key wait for a person."""

    log_id: int
    chain_id: int
    event: str
    error: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingStopped:
    """Nothing within ``scope`` (see ``rules.scopes``) leaves until people lift the stop."""

    stop_id: int
    scope: str
    reason: str
    set_by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingResumed:
    """A stop was lifted by an approved ticket; ``lifted_by`` names its voters."""

    stop_id: int
    scope: str
    ticket_id: int
    lifted_by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeProposed:
    """The owners of a Safe are asked for their signatures; ``owners`` are lower-case addresses."""

    proposal_id: int
    sentence: str
    requested_by: str
    owners: tuple[str, ...]
    threshold: int
    safe_nonce: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFinished:
    """One of our transactions came to its end.

    ``kind`` is the call's kind (``calls.*.kind``), ``outcome`` the transaction's last status:
    FINAL, REVERTED, MISMATCH, FAILED, CANCELLED or EXPIRED; ``error`` says why when not FINAL.
    """

    kind: str
    transaction_id: int
    subject_id: str
    ticket_id: int | None
    outcome: str
    error: str
    tx_hash: str
    at: datetime
    details: dict[str, Any]
