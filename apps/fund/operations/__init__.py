"""What writes the fund's rows: projections of logs, snapshots, and what people decide."""

from ._asking import AlreadyProposed
from .deciding import (
    AlreadySent,
    NothingToRetry,
    NotTheirs,
    act_on_decision,
    record_outcome,
    retry_decision,
)
from .registering import (
    AlreadyListed,
    BadToken,
    NothingChanges,
    NotListed,
    SharesBeyondWhole,
    StillHeld,
    TokenRefused,
    clean_token,
    in_words_what_drops,
    propose_addition,
    propose_allocation,
    propose_removal,
)
from .replay import PROJECTED, clear_projections
from .risk import NewerKnown, NotYetTrue, UnknownLevel, set_risk_state
from .snapshots import mark_gap, prune_live, take_snapshot
from .terms import AlreadyLoaded, SameTerms, load_terms, propose_terms
from .terms_file import BadTermsFile, read_terms
from .withdrawing import (
    BadAmount,
    NotEnoughCash,
    NothingToWithdraw,
    NotKnown,
    propose_accrued_fees,
    propose_redemption_fees,
)

__all__ = [
    "PROJECTED",
    "AlreadyListed",
    "AlreadyLoaded",
    "AlreadyProposed",
    "AlreadySent",
    "BadAmount",
    "BadTermsFile",
    "BadToken",
    "NewerKnown",
    "NotEnoughCash",
    "NotKnown",
    "NotListed",
    "NotTheirs",
    "NotYetTrue",
    "NothingChanges",
    "NothingToRetry",
    "NothingToWithdraw",
    "SameTerms",
    "SharesBeyondWhole",
    "StillHeld",
    "TokenRefused",
    "UnknownLevel",
    "act_on_decision",
    "clean_token",
    "clear_projections",
    "in_words_what_drops",
    "load_terms",
    "mark_gap",
    "propose_accrued_fees",
    "propose_addition",
    "propose_allocation",
    "propose_redemption_fees",
    "propose_removal",
    "propose_terms",
    "prune_live",
    "read_terms",
    "record_outcome",
    "retry_decision",
    "set_risk_state",
    "take_snapshot",
]
