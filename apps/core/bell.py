"""Ringing for a task after commit. A lost bell costs time, never work: the rows are what is due,
and the clock finds them."""

import logging
from collections.abc import Callable
from functools import cache, partial

import redis
from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

_log = logging.getLogger(__name__)


def ring_after_commit(task: str, *, queue: str = "high") -> None:
    """Start the task once the current transaction has committed; once per transaction."""
    ring = _bell(task, queue)
    if not any(ring in waiting for waiting in connection.run_on_commit):
        transaction.on_commit(ring, robust=True)


@cache
def _bell(task: str, queue: str) -> Callable[[], None]:
    """One object for each task, by which a transaction knows that it rings already."""
    return partial(_ring, task, queue)


def _ring(task: str, queue: str) -> None:
    try:
        current_app.send_task(task, queue=queue, retry=False)
    except (OperationalError, OSError, redis.RedisError):
        _log.warning("the broker does not answer; the clock will start %s", task)
