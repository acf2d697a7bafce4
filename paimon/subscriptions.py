"""Which handler hears which fact. The page to read first: what comes by chain or by decision.

- ``PROJECTIONS``: rows that mirror the chain; run for each final log, and again by a replay.
- ``REACTIONS``: tickets, messages, transactions; once for each log or decision, never by a replay.
- ``ON_SEEN``: alerts about logs that are not final yet; they change no state.

A key is a fact's class, or (class, kind) for facts that carry a kind.
"""

from apps.approvals.events import TicketDecided
from apps.chain import events as chain
from apps.chain.calls import ApproveRedemption, RejectRedemption
from apps.core.bus import Table
from apps.fund.operations import projections as fund
from apps.redemptions import handlers as redemption_handlers
from apps.redemptions import operations as redemptions

PROJECTIONS: Table = {
    # The vault
    chain.SharesTransferred: [fund.record_transfer],
    chain.SharesLocked: [fund.record_lock],
    chain.SharesUnlocked: [fund.record_unlock],
    chain.SharesBurned: [fund.record_burn_of_locked],
    chain.SubscriptionProcessed: [fund.record_subscription],
    chain.NavUpdated: [fund.record_nav],
    chain.EmergencyModeChanged: [fund.record_emergency_mode],
    chain.RedemptionFeeAdded: [fund.record_redemption_fee],
    chain.RedemptionFeeReduced: [fund.record_redemption_fee_reduced],
    # The redemption manager
    chain.RedemptionRequested: [redemptions.record_request],
    chain.RedemptionApproved: [redemptions.record_approval],
    chain.RedemptionRejected: [redemptions.record_rejection],
    chain.RedemptionCancelled: [redemptions.record_cancellation],
    chain.RedemptionSettled: [redemptions.record_settlement, fund.record_payout],
    chain.LowLiquidityAlert: [fund.record_low_alert],
    chain.CriticalLiquidityAlert: [fund.record_critical_alert],
    # The asset controller
    chain.AssetAdded: [fund.record_asset_added],
    chain.AssetRemoved: [fund.record_asset_removed],
    chain.AssetAllocationUpdated: [fund.record_allocation_update],
    chain.AssetPurchased: [fund.record_purchase],
    chain.PurchaseRouted: [fund.record_route],
    chain.AssetRedeemed: [fund.record_redemption_of_asset],
    chain.WaterfallLiquidation: [fund.record_liquidation],
    chain.YieldCompounded: [fund.record_yield],
    chain.BufferPoolRebalanced: [fund.record_buffer_move],
    chain.LayerConfigUpdated: [fund.record_tier_config],
    chain.ManagementFeeCollected: [fund.record_management_fee],
    chain.PerformanceFeeCollected: [fund.record_performance_fee],
    chain.RedemptionFeesWithdrawn: [fund.record_redemption_fees_withdrawn],
    # Any contract
    chain.ContractReferenceUpdated: [fund.record_reference],
    chain.RoleGranted: [fund.record_role_granted],
    chain.RoleRevoked: [fund.record_role_revoked],
    chain.ContractPaused: [fund.record_pause],
    chain.ContractUnpaused: [fund.record_unpause],
}

REACTIONS: Table = {
    # A redemption's life on chain: audit, and the ticket that asks people
    chain.RedemptionRequested: [redemptions.note_in_audit, redemption_handlers.ask],
    chain.RedemptionApproved: [redemptions.note_in_audit, redemption_handlers.stop_asking],
    chain.RedemptionRejected: [redemptions.note_in_audit, redemption_handlers.stop_asking],
    chain.RedemptionCancelled: [redemptions.note_in_audit, redemption_handlers.stop_asking],
    chain.RedemptionSettled: [redemptions.note_in_audit],
    # A decision starts its subject's action; the action's end is shown on the ticket
    (TicketDecided, "STANDARD_REDEMPTION"): [redemption_handlers.act_on_decision],
    (TicketDecided, "EMERGENCY_REDEMPTION"): [redemption_handlers.act_on_decision],
    (chain.TransactionFinished, ApproveRedemption.kind): [redemption_handlers.note_outcome],
    (chain.TransactionFinished, RejectRedemption.kind): [redemption_handlers.note_outcome],
}

ON_SEEN: Table = {}
