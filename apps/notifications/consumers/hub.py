"""One Redis subscription per process, handed to every socket that listens.

Redis is only the bell. What it loses is found in the rows: every few seconds, and at once after a
lost connection, the hub looks for pushes it has not handed on.
"""

import asyncio
import json
import logging
from collections import OrderedDict
from datetime import timedelta
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import redis.asyncio as redis
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError

from apps.core import clock
from apps.notifications.operations import frame_of
from apps.notifications.operations.bell import PUSH_TOPIC
from apps.notifications.queries import pushes_after

CATCH_UP_SECONDS = 3.0
CATCH_UP_WINDOW = timedelta(seconds=60)
RECONNECT_SECONDS = 1.0
REMEMBERED_MAX = 5_000
BREATH_EVERY = 200  # sockets handed to before others get a turn

_log = logging.getLogger(__name__)


class Member(Protocol):
    """A socket as the hub sees it."""

    def hears(self, channel: str) -> bool:
        """Whether it subscribed to the channel."""

    def hand(self, text: str) -> None:
        """Take a frame to be sent; must not wait."""


class Hub:
    """The sockets of one event loop."""

    def __init__(self) -> None:
        self._members: set[Member] = set()
        self._task: asyncio.Task[None] | None = None
        self._seen: OrderedDict[int, None] = OrderedDict()

    async def join(self, member: Member) -> None:
        """Let a socket hear from now on; the first one starts the subscription."""
        if self._task is None or self._task.done():
            await self._skip_history()
            self._task = asyncio.create_task(self._listen())
        self._members.add(member)

    async def leave(self, member: Member) -> None:
        """Forget a socket; with the last one the subscription ends."""
        self._members.discard(member)
        if not self._members and self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except (redis.RedisError, OSError) as error:
                _log.warning("live: Redis does not answer (%s); reading the rows", error)
            await self._catch_up()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2)
        try:
            async with client.pubsub() as subscription:
                await subscription.subscribe(PUSH_TOPIC)
                await self._catch_up()
                caught_up_at = asyncio.get_running_loop().time()
                while True:
                    message = await subscription.get_message(
                        ignore_subscribe_messages=True, timeout=CATCH_UP_SECONDS
                    )
                    if message is not None:
                        await self._hand_on(json.loads(message["data"]))
                    if asyncio.get_running_loop().time() - caught_up_at >= CATCH_UP_SECONDS:
                        await self._catch_up()
                        caught_up_at = asyncio.get_running_loop().time()
        finally:
            await client.aclose()

    async def _catch_up(self) -> None:
        for frame in await self._recent_frames():
            await self._hand_on(frame)

    async def _skip_history(self) -> None:
        for frame in await self._recent_frames():
            self._is_new(frame["seq"])

    async def _recent_frames(self) -> list[dict[str, Any]]:
        try:
            rows = await database_sync_to_async(pushes_after)(clock.now() - CATCH_UP_WINDOW)
        except DatabaseError as error:
            _log.warning("live: the database does not answer (%s)", error)
            return []
        return [frame_of(row) for row in rows]

    async def _hand_on(self, frame: dict[str, Any]) -> None:
        if not self._is_new(frame["seq"]):
            return
        text = json.dumps(frame, separators=(",", ":"))
        for count, member in enumerate(list(self._members), start=1):
            if member.hears(frame["channel"]):
                member.hand(text)
            if count % BREATH_EVERY == 0:
                await asyncio.sleep(0)

    def _is_new(self, seq: int) -> bool:
        if seq in self._seen:
            return False
        self._seen[seq] = None
        while len(self._seen) > REMEMBERED_MAX:
            self._seen.popitem(last=False)
        return True


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop, that is of this process."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
