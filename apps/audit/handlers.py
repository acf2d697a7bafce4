"""What others tell by signals."""

import hashlib
from contextlib import suppress
from typing import Any

import redis
from django.core.cache import cache

from apps.audit.models import OperationLog
from apps.audit.operations import record
from apps.core import clock
from apps.core.actor import Actor

REPEAT_SECONDS = 60
"""Who knocks at one door again and again gets one row a minute, so that nobody floods the log."""


def note_denied(*, request: Any, reason: str, **_signal: Any) -> None:
    """Record that somebody who is signed in was refused what they may not do."""
    user = request.user
    if not user.is_authenticated:
        return
    match = request.resolver_match
    door = f"{request.method} {match.route if match else request.path}"
    # Hashed, because routes have characters that cache keys may not have.
    if not _is_first(f"audit:denied:{user.pk}:{hashlib.sha256(door.encode()).hexdigest()}"):
        return
    record(
        actor=Actor.of_request(request),
        action="permission.denied",
        object_type="page",
        object_id=request.path,
        after={"method": request.method, "path": request.path[:500]},
        result=reason,
        level=OperationLog.Level.MEDIUM,
        at=clock.now(),
    )


def _is_first(key: str) -> bool:
    with suppress(redis.RedisError, OSError):
        return bool(cache.add(key, 1, REPEAT_SECONDS))
    return True
