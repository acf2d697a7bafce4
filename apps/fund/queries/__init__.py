"""What others may ask about the fund. Everything here reads rows, never a node."""

from apps.fund.rules.parameters import parameter_text

from .assets import AssetView, TradeView, assets, trades
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
from .fees import FeeEntryView, FeeTotals, fee_entries, fees
from .flows import (
    NetFlow,
    PayoutView,
    SubscriptionView,
    net_flow,
    net_flow_by_day,
    payouts,
    subscriptions,
)
from .holders import HolderView, balances, holder, holder_count, holder_rows, holder_view, holders
from .liquidity import LiabilityOfDay, liabilities_by_day
from .nav import NavPoint, Performance, nav_at, nav_history, nav_series, performance
from .overview import Overview, TierView, cached_overview, latest_overview, overview_at
from .progress import inception, needs_refresh, newest_projected_block
from .slots import Gap, gaps, slots_present

__all__ = [
    "AlertView",
    "AssetView",
    "BandView",
    "ChainRoleView",
    "FeeEntryView",
    "FeeTotals",
    "FundRows",
    "Gap",
    "HolderView",
    "LiabilityOfDay",
    "NavPoint",
    "NetFlow",
    "Overview",
    "PayoutView",
    "Performance",
    "ReferenceView",
    "SubscriptionView",
    "SwitchView",
    "TierView",
    "TradeView",
    "alerts",
    "assets",
    "balance_differences",
    "balances",
    "cached_overview",
    "chain_roles",
    "fee_entries",
    "fees",
    "fund_rows",
    "gaps",
    "holder",
    "holder_count",
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
    "needs_refresh",
    "net_flow",
    "net_flow_by_day",
    "newest_projected_block",
    "overview_at",
    "parameter_text",
    "payouts",
    "performance",
    "references",
    "role_differences",
    "role_questions",
    "slots_present",
    "state_differences",
    "subscriptions",
    "switches",
    "switches_now",
    "tier_bands",
    "trades",
]
