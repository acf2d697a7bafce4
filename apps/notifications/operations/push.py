"""Telling open pages: a row in the fact's transaction, then Redis."""

from datetime import datetime, timedelta
from typing import Any

from apps.notifications.models import PushMessage

from .bell import publish_push

KEEP = timedelta(hours=24)


def push(channel: str, data: dict[str, Any], at: datetime) -> int:
    """Say something on a channel, once the caller's transaction commits; return its ``seq``.

    ``data`` is JSON in the API's words: camelCase, amounts as strings of digits.
    """
    row = PushMessage.objects.create(channel=channel, data=data, created_at=at)
    publish_push(frame_of(row))
    return row.pk


def push_chain_status(data: dict[str, Any], at: datetime) -> int | None:
    """Say how the chain is, when that differs from what was said last."""
    last = PushMessage.objects.filter(channel="chain:status").order_by("-id").first()
    return None if last is not None and last.data == data else push("chain:status", data, at)


def frame_of(row: PushMessage) -> dict[str, Any]:
    """What travels to the page: ``{"channel", "data", "timestamp", "seq"}``."""
    timestamp = row.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"channel": row.channel, "data": row.data, "timestamp": timestamp, "seq": row.pk}


def forget_pushes(at: datetime) -> int:
    """Delete what is older than a day; return how many."""
    return PushMessage.objects.filter(created_at__lt=at - KEEP).delete()[0]
