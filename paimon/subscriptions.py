"""Which handler hears which fact. The page to read first: what comes by chain or by decision.

- ``PROJECTIONS``: rows that mirror the chain; run for each final log, and again by a replay.
- ``REACTIONS``: tickets, messages, transactions; once for each log or decision, never by a replay.
- ``ON_SEEN``: alerts about logs that are not final yet; they change no state.

A key is a fact's class, or (class, kind) for facts that carry a kind.
"""

from apps.approvals import handlers as approval_handlers
from apps.approvals.events import (
    TicketCancelled,
    TicketDecided,
    TicketEscalated,
    TicketOpened,
    TicketOverdue,
    TicketWarned,
    VoteCast,
)
from apps.chain import events as chain
from apps.chain import handlers as chain_handlers
from apps.chain.calls import (
    AddAsset,
    ApproveRedemption,
    CollectFees,
    PauseRedemptions,
    PurchaseAsset,
    RedeemAsset,
    RejectRedemption,
    RemoveAsset,
    SetEmergencyMode,
    UnpauseRedemptions,
    UpdateAssetAllocation,
    WithdrawRedemptionFees,
)
from apps.core.bus import Table
from apps.fund import handlers as fund_handlers
from apps.fund.events import SnapshotTaken
from apps.fund.operations import projections as fund
from apps.notifications.handlers import chain as chain_messages
from apps.notifications.handlers import drift as drift_messages
from apps.notifications.handlers import incidents as incident_messages
from apps.notifications.handlers import live, live_risk
from apps.notifications.handlers import payments as payment_messages
from apps.notifications.handlers import prices as price_messages
from apps.notifications.handlers import rebalancing as plan_messages
from apps.notifications.handlers import reports as report_messages
from apps.notifications.handlers import risk as risk_messages
from apps.notifications.handlers import safes as safe_messages
from apps.notifications.handlers import seen as seen_messages
from apps.notifications.handlers import tickets as ticket_messages
from apps.notifications.handlers import transactions as transaction_messages
from apps.oracle import handlers as oracle_handlers
from apps.oracle.events import PriceLost, PriceRecovered, SourceFailed
from apps.rebalance import handlers as rebalance_handlers
from apps.rebalance.events import (
    LegFinished,
    PlanBegun,
    PlanDeviated,
    PlanFinished,
    PlanSubmitted,
)
from apps.redemptions import handlers as redemption_handlers
from apps.redemptions import operations as redemptions
from apps.reports import handlers as report_handlers
from apps.reports.events import ReportFailed, ReportReady
from apps.risk import handlers as risk_handlers
from apps.risk.events import (
    IncidentClosed,
    IncidentMoved,
    IncidentOpened,
    LevelChanged,
    RiskEventAcknowledged,
    RiskEventEscalated,
    RiskEventOpened,
    RiskEventResolved,
    RiskEventWorsened,
)

PROJECTIONS: Table = {
    # The vault
    chain.SharesTransferred: [fund.record_shares],
    chain.SharesLocked: [fund.record_shares],
    chain.SharesUnlocked: [fund.record_shares],
    chain.SharesBurned: [fund.record_shares],
    chain.SubscriptionProcessed: [fund.record_subscription],
    chain.NavUpdated: [fund.record_nav],
    chain.EmergencyModeChanged: [fund.record_emergency_mode],
    chain.PendingApprovalSharesAdded: [fund.record_shares],
    chain.PendingApprovalSharesRemoved: [fund.record_shares],
    chain.PendingApprovalSharesConverted: [fund.record_shares],
    chain.EmergencyQuotaRefreshed: [fund.record_emergency_quota_refreshed],
    chain.EmergencyQuotaRestored: [fund.record_emergency_quota_restored],
    chain.LockedMintAssetsReset: [fund.record_locked_mint_reset],
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
    chain.VoucherMinted: [redemptions.record_voucher],
    chain.VoucherTransferred: [redemptions.record_voucher_transfer],
    chain.DailyLiabilityAdded: [fund.record_liability_added],
    chain.LiabilityRemoved: [fund.record_liability_removed],
    chain.SettlementWaterfallTriggered: [fund.record_settlement_waterfall],
    chain.SettlementLiquidityInsufficient: [fund.record_settlement_short],
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
    chain.ContractParameterUpdated: [fund.record_parameter],
    chain.RoleGranted: [fund.record_role_granted],
    chain.RoleRevoked: [fund.record_role_revoked],
    chain.ContractPaused: [fund.record_pause],
    chain.ContractUnpaused: [fund.record_unpause],
}

