"""A ticket's life, and what a decision is."""

from collections.abc import Mapping
from enum import StrEnum

from apps.core.errors import Invalid

REASON_LENGTH_MAX = 500


class Status(StrEnum):
    """A ticket's life, in order."""

    PENDING = "PENDING"
    PARTIALLY_APPROVED = "PARTIALLY_APPROVED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class Decision(StrEnum):
    """What a voter says."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"


class Execution(StrEnum):
    """What became of the decided action."""

    NONE = ""
    SENT = "SENT"
    DONE = "DONE"
    FAILED = "FAILED"


OPEN = (Status.PENDING, Status.PARTIALLY_APPROVED)

# The database trigger of migration 0002 holds the same table.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset(
        {
            Status.PARTIALLY_APPROVED,
            Status.APPROVED,
            Status.REJECTED,
            Status.EXPIRED,
            Status.CANCELLED,
        }
    ),
    Status.PARTIALLY_APPROVED: frozenset(
        {Status.APPROVED, Status.REJECTED, Status.EXPIRED, Status.CANCELLED}
    ),
    Status.APPROVED: frozenset(),
    Status.REJECTED: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.CANCELLED: frozenset(),
}


class BadReason(Invalid):
    """The reason is missing, too long, or not text."""


class UnknownDecision(Invalid):
    """A decision is APPROVE or REJECT."""


def clean_reason(decision: Decision, reason: str) -> str:
    """The reason as it is kept and signed.

    Raises:
        BadReason: missing for a rejection, longer than 500 characters, or with characters that are
            not text (NUL, other controls, half of a surrogate pair).
    """
    if len(reason) > REASON_LENGTH_MAX:
        raise BadReason(f"A reason has at most {REASON_LENGTH_MAX} characters.", field="reason")
    reason = reason.replace("\r\n", "\n").strip()
    if decision is Decision.REJECT and not reason:
        raise BadReason("Say why you reject.", field="reason")
    if any((ord(c) < 32 and c not in "\n\t") or 0xD800 <= ord(c) <= 0xDFFF for c in reason):
        raise BadReason("The reason contains characters that are not text.", field="reason")
    return reason


def decision_of(text: str) -> Decision:
    """The decision that ``text`` names.

    Raises:
        UnknownDecision: it names none.
    """
    try:
        return Decision(text)
    except ValueError as error:
        raise UnknownDecision("A decision is APPROVE or REJECT.", field="decision") from error
