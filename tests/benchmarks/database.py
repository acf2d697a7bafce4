"""A database as after the first migration, for each measurement anew."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connection
from psycopg import sql


@contextmanager
def fresh_database() -> Iterator[str]:
    """Copy the migrated database; this process's Django uses the copy until the block ends."""
    pattern = os.environ["DATABASE_URL"]
    template = urlsplit(pattern).path.lstrip("/")
    name = f"bench_{secrets.token_hex(4)}"
    _administer(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, template)
    _use(name)
    try:
        yield url_of(name)
    finally:
        _use(template)
        _administer(sql.SQL("DROP DATABASE {} WITH (FORCE)"), name)


def url_of(name: str) -> str:
    """The URL of a database on the benchmarks' server."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def _administer(statement: sql.SQL, *names: str) -> None:
    with psycopg.connect(url_of("postgres"), autocommit=True) as server:
        server.execute(statement.format(*map(sql.Identifier, names)))


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
