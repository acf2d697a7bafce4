"""Ringing after commit. A lost bell costs seconds, never a trade: the rows are what is due."""

import logging

import redis
from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

ADVANCE_TASK = "rebalance.advance"

_log = logging.getLogger(__name__)


def ring_for_the_next_step() -> None:
    """Let the open plan go on once the current transaction has committed; once per transaction."""
    if not any(_ring in waiting for waiting in connection.run_on_commit):
        transaction.on_commit(_ring, robust=True)


def _ring() -> None:
    try:
        current_app.send_task(ADVANCE_TASK, queue="high", retry=False)
    except (OperationalError, OSError, redis.RedisError):
        _log.warning("the broker does not answer; the clock will take the plan further")
