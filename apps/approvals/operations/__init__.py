"""Everything that changes a ticket."""

from .closing import (
    CannotCancel,
    bind_rejection,
    cancel,
    cancel_for_subject,
    record_execution,
)
from .opening import TooFewEligible, open_ticket
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
    "AlreadyVoted",
    "CannotCancel",
    "FiguresChanged",
    "MakerCannotCheck",
    "NotYourVote",
    "PartyCannotCheck",
    "TicketClosed",
    "TooFewEligible",
    "VoteRefused",
    "VoteToSign",
    "bind_rejection",
    "cancel",
    "cancel_for_subject",
    "cast_vote",
    "open_ticket",
    "prepare_vote",
    "record_execution",
    "tick",
    "vote",
]
