"""What writes the fund's rows: projections of logs, snapshots, and what people decide."""

from .deciding import (
    NothingToRetry,
    act_on_decision,
    record_outcome,
    retry_decision,
)
from .registering import (
    AlreadyListed,
    BadToken,
    NotListed,
    SharesBeyondWhole,
    StillHeld,
    TokenNameless,
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
from .terms import AlreadyLoaded, load_terms, propose_terms
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
    "BadAmount",
    "BadTermsFile",
    "BadToken",
    "NewerKnown",
    "NotEnoughCash",
    "NotKnown",
    "NotListed",
    "NotYetTrue",
    "NothingToRetry",
    "NothingToWithdraw",
    "SharesBeyondWhole",
    "StillHeld",
    "TokenNameless",
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
