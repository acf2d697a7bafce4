"""What others may know about the chain: rows we hold, and reads of a node at one block."""

from apps.chain.client import ChainUnavailable
from apps.chain.config import ChainConfig
from apps.chain.contracts.fund_state import BlockRef, FundState, VaultState
from apps.chain.queries.events import EventView, latest_events, source_of
from apps.chain.queries.explorer import explorer_address_url, explorer_tx_url
from apps.chain.queries.fund import (
    block_at_or_before,
    fund_chain,
    read_fund_state,
    read_vault_state,
)
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
from apps.chain.queries.transactions import (
    DryRun,
    TransactionView,
    calls_hash,
    dry_run,
    open_transaction,
    paused_signers,
    stuck_transactions,
    transactions,
    transactions_finished,
)

__all__ = [
    "BlockRef",
    "ChainConfig",
    "ChainStatus",
    "ChainUnavailable",
    "DryRun",
    "EventView",
    "FundState",
    "TransactionView",
    "VaultState",
    "block_at_or_before",
    "calls_hash",
    "chain_ids",
    "dry_run",
    "explorer_address_url",
    "explorer_tx_url",
    "final_block",
    "fund_chain",
    "happened_at",
    "is_applied",
    "is_caught_up",
    "is_news",
    "latest_events",
    "open_transaction",
    "paused_signers",
    "read_fund_state",
    "read_vault_state",
    "source_of",
    "status",
    "stuck_transactions",
    "transactions",
    "transactions_finished",
]
