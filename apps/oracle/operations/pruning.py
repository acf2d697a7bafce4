"""What is kept of observations: everything for a fortnight, then one price an hour."""

from datetime import datetime, timedelta

from django.db import connection

KEPT_WHOLE = timedelta(days=14)
ROWS_AT_ONCE = 20_000

_QUOTES = """
DELETE FROM oracle_quote WHERE id IN (
    SELECT quote.id FROM oracle_quote AS quote
    JOIN oracle_price AS price ON price.id = quote.price_row_id
    WHERE price.at < %s LIMIT %s
)
"""
_PRICES = """
DELETE FROM oracle_price WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (
            PARTITION BY chain_id, token, date_trunc('hour', at, 'UTC') ORDER BY at
        ) AS place
        FROM oracle_price WHERE at < %s
    ) AS counted
    WHERE place > 1 LIMIT %s
)
"""


def prune(*, at: datetime) -> tuple[int, int]:
    """Forget quotes older than a fortnight, and of prices older than that all but each hour's first
    one; returns how many quotes and prices went. Interrupted, it goes on the next time."""
    before = at - KEPT_WHOLE
    return _delete_all(_QUOTES, before), _delete_all(_PRICES, before)


def _delete_all(statement: str, before: datetime) -> int:
    """In portions that each stay well within a statement's time."""
    gone = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, [before, ROWS_AT_ONCE])
            count = int(cursor.rowcount)
        gone += count
        if count < ROWS_AT_ONCE:
            return gone
