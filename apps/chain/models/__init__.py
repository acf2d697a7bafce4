"""What we know of each chain, and what we ask of it.

IN: ``reading`` (cursor, blocks, logs) and ``nodes`` (providers, coverage, findings).
OUT: ``sending`` (signers, transactions, limits, stops) and ``safe`` (multi-signature).
"""

from apps.chain.models.nodes import Coverage, Finding, FindingKind, Provider
from apps.chain.models.reading import (
    Block,
    Cursor,
    Log,
    LogStatus,
    Reaction,
    Reading,
    ReorgEvent,
)
from apps.chain.models.safe import ProposalStatus, SafeConfirmation, SafeProposal
from apps.chain.models.sending import (
    BEFORE_NONCE,
    HAS_NONCE,
    UNFINISHED,
    Attempt,
    AttemptKind,
    AttemptStatus,
    Reservation,
    SignerAccount,
    Stop,
    Transaction,
    TransactionStatus,
)

__all__ = [
    "BEFORE_NONCE",
    "HAS_NONCE",
    "UNFINISHED",
    "Attempt",
    "AttemptKind",
    "AttemptStatus",
    "Block",
    "Coverage",
    "Cursor",
    "Finding",
    "FindingKind",
    "Log",
    "LogStatus",
    "ProposalStatus",
    "Provider",
    "Reaction",
    "Reading",
    "ReorgEvent",
    "Reservation",
    "SafeConfirmation",
    "SafeProposal",
    "SignerAccount",
    "Stop",
    "Transaction",
    "TransactionStatus",
]
