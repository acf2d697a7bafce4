"""PostgreSQL advisory locks for work that one process at a time may do, and steady reads."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


def lock_key(name: str) -> int:
    """A stable signed 64-bit key for a lock's name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def try_session_lock(name: str) -> bool:
    """Take the named lock for this database session; False when another session holds it.

    It is released by :func:`release_session_lock` or when the connection ends, however it ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock_key(name)])
        return bool(cursor.fetchone()[0])


def release_session_lock(name: str) -> None:
    """Give the named lock back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [lock_key(name)])


@contextmanager
def exclusive(name: str) -> Iterator[bool]:
    """Hold the named session lock inside the block; yields False (without it) when it is taken."""
    taken = try_session_lock(name)
    try:
        yield taken
    finally:
        if taken:
            release_session_lock(name)


def transaction_lock(name: str) -> None:
    """Wait for the named lock and hold it until the current transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_key(name)])


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Read everything inside the block as of one moment; nothing may be written.

    Inside another transaction it changes nothing: that one's reading goes on.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield
