"""The wall clock. Doors read it and pass the instant on; nothing below a door calls it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def from_timestamp(seconds: int) -> datetime:
    """A chain's Unix seconds as an aware UTC instant.

    Contracts may say anything; an instant beyond year 9999 is clamped to the last one that Python
    and PostgreSQL can hold, so that one absurd log cannot stop the rest.
    """
    return datetime.fromtimestamp(min(max(seconds, 0), 253_402_300_799), UTC)