REACTIONS: Table = {
    # A redemption's life on chain: audit, and the ticket that asks people
    chain.RedemptionRequested: [
        redemptions.note_in_audit,
        redemption_handlers.ask,
        live.show_request,
    ],
    chain.RedemptionApproved: [redemptions.note_in_audit, redemption_handlers.stop_asking],
    chain.RedemptionRejected: [redemptions.note_in_audit, redemption_handlers.stop_asking],
    chain.RedemptionCancelled: [redemptions.note_in_audit, redemption_handlers.stop_asking],
    chain.RedemptionSettled: [
        redemptions.note_in_audit,
        live.show_settlement,
        payment_messages.tell_paid,
    ],
    # A decision starts its subject's action; the action's end is shown on the ticket
    (TicketDecided, "STANDARD_REDEMPTION"): [redemption_handlers.act_on_decision],
    (TicketDecided, "EMERGENCY_REDEMPTION"): [redemption_handlers.act_on_decision],
    (TicketDecided, "LIFT_STOP"): [chain_handlers.lift_stop],
    (TicketDecided, "CONFIG_CHANGE"): [
        approval_handlers.change_rule,
        chain_handlers.change_limits,
        oracle_handlers.change_source,
        rebalance_handlers.change_policy,
        risk_handlers.change_policy,
        fund_handlers.act_on_decision,
    ],
    (TicketDecided, "REBALANCE_SMALL"): [
        rebalance_handlers.follow_decision,
        risk_handlers.note_ticket_of_plan,
    ],
    (TicketDecided, "REBALANCE_LARGE"): [
        rebalance_handlers.follow_decision,
        risk_handlers.note_ticket_of_plan,
    ],
    (TicketCancelled, "REBALANCE_SMALL"): [
        rebalance_handlers.follow_withdrawal,
        risk_handlers.note_ticket_of_plan,
    ],
    (TicketCancelled, "REBALANCE_LARGE"): [
        rebalance_handlers.follow_withdrawal,
        risk_handlers.note_ticket_of_plan,
    ],
    (TicketDecided, "FEE_WITHDRAW"): [fund_handlers.act_on_decision],
    (TicketDecided, "ASSET_ADD"): [fund_handlers.act_on_decision],
    (TicketDecided, "ASSET_REMOVE"): [fund_handlers.act_on_decision],
    # The emergency protocol: what opens it, what people decide in it, and its timeline
    chain.CriticalLiquidityAlert: [
        risk_handlers.raise_liquidity_alert,
        risk_handlers.open_on_critical_alert,
        risk_handlers.judge_soon,
    ],
    chain.EmergencyModeChanged: [
        risk_handlers.raise_mode,
        risk_handlers.follow_emergency_mode,
        risk_handlers.judge_soon,
    ],
    chain.LowLiquidityAlert: [
        risk_handlers.raise_liquidity_alert,
        risk_handlers.follow_low_alert,
        risk_handlers.judge_soon,
    ],
    chain.ContractPaused: [risk_handlers.follow_switch],
    chain.ContractUnpaused: [risk_handlers.follow_switch],
    (TicketOpened, "EMERGENCY_MODE"): [risk_handlers.note_ticket],
    (VoteCast, "EMERGENCY_MODE"): [risk_handlers.note_ticket],
    (TicketDecided, "EMERGENCY_MODE"): [risk_handlers.note_ticket, risk_handlers.act_on_decision],
    (TicketCancelled, "EMERGENCY_MODE"): [risk_handlers.note_ticket],
    (TicketEscalated, "EMERGENCY_MODE"): [risk_handlers.note_ticket],
    (TicketOverdue, "EMERGENCY_MODE"): [risk_handlers.note_ticket],
    (chain.TransactionFinished, SetEmergencyMode.kind): [risk_handlers.note_outcome],
    (chain.TransactionFinished, PauseRedemptions.kind): [risk_handlers.note_outcome],
    (chain.TransactionFinished, UnpauseRedemptions.kind): [risk_handlers.note_outcome],
    PlanBegun: [risk_handlers.note_plan],
    LegFinished: [risk_handlers.note_plan],
    (chain.TransactionFinished, ApproveRedemption.kind): [redemption_handlers.note_outcome],
    (chain.TransactionFinished, RejectRedemption.kind): [redemption_handlers.note_outcome],
    (chain.TransactionFinished, PurchaseAsset.kind): [rebalance_handlers.note_trade],
    (chain.TransactionFinished, RedeemAsset.kind): [rebalance_handlers.note_trade],
    (chain.TransactionFinished, AddAsset.kind): [fund_handlers.note_outcome],
    (chain.TransactionFinished, CollectFees.kind): [fund_handlers.note_outcome],
    (chain.TransactionFinished, RemoveAsset.kind): [fund_handlers.note_outcome],
    (chain.TransactionFinished, UpdateAssetAllocation.kind): [fund_handlers.note_outcome],
    (chain.TransactionFinished, WithdrawRedemptionFees.kind): [fund_handlers.note_outcome],
    # What people are told by mail and open pages at once
    TicketOpened: [ticket_messages.tell_approvers, live.show_ticket],
    TicketWarned: [ticket_messages.warn_approvers],
    TicketEscalated: [ticket_messages.escalate],
    TicketOverdue: [ticket_messages.raise_overdue],
    TicketDecided: [ticket_messages.tell_decision, live.show_outcome],
    TicketCancelled: [live.show_outcome],
    chain.TransactionFinished: [transaction_messages.tell_failure],
    chain.SafeProposed: [safe_messages.ask_owners],
    chain.SendingStopped: [transaction_messages.tell_stop],
    chain.SendingResumed: [transaction_messages.tell_lift],
    chain.ChainHalted: [chain_messages.tell_halt],
    chain.FinalityStalled: [chain_messages.tell_stalled],
    chain.SightingLost: [seen_messages.withdraw],
    chain.LogParked: [chain_messages.tell_parked_log],
    chain.FindingOpened: [chain_messages.tell_finding],
    chain.ContractReferenceUpdated: [drift_messages.alert_reference],
    chain.ContractParameterUpdated: [drift_messages.alert_parameter],
    chain.SettlementLiquidityInsufficient: [payment_messages.alert_unpaid],
    chain.RoleGranted: [drift_messages.alert_role],
    chain.NavUpdated: [live.show_nav, rebalance_handlers.notice_navs],
    chain.SubscriptionProcessed: [rebalance_handlers.notice_subscriptions],
    SnapshotTaken: [live.show_overview],
    PlanSubmitted: [plan_messages.ask_for_review],
    PlanFinished: [plan_messages.tell_end, live.show_plan, risk_handlers.note_plan],
    PlanDeviated: [plan_messages.warn_of_deviation],
    PriceLost: [price_messages.tell_lost],
    PriceRecovered: [price_messages.tell_recovered],
    SourceFailed: [price_messages.tell_failed_source],
    # Risk: alerts by severity, levels, the emergency protocol
    RiskEventOpened: [
        risk_messages.tell_opened,
        live_risk.show_event,
        risk_handlers.note_risk_event,
    ],
    RiskEventWorsened: [
        risk_messages.tell_worsened,
        live_risk.show_event,
        risk_handlers.note_risk_event,
    ],
    RiskEventEscalated: [risk_messages.tell_escalated, live_risk.show_event],
    RiskEventAcknowledged: [risk_messages.tell_acknowledged, live_risk.show_event],
    RiskEventResolved: [
        risk_messages.tell_resolved,
        live_risk.show_event,
        risk_handlers.note_risk_event,
    ],
    LevelChanged: [risk_messages.tell_level, live_risk.show_level],
    IncidentOpened: [incident_messages.tell_incident, live_risk.show_incident],
    IncidentMoved: [incident_messages.tell_phase, live_risk.show_incident],
    IncidentClosed: [
        incident_messages.tell_closed,
        live_risk.show_incident,
        report_handlers.report_incident,
    ],
    ReportReady: [report_messages.send_report],
    ReportFailed: [report_messages.tell_failed_report],
}

ON_SEEN: Table = {
    chain.LowLiquidityAlert: [seen_messages.alert_low_liquidity],
    chain.CriticalLiquidityAlert: [seen_messages.alert_critical_liquidity],
    chain.EmergencyModeChanged: [seen_messages.alert_emergency_mode],
}
