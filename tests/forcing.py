"""Rows in states that nothing led to, for tests of what comes after."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def guards_off() -> Iterator[None]:
    """PostgreSQL's triggers, which hold the tables of transitions, are off inside the block."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")
