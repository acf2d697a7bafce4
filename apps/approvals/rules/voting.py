"""Who may vote on a ticket, and when it is decided."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from .life import Status


class Refusal(StrEnum):
    """Why a person may not vote; the value is the end of "You cannot vote because …"."""

    CLOSED = "the ticket has its outcome already"
    LATE = "the deadline has passed"
    INACTIVE = "your account is not active"
    MAKER = "you asked for this yourself"
    PARTY = "a wallet of yours is a party to this"
    VOTED = "you have voted on this ticket already"
    ROLE = "you do not hold a role that decides this ticket"
    NO_WALLET = "no wallet is registered for you, and a vote needs its signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What matters about a ticket when somebody wants to vote on it."""

    is_open: bool
    is_late: bool
    role: str
    escalated_to: str
    maker_user_id: int | None
    party_user_ids: frozenset[int]
    voter_ids: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voter:
    """What matters about the person who wants to vote."""

    user_id: int
    is_active: bool
    roles: frozenset[str]
    has_wallet: bool


def refusal(standing: Standing, voter: Voter) -> Refusal | None:
    """Why this person may not vote on this ticket; None when they may.

    The decider is active, holds the rule's role (after escalation the escalation role will do), is
    not the one who asked, owns and ever owned no wallet that is a party, and votes once.
    """
    checks = (
        (not standing.is_open, Refusal.CLOSED),
        (standing.is_late, Refusal.LATE),
        (not voter.is_active, Refusal.INACTIVE),
        (voter.user_id == standing.maker_user_id, Refusal.MAKER),
        (voter.user_id in standing.party_user_ids, Refusal.PARTY),
        (voter.user_id in standing.voter_ids, Refusal.VOTED),
        (voting_role(standing.role, standing.escalated_to, voter.roles) is None, Refusal.ROLE),
        (not voter.has_wallet, Refusal.NO_WALLET),
    )
    return next((reason for failed, reason in checks if failed), None)


def voting_role(role: str, escalated_to: str, held: Collection[str]) -> str | None:
    """The role in which somebody who holds ``held`` votes; None when none of them decides."""
    if role in held:
        return role
    if escalated_to and escalated_to in held:
        return escalated_to
    return None


def after_approval(*, counted: int, required: int) -> Status:
    """The open or final state of a ticket with ``counted`` valid approvals."""
    return Status.APPROVED if counted >= required else Status.PARTIALLY_APPROVED
