"""What others may know about the chain: rows we hold, and reads of a node at one block."""

from apps.chain.client import ChainUnavailable
from apps.chain.config import ChainConfig
from apps.chain.contracts.fund_state import BlockRef, FundState, VaultState
from apps.chain.contracts.prices import AdapterPrice, FeedAnswer, PriceReading
from apps.chain.contracts.tokens import TokenWords
from apps.chain.contracts.views import RequestBook, RequestState, RoleQuestion, SharesSetAside
from apps.chain.models import FindingKind
from apps.chain.queries.events import EventView, latest_events, source_of
from apps.chain.queries.explorer import explorer_address_url, explorer_tx_url
from apps.chain.queries.facts import NotReadable, facts_of, identity_of, readings_of
from apps.chain.queries.findings import Difference, FindingView, let_go, open_findings
from apps.chain.queries.fund import (
    block_at_or_before,
    fund_chain,
    read_fund_state,
    read_prices,
    read_shares_set_aside,
    read_token,
    read_vault_state,
)
from apps.chain.queries.invariants import broken_invariants
from apps.chain.queries.lag import EventLag, applied_at, event_lag
from apps.chain.queries.nodes import gas_price
from apps.chain.queries.overview import (
    ChainOverview,
    ContractView,
    ProviderView,
    has_holes,
    overview,
)
from apps.chain.queries.routes import Room, signing_room
from apps.chain.queries.safes import waiting_for_signature_of
from apps.chain.queries.status import (
    ChainStatus,
    chain_ids,
    final_block,
    happened_at,
    is_applied,
    is_caught_up,
    is_news,
    status,
)
from apps.chain.queries.stops import is_stopped, stops_in_force
from apps.chain.queries.ticket_panels import (
    describe_lift,
    describe_limits,
    dry_run_to_show,
    no_dry_run,
)
from apps.chain.queries.ticketless import moved_without_ticket
from apps.chain.queries.transactions import (
    DryRun,
    TransactionView,
    calls_hash,
    dry_run,
    open_transaction,
    open_transactions,
    stuck_transactions,
    transactions,
    transactions_about,
    transactions_by_id,
    transactions_by_key,
    transactions_finished,
    transactions_of_ticket,
    unreachable_signers,
)
from apps.chain.queries.trying import SimulatedCall, Simulation, simulate_calls
from apps.chain.queries.views import (
    read_balances,
    read_request_book,
    read_requests,
    read_roles,
)
from apps.chain.queries.wallets import contract_wallet_accepts
from apps.chain.rules.scopes import in_words as scope_in_words

__all__ = [
    "AdapterPrice",
    "BlockRef",
    "ChainConfig",
    "ChainOverview",
    "ChainStatus",
    "ChainUnavailable",
    "ContractView",
    "Difference",
    "DryRun",
    "EventLag",
    "EventView",
    "FeedAnswer",
    "FindingKind",
    "FindingView",
    "FundState",
    "NotReadable",
    "PriceReading",
    "ProviderView",
    "RequestBook",
    "RequestState",
    "RoleQuestion",
    "Room",
    "SharesSetAside",
    "SimulatedCall",
    "Simulation",
    "TokenWords",
    "TransactionView",
    "VaultState",
    "applied_at",
    "block_at_or_before",
    "broken_invariants",
    "calls_hash",
    "chain_ids",
    "contract_wallet_accepts",
    "describe_lift",
    "describe_limits",
    "dry_run",
    "dry_run_to_show",
    "event_lag",
    "explorer_address_url",
    "explorer_tx_url",
    "facts_of",
    "final_block",
    "fund_chain",
    "gas_price",
    "happened_at",
    "has_holes",
    "identity_of",
    "is_applied",
    "is_caught_up",
    "is_news",
    "is_stopped",
    "latest_events",
    "let_go",
    "moved_without_ticket",
    "no_dry_run",
    "open_findings",
    "open_transaction",
    "open_transactions",
    "overview",
    "read_balances",
    "read_fund_state",
    "read_prices",
    "read_request_book",
    "read_requests",
    "read_roles",
    "read_shares_set_aside",
    "read_token",
    "read_vault_state",
    "readings_of",
    "scope_in_words",
    "signing_room",
    "simulate_calls",
    "source_of",
    "status",
    "stops_in_force",
    "stuck_transactions",
    "transactions",
    "transactions_about",
    "transactions_by_id",
    "transactions_by_key",
    "transactions_finished",
    "transactions_of_ticket",
    "unreachable_signers",
    "waiting_for_signature_of",
]
