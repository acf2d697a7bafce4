"""What happened to a ticket. All are published in the transaction that made them true."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFact:
    """Something happened to the ticket that asks people about ``kind`` ``subject_id``."""

    ticket_id: int
    kind: str
    subject_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOpened(TicketFact):
    """A decision is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteCast(TicketFact):
    """Somebody decided: ``decision`` is APPROVE or REJECT."""

    decision: str
    user_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDecided(TicketFact):
    """The ticket has its outcome: ``decision`` is APPROVED, REJECTED or EXPIRED."""

    decision: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWarned(TicketFact):
    """The first time limit passed without an outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEscalated(TicketFact):
    """The second time limit passed; holders of the role ``escalated_to`` may vote from now on."""

    escalated_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOverdue(TicketFact):
    """The deadline passed and the ticket stays open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCancelled(TicketFact):
    """The question went away without an outcome."""

    reason: str
