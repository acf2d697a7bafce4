"""Values kept for a moment in Redis, and computed again when Redis is gone."""

import logging
from collections.abc import Callable
from typing import TypeVar

import redis
from django.core.cache import cache

log = logging.getLogger(__name__)

Value = TypeVar("Value")


def cached(key: str, seconds: int, compute: Callable[[], Value]) -> Value:
    """The value of ``key``, at most ``seconds`` old; None is not kept."""
    try:
        found: Value | None = cache.get(key)
    except (redis.RedisError, OSError) as error:
        log.warning("the cache does not answer (%s); computing %s", error, key)
        return compute()
    if found is None:
        found = compute()
        _keep(key, found, seconds)
    return found


def _keep(key: str, value: object, seconds: int) -> None:
    if value is None:
        return
    try:
        cache.set(key, value, seconds)
    except (redis.RedisError, OSError) as error:
        log.warning("the cache does not answer (%s); %s is not kept", error, key)
