"""How old prices are, those that are lost included: the last one known is the one in use."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection


def ages_of_last_known(
    *, chain_id: int, tokens: Collection[str], at: datetime
) -> dict[str, timedelta | None]:
    """The age of the oldest figure in each asset's last known price, by lower-case token; None
    where there never was one."""
    wanted = sorted({token.lower() for token in tokens})
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT wanted.token, last.oldest_at
            FROM unnest(%s::text[]) AS wanted(token)
            LEFT JOIN LATERAL (
                SELECT oldest_at FROM oracle_price
                WHERE chain_id = %s AND token = wanted.token AND price IS NOT NULL
                ORDER BY at DESC LIMIT 1
            ) AS last ON true
            """,
            [wanted, chain_id],
        )
        return {
            token: None if oldest_at is None else max(at - oldest_at, timedelta(0))
            for token, oldest_at in cursor.fetchall()
        }
