"""What is kept of runs: everything for a fortnight, then one an hour and every change of level, for
two years."""

from datetime import datetime, timedelta

from django.db import connection, transaction

KEPT_WHOLE = timedelta(days=14)
KEPT = timedelta(days=730)
RUNS_AT_ONCE = 2_000

_SURPLUS = """
    SELECT id FROM (
        SELECT id, level_changed, row_number() OVER (
            PARTITION BY date_trunc('hour', at, 'UTC') ORDER BY level_changed DESC, at
        ) AS place
        FROM risk_assessment WHERE at < %s
    ) AS counted
    WHERE place > 1 AND NOT level_changed LIMIT %s
"""
_OLD = "SELECT id FROM risk_assessment WHERE at < %s LIMIT %s"


def prune(*, at: datetime) -> int:
    """Forget runs that are not kept any longer, with their readings; returns how many. Interrupted,
    it goes on the next time."""
    return _delete_all(_SURPLUS, at - KEPT_WHOLE) + _delete_all(_OLD, at - KEPT)


def _delete_all(chosen: str, before: datetime) -> int:
    """In portions that each stay well within a statement's time."""
    gone = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(chosen, [before, RUNS_AT_ONCE])
            ids = [pk for (pk,) in cursor.fetchall()]
            cursor.execute("DELETE FROM risk_reading WHERE assessment_id = ANY(%s)", [ids])
            cursor.execute("DELETE FROM risk_assessment WHERE id = ANY(%s)", [ids])
        gone += len(ids)
        if len(ids) < RUNS_AT_ONCE:
            return gone
