"""Another process that is just sending."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection

from apps.core.locks import lock_key


@contextmanager
def taken(name: str) -> Iterator[None]:
    """Hold a named lock in a database session of its own."""
    values = connection.get_connection_params()
    with psycopg.connect(
        host=values["host"],
        port=values["port"],
        user=values["user"],
        password=values.get("password", ""),
        dbname=values["dbname"],
        autocommit=True,
    ) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [lock_key(name)])
        yield
