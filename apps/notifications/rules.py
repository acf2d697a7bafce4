"""How messages live, what a mail server's answer means, when to try again. Plain Python."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.core.text import visible_line


class Status(StrEnum):
    """The life of a message."""

    PENDING = "PENDING"
    SENDING = "SENDING"
    SENT = "SENT"
    RETRY = "RETRY"
    FAILED = "FAILED"
    DISMISSED = "DISMISSED"
    RECORDED = "RECORDED"


# The database trigger of migration 0002 holds the same table.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.SENDING}),
    Status.SENDING: frozenset({Status.SENDING, Status.SENT, Status.RETRY, Status.FAILED}),
    Status.RETRY: frozenset({Status.SENDING}),
    Status.SENT: frozenset(),
    Status.FAILED: frozenset({Status.PENDING, Status.DISMISSED}),
    Status.DISMISSED: frozenset({Status.PENDING}),
    Status.RECORDED: frozenset(),
}


class FailureType(StrEnum):
    """Why a message did not arrive."""

    BOUNCED = "BOUNCED"
    SPAM_FILTERED = "SPAM_FILTERED"
    SERVER_ERROR = "SERVER_ERROR"
    TIMEOUT = "TIMEOUT"
    INVALID_RECIPIENT = "INVALID_RECIPIENT"
    RATE_LIMITED = "RATE_LIMITED"


class Severity(StrEnum):
    """How much it matters; critical messages go out first."""

    INFO = "INFO"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


PRIORITY: Mapping[Severity, int] = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}

RETRIES_MAX = 3
ATTEMPTS_MAX = RETRIES_MAX + 1
LEASE = timedelta(minutes=2)
_BACKOFF_FIRST = timedelta(seconds=30)
_BACKOFF_FACTOR = 4
_JITTER_SHARE_PERCENT = 50

ALERT_AGE_MAX = timedelta(hours=1)
SUBJECT_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, and whether another may help."""

    type: FailureType
    permanent: bool
    error: str


def backoff(attempts: int, jitter_percent: int) -> timedelta:
    """How long to wait after the attempt of this number: 30 s, 2 min, 8 min, and up to half more.

    Args:
        attempts: how many were made, at least 1.
        jitter_percent: 0 … 100, drawn by the caller, so that failures do not come back in step.
    """
    wait: timedelta = _BACKOFF_FIRST * _BACKOFF_FACTOR ** (attempts - 1)
    return wait + wait * _JITTER_SHARE_PERCENT * jitter_percent // 10_000


def of_smtp_answer(code: int, text: str) -> Failure:
    """What an SMTP refusal means: 4xx may pass, 5xx will not."""
    words = text.lower()
    error = f"{code} {visible_line(text)}"[:500]
    if code in {421, 450, 451, 452} and re.search(r"rate|too many|throttl|limit", words):
        return Failure(FailureType.RATE_LIMITED, permanent=False, error=error)
    if code < 500:
        return Failure(FailureType.SERVER_ERROR, permanent=False, error=error)
    if code in {530, 534, 535, 538}:  # our own account at the server: people can mend it
        return Failure(FailureType.SERVER_ERROR, permanent=False, error=error)
    if re.search(r"spam|blocked|blacklist|blocklist|policy|reputation|dmarc|5\.7\.", words):
        return Failure(FailureType.SPAM_FILTERED, permanent=True, error=error)
    if code in {550, 551, 553, 501} and re.search(
        r"user|recipient|mailbox|address|unknown|no such|5\.1\.", words
    ):
        return Failure(FailureType.INVALID_RECIPIENT, permanent=True, error=error)
    return Failure(FailureType.BOUNCED, permanent=True, error=error)


def is_stale_alert(happened_at: datetime, at: datetime) -> bool:
    """Whether an alert tells of something too old to wake people for."""
    return at - happened_at > ALERT_AGE_MAX


def subject_line(text: str, prefix: str) -> str:
    """A subject of one line, at most 200 characters, that says which installation speaks."""
    line = f"[{prefix}] {visible_line(text)}"
    return line if len(line) <= SUBJECT_CHARACTERS_MAX else line[: SUBJECT_CHARACTERS_MAX - 1] + "…"


# -- Live channels ---------------------------------------------------------------------------

CHANNELS: Mapping[str, str] = {
    "fund:overview": "fund.view_snapshot",
    "fund:nav": "fund.view_navupdate",
    "redemption:new": "redemptions.view_redemption",
    "redemption:settled": "redemptions.view_redemption",
    "approval:new": "approvals.view_ticket",
    "approval:resolved": "approvals.view_ticket",
    "risk:alert": "fund.view_liquidityalert",
    "rebalance:executed": "rebalance.view_plan",
    "chain:status": "chain.view_cursor",
}
"""Channel → the permission to listen to it."""
