"""Ringing after commit. A lost bell costs seconds, never a message: the rows are what is due."""

import json
import logging
from functools import cache
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from kombu.exceptions import OperationalError

DELIVER_TASK = "notifications.deliver"
PUSH_TOPIC = "paimon:push"

_log = logging.getLogger(__name__)


def ring_for_delivery() -> None:
    """Wake the delivery once the current transaction has committed; once per transaction."""
    if not any(_ring_for_delivery in waiting for waiting in connection.run_on_commit):
        transaction.on_commit(_ring_for_delivery, robust=True)


def publish_push(frame: dict[str, Any]) -> None:
    """Hand a push to the processes that hold open sockets, once the transaction has committed."""
    transaction.on_commit(lambda: _publish(json.dumps(frame)), robust=True)


def _ring_for_delivery() -> None:
    try:
        current_app.send_task(DELIVER_TASK, queue="high", retry=False)
    except (OperationalError, OSError, redis.RedisError):
        _log.warning("the broker does not answer; the sweep will deliver")


def _publish(text: str) -> None:
    try:
        _redis().publish(PUSH_TOPIC, text)
    except (OSError, redis.RedisError):
        _log.warning("Redis does not answer; open pages will catch up from the rows")


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
