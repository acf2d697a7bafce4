"""The socket: who gets in, what they hear, and that nothing is said too early or lost."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import redis
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import LazySettings, settings
from django.contrib.auth.models import Group
from django.db import transaction

from apps.accounts.models import ApiSession
from apps.core import clock
from apps.notifications import operations
from apps.notifications.consumers import hub as hub_module
from apps.notifications.consumers import live
from apps.notifications.consumers.access import origin_is_ours
from apps.notifications.models import PushMessage
from apps.notifications.operations import bell
from paimon.routing import websocket
from tests.accounts.people import Person, access_token, person, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

OURS = settings.BASE_URL


class Socket:
    """One client."""

    def __init__(self, *, origin: str = "", cookie: str = "", query: str = "") -> None:
        headers = [(b"host", b"127.0.0.1")]
        if origin:
            headers.append((b"origin", origin.encode()))
        if cookie:
            headers.append((b"cookie", cookie.encode()))
        self.client = ApplicationCommunicator(
            websocket,
            {
                "type": "websocket",
                "path": "/ws/v1/",
                "query_string": query.encode(),
                "headers": headers,
                "subprotocols": [],
            },
        )

    async def open(self) -> bool:
        await self.client.send_input({"type": "websocket.connect"})
        answer = await self.client.receive_output(timeout=5)
        return bool(answer["type"] == "websocket.accept")

    async def say(self, **message: Any) -> None:
        await self.say_text(json.dumps(message))

    async def say_text(self, text: str) -> None:
        await self.client.send_input({"type": "websocket.receive", "text": text})

    async def hear(self) -> dict[str, Any]:
        frame = await self.client.receive_output(timeout=5)
        assert frame["type"] == "websocket.send", frame
        message: dict[str, Any] = json.loads(frame["text"])
        return message

    async def closed_with(self) -> int:
        while True:
            message = await self.client.receive_output(timeout=5)
            if message["type"] == "websocket.close":
                return int(message["code"])

    async def sign_in(self, token: str) -> dict[str, Any]:
        assert await self.open()
        await self.say(type="auth", token=token)
        return await self.hear()

    async def leave(self) -> None:
        await self.client.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.client.wait(timeout=5)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async_to_sync(scenario)()


async def push(channel: str = "redemption:new", **data: Any) -> None:
    def say() -> None:
        with transaction.atomic():
            operations.push(channel, data, clock.now())

    await sync_to_async(say)()


class TestSigningIn:
    def test_by_the_first_message(self) -> None:
        token = access_token(person("VIEWER"))

        async def scenario() -> None:
            socket = Socket()
            welcome = await socket.sign_in(token)
            assert welcome["type"] == "authenticated"
            assert "redemption:new" in welcome["channels"]
            await socket.leave()

        run(scenario)

    def test_a_bad_token_closes(self) -> None:
        async def scenario() -> None:
            socket = Socket()
            assert (await socket.sign_in("nonsense"))["code"] == "AUTH_INVALID"
            assert await socket.closed_with() == live.AUTH_FAILED

        run(scenario)

    def test_saying_nothing_closes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live, "AUTH_WITHIN_SECONDS", 0.05)

        async def scenario() -> None:
            socket = Socket()
            assert await socket.open()
            assert (await socket.hear())["code"] == "AUTH_REQUIRED"
            assert await socket.closed_with() == live.AUTH_TIMEOUT

        run(scenario)

    def test_subscribing_first_closes(self) -> None:
        async def scenario() -> None:
            socket = Socket()
            assert await socket.open()
            await socket.say(type="subscribe", channels=["redemption:new"])
            assert (await socket.hear())["code"] == "AUTH_REQUIRED"
            assert await socket.closed_with() == live.AUTH_FAILED

        run(scenario)

    def test_an_expired_token_closes_with_its_own_code(self) -> None:
        token = access_token(person("VIEWER"), at=clock.now() - timedelta(hours=1))

        async def scenario() -> None:
            socket = Socket()
            assert (await socket.sign_in(token))["code"] == "AUTH_EXPIRED"
            assert await socket.closed_with() == live.TOKEN_EXPIRED

        run(scenario)

    def test_a_token_that_expires_meanwhile_closes(self, settings: LazySettings) -> None:
        settings.JWT_ACCESS_LIFETIME = timedelta(seconds=2)
        token = access_token(person("VIEWER"))

        async def scenario() -> None:
            socket = Socket()
            assert (await socket.sign_in(token))["type"] == "authenticated"
            assert (await socket.hear())["code"] == "AUTH_EXPIRED"
            assert await socket.closed_with() == live.TOKEN_EXPIRED

        run(scenario)

    def test_a_session_revoked_while_open_closes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live, "RECHECK_SECONDS", 0.05)
        who = person("VIEWER")
        token = access_token(who)

        async def scenario() -> None:
            socket = Socket()
            assert (await socket.sign_in(token))["type"] == "authenticated"
            await ApiSession.objects.filter(user=who.user).aupdate(revoked_at=clock.now())
            assert (await socket.hear())["code"] == "AUTH_INVALID"
            assert await socket.closed_with() == live.AUTH_FAILED

        run(scenario)

    def test_a_token_in_the_address_is_refused(self) -> None:
        token = access_token(person("VIEWER"))

        async def scenario() -> None:
            assert not await Socket(query=f"token={token}").open()

        run(scenario)


def admin_cookie(who: Person) -> str:
    client = signed_in(who)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


class TestAdminSession:
    def test_a_page_of_the_admin_is_known_by_its_session(self) -> None:
        cookie = admin_cookie(person("OPERATOR"))

        async def scenario() -> None:
            socket = Socket(origin=OURS, cookie=cookie)
            assert await socket.open()
            assert (await socket.hear())["type"] == "authenticated"
            await socket.leave()

        run(scenario)

    def test_a_foreign_page_is_refused_even_with_the_cookie(self) -> None:
        cookie = admin_cookie(person("OPERATOR"))

        async def scenario() -> None:
            assert not await Socket(origin="https://evil.example", cookie=cookie).open()

        run(scenario)

    def test_a_session_without_second_factor_is_not_proof(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live, "AUTH_WITHIN_SECONDS", 0.05)
        who = person("OPERATOR")
        client = signed_in(who)
        session = client.session
        del session["otp_device_id"]
        session.save()
        value = client.cookies[settings.SESSION_COOKIE_NAME].value

        async def scenario() -> None:
            socket = Socket(origin=OURS, cookie=f"{settings.SESSION_COOKIE_NAME}={value}")
            assert await socket.open()
            assert (await socket.hear())["code"] == "AUTH_REQUIRED"

        run(scenario)

    def test_a_cookie_without_an_origin_is_not_proof(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live, "AUTH_WITHIN_SECONDS", 0.05)
        cookie = admin_cookie(person("OPERATOR"))

        async def scenario() -> None:
            socket = Socket(cookie=cookie)
            assert await socket.open()
            assert (await socket.hear())["code"] == "AUTH_REQUIRED"

        run(scenario)

    def test_signing_out_closes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live, "RECHECK_SECONDS", 0.05)
        who = person("OPERATOR")
        client = signed_in(who)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value

        async def scenario() -> None:
            socket = Socket(origin=OURS, cookie=f"{settings.SESSION_COOKIE_NAME}={value}")
            assert await socket.open()
            assert (await socket.hear())["type"] == "authenticated"
            await sync_to_async(client.logout)()
            assert (await socket.hear())["code"] == "AUTH_EXPIRED"
            assert await socket.closed_with() == live.TOKEN_EXPIRED

        run(scenario)

    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil.example",
            "null",
            "file://",
            "http://127.0.0.1:1",
            "http://[",
            "https://127.0.0.1",
        ],
    )
    def test_only_our_own_origin_is_ours(self, origin: str) -> None:
        assert origin_is_ours(OURS)
        assert not origin_is_ours(origin)


class TestSubscribing:
    def test_unknown_and_forbidden_channels_are_named(self) -> None:
        token = access_token(person("INVESTOR"))

        async def scenario() -> None:
            socket = Socket()
            assert (await socket.sign_in(token))["channels"] == []
            await socket.say(type="subscribe", channels=["redemption:new", "no:such"])
            unknown, forbidden = await socket.hear(), await socket.hear()
            assert (unknown["code"], unknown["channels"]) == ("NOT_FOUND", ["no:such"])
            assert (forbidden["code"], forbidden["channels"]) == ("FORBIDDEN", ["redemption:new"])
            await socket.leave()

        run(scenario)

    def test_hears_what_was_subscribed_and_nothing_else(self) -> None:
        token = access_token(person("VIEWER"))

        async def scenario() -> None:
            socket = Socket()
            await socket.sign_in(token)
            await socket.say(type="subscribe", channels=["redemption:new", "risk:alert"])
            assert (await socket.hear())["channels"] == ["redemption:new", "risk:alert"]
            await push("fund:nav", nav="1")
            await push("redemption:new", requestId="7")
            frame = await socket.hear()
            assert (frame["channel"], frame["data"]) == ("redemption:new", {"requestId": "7"})
            assert frame["seq"] == (await PushMessage.objects.alast()).pk  # type: ignore[union-attr]
            await socket.say(type="unsubscribe", channels=["redemption:new"])
            assert (await socket.hear())["type"] == "unsubscribed"
            await push("redemption:new", requestId="8")
            await push("risk:alert", kind="CHAIN_HALTED")
            assert (await socket.hear())["channel"] == "risk:alert"
            await socket.leave()

        run(scenario)

    def test_rights_lost_while_open_end_the_channel(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live, "RECHECK_SECONDS", 0.05)
        who = person("OPERATOR")
        cookie = admin_cookie(who)

        async def scenario() -> None:
            socket = Socket(origin=OURS, cookie=cookie)
            assert await socket.open()
            await socket.hear()
            await socket.say(type="subscribe", channels=["redemption:new"])
            await socket.hear()
            await sync_to_async(take_roles_away)(who)
            answer: dict[str, Any] = {}
            async with asyncio.timeout(5):
                while answer.get("code") != "FORBIDDEN":
                    await socket.say(type="subscribe", channels=["fund:nav"])
                    answer = await socket.hear()
                    await asyncio.sleep(0.2)
            await push("redemption:new", requestId="7")
            assert await socket.client.receive_nothing(timeout=0.3)
            await socket.leave()

        run(scenario)

    @pytest.mark.parametrize(
        "text", ["not json", "[]", '"x"', "{" * 5000, '{"type": "subscribe"' + " " * 9000 + "}"]
    )
    def test_nonsense_closes(self, text: str) -> None:
        async def scenario() -> None:
            socket = Socket()
            assert await socket.open()
            await socket.say_text(text)
            assert (await socket.hear())["code"] == "VALIDATION_ERROR"
            assert await socket.closed_with() == live.BAD_MESSAGE

        run(scenario)

    def test_ping_is_answered_and_a_flood_closes(self) -> None:
        async def scenario() -> None:
            socket = Socket()
            assert await socket.open()
            await socket.say(type="ping")
            assert await socket.hear() == {"type": "pong"}
            for _ in range(live.BURST_MAX + 1):
                await socket.say(type="ping")
            assert await socket.closed_with() == live.TOO_MANY_MESSAGES

        run(scenario)


def take_roles_away(who: Person) -> None:
    who.user.groups.set(Group.objects.none())


class TestDelivery:
    def test_nothing_is_heard_of_what_was_rolled_back(self) -> None:
        token = access_token(person("VIEWER"))

        def undone() -> None:
            with transaction.atomic():
                operations.push("redemption:new", {"requestId": "1"}, clock.now())
                transaction.set_rollback(True)

        async def scenario() -> None:
            socket = Socket()
            await socket.sign_in(token)
            await socket.say(type="subscribe", channels=["redemption:new"])
            await socket.hear()
            await sync_to_async(undone)()
            await push("redemption:new", requestId="2")
            assert (await socket.hear())["data"] == {"requestId": "2"}
            await socket.leave()

        run(scenario)

    def test_a_lost_bell_is_made_good_from_the_rows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def lost(_text: str) -> None:
            raise redis.ConnectionError

        monkeypatch.setattr(bell, "_publish", lost)
        monkeypatch.setattr(hub_module, "CATCH_UP_SECONDS", 0.1)
        token = access_token(person("VIEWER"))

        async def scenario() -> None:
            socket = Socket()
            await socket.sign_in(token)
            await socket.say(type="subscribe", channels=["redemption:new"])
            await socket.hear()
            await push("redemption:new", requestId="9")
            assert (await socket.hear())["data"] == {"requestId": "9"}
            assert await socket.client.receive_nothing(timeout=0.3)
            await socket.leave()

        run(scenario)

    def test_a_cut_redis_connection_is_made_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(hub_module, "RECONNECT_SECONDS", 0.05)
        token = access_token(person("VIEWER"))

        async def scenario() -> None:
            socket = Socket()
            await socket.sign_in(token)
            await socket.say(type="subscribe", channels=["redemption:new"])
            await socket.hear()
            with redis.Redis.from_url(settings.REDIS_URL) as client:
                client.client_kill_filter(_type="pubsub", skipme=True)
            for number in range(3):
                await push("redemption:new", requestId=str(number))
                assert (await socket.hear())["data"] == {"requestId": str(number)}
            await socket.leave()

        run(scenario)

    def test_a_socket_that_does_not_keep_up_is_dropped(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live, "SEND_WITHIN_SECONDS", 0.05)
        token = access_token(person("VIEWER"))

        async def stuck(self: Any, text_data: str | None = None, **_: Any) -> None:
            if text_data is not None and '"seq"' in text_data:
                await asyncio.Event().wait()
            await original(self, text_data=text_data)

        original = live.LiveConsumer.send
        monkeypatch.setattr(live.LiveConsumer, "send", stuck)

        async def scenario() -> None:
            socket = Socket()
            await socket.sign_in(token)
            await socket.say(type="subscribe", channels=["redemption:new"])
            await socket.hear()
            await push("redemption:new", requestId="1")
            assert await socket.closed_with() == live.TOO_SLOW

        run(scenario)

    def test_old_pushes_are_forgotten(self) -> None:
        now = clock.now()
        operations.push("fund:nav", {}, now - timedelta(hours=25))
        operations.push("fund:nav", {}, now)

        assert operations.forget_pushes(now) == 1
        assert PushMessage.objects.count() == 1

    def test_chain_status_is_said_when_it_changes(self) -> None:
        now = clock.now()

        said = [
            operations.push_chain_status({"headNumber": number}, now) is not None
            for number in (1, 1, 2)
        ]

        assert said == [True, False, True]
