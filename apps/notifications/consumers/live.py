"""``/ws/v1/``: sign in with the first message, subscribe to channels, hear what happens.

A page of the admin is known by its session instead. Tokens never travel in the address.
"""

import asyncio
import json
from contextlib import suppress
from datetime import datetime
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from apps.core import clock
from apps.core.errors import Refused
from apps.notifications.rules import CHANNELS

from .access import Listener, listener_of_session, listener_of_token, origin_is_ours
from .hub import hub

BAD_MESSAGE, AUTH_FAILED, TOKEN_EXPIRED, AUTH_TIMEOUT = 4400, 4401, 4402, 4408
TOO_SLOW, TOO_MANY_MESSAGES = 4410, 4429

AUTH_WITHIN_SECONDS = 10.0
RECHECK_SECONDS = 30.0
SEND_WITHIN_SECONDS = 10.0
QUEUE_MAX = 100
MESSAGE_CHARACTERS_MAX = 8_192
CHANNELS_PER_MESSAGE_MAX = 50
BURST_MAX = 20
MESSAGES_PER_SECOND = 5.0


class LiveConsumer(AsyncWebsocketConsumer):
    """One open socket."""

    channel_layer_alias = "none"  # pushes come from the hub; a layer would cost a connection each

    async def connect(self) -> None:
        """Refuse foreign pages; take an admin session as proof, else wait for a token."""
        self._listener: Listener | None = None
        self._subscribed: set[str] = set()
        self._queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_MAX)
        self._tasks: list[asyncio.Task[None]] = []
        self._allowance, self._allowance_at = float(BURST_MAX), _monotonic()

        origin = _header(self.scope, b"origin")
        if (origin and not origin_is_ours(origin)) or b"token=" in self.scope["query_string"]:
            await self.close()
            return
        await self.accept()
        self._start(self._write())
        if origin:
            self._listener = await listener_of_session(self.scope)
        if self._listener is None:
            self._start(self._close_unless_known())
        else:
            await self._welcome()

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - channels' signature
        """Leave the hub and stop what runs for this socket."""
        await hub().leave(self)
        me = asyncio.current_task()
        for task in getattr(self, "_tasks", []):
            if task is not me:
                task.cancel()

    async def receive(
        self,
        text_data: str | None = None,
        bytes_data: bytes | None = None,  # noqa: ARG002 - channels' signature
    ) -> None:
        """Act on one message of the client."""
        if not self._take_allowance():
            await self._fail(TOO_MANY_MESSAGES, "RATE_LIMITED", "Too many messages.")
            return
        message = _parse(text_data)
        if message is None:
            await self._fail(BAD_MESSAGE, "VALIDATION_ERROR", "A message is a small JSON object.")
            return
        kind = message.get("type")
        if kind == "ping":
            self._say({"type": "pong"})
        elif kind == "auth":
            await self._authenticate(message)
        elif kind not in {"subscribe", "unsubscribe"}:
            self._say_error("VALIDATION_ERROR", "type is auth, subscribe, unsubscribe or ping.")
        elif self._listener is None:
            await self._fail(AUTH_FAILED, "AUTH_REQUIRED", "Send an auth message first.")
        else:
            await self._change_subscription(kind, message.get("channels"))

    # -- What the hub asks --------------------------------------------------------------------

    def hears(self, channel: str) -> bool:
        """Whether this socket subscribed to the channel."""
        return channel in self._subscribed

    def hand(self, text: str) -> None:
        """Queue a frame; a socket that does not keep up is dropped."""
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self._start(self._close_with(TOO_SLOW))

    # -- Signing in ---------------------------------------------------------------------------

    async def _authenticate(self, message: dict[str, Any]) -> None:
        token = message.get("token")
        if not isinstance(token, str):
            await self._fail(AUTH_FAILED, "AUTH_REQUIRED", "token is missing.")
            return
        try:
            listener = await listener_of_token(token, clock.now())
        except Refused as refusal:
            code = TOKEN_EXPIRED if refusal.code == "AUTH_EXPIRED" else AUTH_FAILED
            await self._fail(code, refusal.code, refusal.message)
            return
        known_before = self._listener
        if known_before is not None and known_before.user_id != listener.user_id:
            await self._fail(AUTH_FAILED, "FORBIDDEN", "This socket belongs to somebody else.")
            return
        self._listener = listener
        self._subscribed &= listener.channels
        if known_before is None:
            await self._welcome()
        else:
            self._say(_authenticated(listener))

    async def _welcome(self) -> None:
        if self._listener is None:
            return
        self._say(_authenticated(self._listener))
        self._start(self._watch_rights())

    async def _close_unless_known(self) -> None:
        await asyncio.sleep(AUTH_WITHIN_SECONDS)
        if self._listener is None:
            await self._fail(AUTH_TIMEOUT, "AUTH_REQUIRED", "No auth message came in time.")

    async def _watch_rights(self) -> None:
        """Close when the token expires, the session ends, or the rights are gone."""
        while self._listener is not None:
            await asyncio.sleep(_until_recheck(self._listener.expires_at, clock.now()))
            listener = self._listener
            try:
                again = (
                    await listener_of_token(listener.token, clock.now())
                    if listener.token
                    else await listener_of_session(self.scope)
                )
            except Refused as refusal:
                code = TOKEN_EXPIRED if refusal.code == "AUTH_EXPIRED" else AUTH_FAILED
                await self._fail(code, refusal.code, refusal.message)
                return
            if again is None:
                await self._fail(TOKEN_EXPIRED, "AUTH_EXPIRED", "The session has ended.")
                return
            if self._listener is listener:
                self._listener = again
                self._subscribed &= again.channels

    # -- Subscribing --------------------------------------------------------------------------

    async def _change_subscription(self, kind: str, names: Any) -> None:
        if (
            not isinstance(names, list)
            or len(names) > CHANNELS_PER_MESSAGE_MAX
            or not all(isinstance(name, str) for name in names)
        ):
            self._say_error("VALIDATION_ERROR", "channels is a short list of names.")
            return
        if kind == "unsubscribe":
            self._subscribed -= set(names)
            self._say({"type": "unsubscribed", "channels": names})
            return
        allowed = self._listener.channels if self._listener else frozenset()
        good = [name for name in names if name in allowed]
        unknown = [name for name in names if name not in CHANNELS]
        forbidden = [name for name in names if name in CHANNELS and name not in allowed]
        if good:
            await hub().join(self)
            self._subscribed |= set(good)
            self._say({"type": "subscribed", "channels": good})
        if unknown:
            self._say_error("NOT_FOUND", "There are no such channels.", channels=unknown)
        if forbidden:
            self._say_error("FORBIDDEN", "You may not hear these channels.", channels=forbidden)

    # -- Sending ------------------------------------------------------------------------------

    async def _write(self) -> None:
        while True:
            text = await self._queue.get()
            try:
                async with asyncio.timeout(SEND_WITHIN_SECONDS):
                    await self.send(text_data=text)
            except TimeoutError:
                await self._close_with(TOO_SLOW)
                return

    def _say(self, message: dict[str, Any]) -> None:
        self.hand(json.dumps(message))

    def _say_error(self, code: str, message: str, **more: Any) -> None:
        self._say({"type": "error", "code": code, "message": message, **more})

    async def _fail(self, close_code: int, code: str, message: str) -> None:
        self._subscribed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(SEND_WITHIN_SECONDS):
                text = json.dumps({"type": "error", "code": code, "message": message})
                await self.send(text_data=text)
        await self._close_with(close_code)

    async def _close_with(self, code: int) -> None:
        self._subscribed.clear()
        await self.close(code=code)

    def _start(self, work: Any) -> None:
        self._tasks.append(asyncio.create_task(work))

    def _take_allowance(self) -> bool:
        now = _monotonic()
        earned = (now - self._allowance_at) * MESSAGES_PER_SECOND
        self._allowance, self._allowance_at = min(self._allowance + earned, float(BURST_MAX)), now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


def _authenticated(listener: Listener) -> dict[str, Any]:
    expires_at = listener.expires_at
    return {
        "type": "authenticated",
        "expiresAt": expires_at.isoformat().replace("+00:00", "Z") if expires_at else None,
        "channels": sorted(listener.channels),
    }


def _until_recheck(expires_at: datetime | None, at: datetime) -> float:
    if expires_at is None:
        return RECHECK_SECONDS
    return min(max((expires_at - at).total_seconds(), 0.0) + 0.01, RECHECK_SECONDS)


def _parse(text: str | None) -> dict[str, Any] | None:
    if text is None or len(text) > MESSAGE_CHARACTERS_MAX:
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _header(scope: dict[str, Any], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
