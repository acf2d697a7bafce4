"""What others may ask about the fund. Everything here reads rows; only a ticket's panel and
``try_adding`` ask a node."""

from apps.fund.rules.parameters import parameter_text

from .asset_history import AssetPoint, asset_gaps, asset_history
from .assets import AssetView, TradeView, assets, symbols, trades
from .checks import (
    FundRows,
    balance_differences,
    fund_rows,
    holdings,
    role_differences,
    role_questions,
    state_differences,
)
from .contracts import (
    AlertView,
    BandView,
    ChainRoleView,
    ReferenceView,
    SwitchView,
    alerts,
    chain_roles,
    references,
    switches,
    switches_now,
    tier_bands,
)
from .fees import FeeEntryView, FeeTotals, fee_entries, fees, fees_of
from .figures import FiguresTooOld, fresh_overview, tier_shares, withdrawable_now
from .flows import (
    NetFlow,
    PayoutView,
    SubscriptionView,
    net_flow,
    net_flow_by_day,
    payouts,
    subscriptions,
)
from .holder_flows import HolderFlow, holder_flows
from .holders import HolderView, balances, holder, holder_count, holder_rows, holder_view, holders
from .liquidity import LiabilityOfDay, liabilities_by_day
from .nav import NavPoint, Performance, nav_at, nav_history, nav_series, performance
from .nav_range import navs_between
from .overview import Overview, TierView, cached_overview, latest_overview, overview_at
from .panel import describe_ticket
from .progress import inception, needs_refresh, newest_projected_block
from .proposals import facts_now
from .risk import RiskView, risk_state
from .set_aside import set_aside_differences, set_aside_sample
from .slots import Gap, gaps, gaps_to_look_at, slots_present
from .terms import terms_by_token, terms_of
from .trading import trade_refusal
from .trying import Trial, try_adding

__all__ = [
    "AlertView",
    "AssetPoint",
    "AssetView",
    "BandView",
    "ChainRoleView",
    "FeeEntryView",
    "FeeTotals",
    "FiguresTooOld",
    "FundRows",
    "Gap",
    "HolderFlow",
    "HolderView",
    "LiabilityOfDay",
    "NavPoint",
    "NetFlow",
    "Overview",
    "PayoutView",
    "Performance",
    "ReferenceView",
    "RiskView",
    "SubscriptionView",
    "SwitchView",
    "TierView",
    "TradeView",
    "Trial",
    "alerts",
    "asset_gaps",
    "asset_history",
    "assets",
    "balance_differences",
    "balances",
    "cached_overview",
    "chain_roles",
    "describe_ticket",
    "facts_now",
    "fee_entries",
    "fees",
    "fees_of",
    "fresh_overview",
    "fund_rows",
    "gaps",
    "gaps_to_look_at",
    "holder",
    "holder_count",
    "holder_flows",
    "holder_rows",
    "holder_view",
    "holders",
    "holdings",
    "inception",
    "latest_overview",
    "liabilities_by_day",
    "nav_at",
    "nav_history",
    "nav_series",
    "navs_between",
    "needs_refresh",
    "net_flow",
    "net_flow_by_day",
    "newest_projected_block",
    "overview_at",
    "parameter_text",
    "payouts",
    "performance",
    "references",
    "risk_state",
    "role_differences",
    "role_questions",
    "set_aside_differences",
    "set_aside_sample",
    "slots_present",
    "state_differences",
    "subscriptions",
    "switches",
    "switches_now",
    "symbols",
    "terms_by_token",
    "terms_of",
    "tier_bands",
    "tier_shares",
    "trade_refusal",
    "trades",
    "try_adding",
    "withdrawable_now",
]
