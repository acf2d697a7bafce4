"""What a ticket may become, who may decide it, what a vote signs. Plain Python, no clock."""

from .life import (
    OPEN,
    REASON_LENGTH_MAX,
    TRANSITIONS,
    BadReason,
    Decision,
    Execution,
    Status,
    UnknownDecision,
    clean_reason,
    decision_of,
)
from .matrix import (
    LARGER_KIND,
    BadTerms,
    RuleTerms,
    auto_approves,
    changed_terms,
    covered_calls,
    thresholds_met,
)
from .signing import NO_CALLS_HASH, ZERO_HASH, canonical, facts_hash, vote_typed_data
from .voting import Refusal, Standing, Voter, after_approval, refusal, voting_role

__all__ = [
    "LARGER_KIND",
    "NO_CALLS_HASH",
    "OPEN",
    "REASON_LENGTH_MAX",
    "TRANSITIONS",
    "ZERO_HASH",
    "BadReason",
    "BadTerms",
    "Decision",
    "Execution",
    "Refusal",
    "RuleTerms",
    "Standing",
    "Status",
    "UnknownDecision",
    "Voter",
    "after_approval",
    "auto_approves",
    "canonical",
    "changed_terms",
    "clean_reason",
    "covered_calls",
    "decision_of",
    "facts_hash",
    "refusal",
    "thresholds_met",
    "vote_typed_data",
    "voting_role",
]
