"""Ringing after commit. A lost bell costs seconds, never a message: the rows are what is due."""

import json
import logging
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import transaction

from apps.core.bell import ring_after_commit

DELIVER_TASK = "notifications.deliver"
PUSH_TOPIC = "paimon:push"

_log = logging.getLogger(__name__)


def ring_for_delivery() -> None:
    """Wake the delivery once the current transaction has committed."""
    ring_after_commit(DELIVER_TASK)


def publish_push(frame: dict[str, Any]) -> None:
    """Hand a push to the processes that hold open sockets, once the transaction has committed."""
    transaction.on_commit(lambda: _publish(json.dumps(frame)), robust=True)


def _publish(text: str) -> None:
    try:
        _redis().publish(PUSH_TOPIC, text)
    except (OSError, redis.RedisError):
        _log.warning("Redis does not answer; open pages will catch up from the rows")


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
