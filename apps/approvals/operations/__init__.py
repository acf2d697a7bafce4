"""Everything that changes a ticket."""

from .changes import (
    CONFIG_CHANGE,
    AlreadyProposed,
    Changed,
    NoReason,
    NothingChanges,
    apply_rule,
    carry_out_change,
    clean_change_reason,
    propose_change,
    propose_rule,
)
from .closing import (
    CannotCancel,
    bind_rejection,
    cancel,
    cancel_for_subject,
    record_execution,
    record_transaction,
)
from .opening import TooFewEligible, open_ticket
from .retrying import NotTheirs, refuse_unless_decider
from .timing import tick
from .voting import (
    AlreadyVoted,
    FiguresChanged,
    MakerCannotCheck,
    NotYourVote,
    PartyCannotCheck,
    TicketClosed,
    VoteRefused,
    VoteToSign,
    cast_vote,
    prepare_vote,
    vote,
)

__all__ = [
    "CONFIG_CHANGE",
    "AlreadyProposed",
    "AlreadyVoted",
    "CannotCancel",
    "Changed",
    "FiguresChanged",
    "MakerCannotCheck",
    "NoReason",
    "NotTheirs",
    "NotYourVote",
    "NothingChanges",
    "PartyCannotCheck",
    "TicketClosed",
    "TooFewEligible",
    "VoteRefused",
    "VoteToSign",
    "apply_rule",
    "bind_rejection",
    "cancel",
    "cancel_for_subject",
    "carry_out_change",
    "cast_vote",
    "clean_change_reason",
    "open_ticket",
    "prepare_vote",
    "propose_change",
    "propose_rule",
    "record_execution",
    "record_transaction",
    "refuse_unless_decider",
    "tick",
    "vote",
]
