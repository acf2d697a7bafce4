"""What a ticket may become, who may decide it, what a vote signs. Plain Python, no clock."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from eth_utils.crypto import keccak

from apps.core.errors import Invalid

REASON_LENGTH_MAX = 500
ZERO_HASH = "0x" + 64 * "0"


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


def canonical(value: Any) -> str:
    """JSON with sorted keys and every integer as a string of digits: one text for one meaning."""
    return json.dumps(
        _digits(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def facts_hash(facts: Mapping[str, Any]) -> str:
    """keccak256 of the canonical facts, as ``0x`` and 64 digits."""
    return "0x" + keccak(text=canonical(facts)).hex()


def _digits(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _digits(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_digits(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


_VOTE_FIELDS = (
    ("ticketId", "uint256"),
    ("decision", "string"),
    ("subject", "string"),
    ("factsHash", "bytes32"),
    ("callsHash", "bytes32"),
    ("ruleVersion", "uint256"),
    ("reasonHash", "bytes32"),
    ("reason", "string"),
    ("nonce", "bytes32"),
    ("expiresAt", "uint256"),
)


def vote_typed_data(
    *,
    chain_id: int,
    ticket_id: int,
    decision: Decision,
    subject: str,
    facts_hash: str,
    calls_hash: str,
    rule_version: int,
    reason: str,
    nonce: str,
    expires_at: datetime,
) -> dict[str, Any]:
    """The EIP-712 Vote that a wallet signs.

    A rejection carries no planned calls (zero hash): its one call is bound by the reason.
    """
    return {
        "domain": {"name": "Paimon", "version": "1", "chainId": chain_id},
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
            ],
            "Vote": [{"name": name, "type": kind} for name, kind in _VOTE_FIELDS],
        },
        "primaryType": "Vote",
        "message": {
            "ticketId": ticket_id,
            "decision": decision.value,
            "subject": subject,
            "factsHash": facts_hash,
            "callsHash": calls_hash if decision is Decision.APPROVE else ZERO_HASH,
            "ruleVersion": rule_version,
            "reasonHash": "0x" + keccak(text=reason).hex(),
            "reason": reason,
            "nonce": nonce,
            "expiresAt": int(expires_at.timestamp()),
        },
    }
