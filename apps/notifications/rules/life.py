"""How a message lives: by which channel, in which state, how urgent, and when it is tried again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from apps.core.text import visible_line


class Channel(StrEnum):
    """How a message travels. Email and in-app go to persons, the others to a shared place."""

    EMAIL = "EMAIL"
    SLACK = "SLACK"
    TELEGRAM = "TELEGRAM"
    PAGERDUTY = "PAGERDUTY"
    IN_APP = "IN_APP"


CHANNEL_NAMES: Mapping[Channel, str] = {
    Channel.EMAIL: "Email",
    Channel.SLACK: "Slack",
    Channel.TELEGRAM: "Telegram",
    Channel.PAGERDUTY: "PagerDuty",
    Channel.IN_APP: "In the back-office",
}


class Status(StrEnum):
    """The life of a message.

    HELD waits to be told together with others, and is GATHERED once the message that tells of them
    all lies in the outbox. RECORDED is kept and not sent.
    """

    PENDING = "PENDING"
    SENDING = "SENDING"
    SENT = "SENT"
    RETRY = "RETRY"
    FAILED = "FAILED"
    DISMISSED = "DISMISSED"
    RECORDED = "RECORDED"
    HELD = "HELD"
    GATHERED = "GATHERED"


# The database trigger of migration 0004 holds the same table. What was SENT fails only by a bounce.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.SENDING}),
    Status.SENDING: frozenset({Status.SENDING, Status.SENT, Status.RETRY, Status.FAILED}),
    Status.RETRY: frozenset({Status.SENDING}),
    Status.SENT: frozenset({Status.FAILED}),
    Status.FAILED: frozenset({Status.PENDING, Status.DISMISSED}),
    Status.DISMISSED: frozenset({Status.PENDING}),
    Status.RECORDED: frozenset(),
    Status.HELD: frozenset({Status.GATHERED, Status.RECORDED}),
    Status.GATHERED: frozenset(),
}


class HeldFor(StrEnum):
    """What a held message waits for: its reader's daily digest, or the end of a burst."""

    DIGEST = "DIGEST"
    BURST = "BURST"


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
RETRY_AFTER_MAX = timedelta(hours=1)
CRITICAL_RETRY_AFTER_MAX = timedelta(minutes=15)
_BACKOFF_FIRST = timedelta(seconds=30)
_BACKOFF_FACTOR = 4
_JITTER_SHARE_PERCENT = 50
_ASKED_FOR_JITTER = timedelta(seconds=5)

ALERT_AGE_MAX = timedelta(hours=1)
SUBJECT_CHARACTERS_MAX = 200


def backoff(attempts: int, jitter_percent: int) -> timedelta:
    """How long to wait after the attempt of this number: 30 s, 2 min, 8 min, and up to half more.

    Args:
        attempts: how many were made, at least 1.
        jitter_percent: 0 … 100, drawn by the caller, so that failures do not come back in step.
    """
    wait: timedelta = _BACKOFF_FIRST * _BACKOFF_FACTOR ** (attempts - 1)
    return wait + wait * _JITTER_SHARE_PERCENT * jitter_percent // 10_000


def wait_after(attempts: int, retry_after: timedelta | None, jitter_percent: int) -> timedelta:
    """How long to wait after the attempt of this number failed.

    What the other side asks for is granted and up to five seconds more. The whole place rests
    meanwhile, so our own steps count only when it asks again for the same message, one step later.
    """
    if retry_after is None:
        return backoff(attempts, jitter_percent)
    granted = retry_after + _ASKED_FOR_JITTER * jitter_percent // 100
    return granted if attempts == 1 else max(granted, backoff(attempts - 1, jitter_percent))


def is_stale_alert(happened_at: datetime, at: datetime) -> bool:
    """Whether an alert tells of something too old to wake people for."""
    return at - happened_at > ALERT_AGE_MAX


def subject_line(text: str, prefix: str) -> str:
    """A subject of one line, at most 200 characters, that says which installation speaks."""
    return cut(f"[{prefix}] {visible_line(text)}", SUBJECT_CHARACTERS_MAX)


def cut(text: str, characters_max: int) -> str:
    """The text, at most so long, and that something is missing where something is."""
    return text if len(text) <= characters_max else text[: characters_max - 1] + "…"
