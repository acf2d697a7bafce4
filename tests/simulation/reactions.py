"""How often each log was really reacted to, in a table that dies with whoever was reacting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

React = Callable[..., None]


def recorded(react: React) -> React:
    """The same reactions, each noted in the transaction that it is part of."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE played_reaction (tx_hash text, place int) ON COMMIT DROP")

    def noted(*facts: Any) -> None:
        react(*facts)
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO played_reaction VALUES (%s, %s)",
                [(fact.source.tx_hash, fact.source.position) for fact in facts],
            )

    return noted


def more_than_once() -> list[tuple[str, int, int]]:
    """The logs that were reacted to again, with how often."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tx_hash, place, count(*) FROM played_reaction GROUP BY 1, 2 HAVING count(*) > 1"
        )
        return cursor.fetchall()
