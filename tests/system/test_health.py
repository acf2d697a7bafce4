"""Probes and the health endpoint: what is said to whom, and what is said when parts are gone."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from kombu import Connection

from apps.chain.models import Cursor, SignerAccount, Stop
from apps.core import clock
from apps.system import operations
from apps.system.queries import health
from apps.system.rules import HEARTBEAT, State
from tests.accounts.people import api_client, person
from tests.system import samples

pytestmark = pytest.mark.django_db

NOWHERE = "redis://127.0.0.1:1"


class TestProbes:
    def test_alive(self, client: Client) -> None:
        assert client.get("/livez").content == b"ok"

    def test_ready(self, client: Client) -> None:
        response = client.get("/readyz")

        assert response.status_code == 200
        assert response.json()["checks"] == {"database": True, "redis": True, "migrations": True}

    def test_not_ready_without_redis(self, client: Client, settings: LazySettings) -> None:
        settings.REDIS_URL = NOWHERE

        response = client.get("/readyz")

        assert response.status_code == 503
        assert response.json()["checks"]["redis"] is False


class TestHealthEndpoint:
    def test_tells_strangers_one_word(self) -> None:
        data = api_client().get("/api/v1/system/health").json()["data"]

        assert list(data) == ["status"]

    def test_tells_staff_the_parts(self) -> None:
        samples.cursor(clock.now())

        data = api_client(person("VIEWER")).get("/api/v1/system/health").json()["data"]

        assert {part["name"] for part in data["components"]} == {
            "database",
            "redis",
            "workers",
            "beat",
            "chain",
            "listener",
            "sender",
            "checks",
            "oracle",
            "rebalancing",
            "risk",
            "forecast",
            "messages",
        }
        assert data["lastBlockProcessed"] == 1_284_511
        assert data["blockLag"] == 0

    def test_tells_investors_no_more_than_strangers(self) -> None:
        data = api_client(person("INVESTOR")).get("/api/v1/system/health").json()["data"]

        assert list(data) == ["status"]


class TestConfiguration:
    def test_shows_contracts_and_rules_but_no_node(self) -> None:
        response = api_client(person("VIEWER")).get("/api/v1/system/config")

        data = response.json()["data"]
        assert data["chain"]["contracts"][0]["kind"] == "vault"
        assert "EMERGENCY_REDEMPTION" in {rule["kind"] for rule in data["rules"]}
        assert b"rpc" not in response.content.lower()
        assert b"127.0.0.1" not in response.content

    def test_is_not_for_strangers(self) -> None:
        assert api_client().get("/api/v1/system/config").status_code == 401

    def test_is_not_for_investors(self) -> None:
        response = api_client(person("INVESTOR")).get("/api/v1/system/config")

        assert response.status_code == 403


class TestParts:
    def test_listener_silent_for_a_minute_is_degraded(self) -> None:
        at = clock.now()
        samples.cursor(at)

        found = health.health(at + timedelta(minutes=1), ask_workers=False)

        assert found.component("listener").state is State.DEGRADED
        assert found.status == "degraded"

    def test_halted_chain_says_why(self) -> None:
        at = clock.now()
        samples.cursor(at)
        Cursor.objects.update(halted_reason="a reorg below what was final")

        part = health.health(at, ask_workers=False).component("chain")

        assert part.state is State.DOWN
        assert "a reorg below what was final" in part.sentence

    def test_a_stop_is_told(self) -> None:
        at = clock.now()
        Stop.objects.create(scope="all", reason="spent elsewhere", set_by="ana", set_at=at)

        part = health.sender_state(at)

        assert part.state is State.DOWN
        assert part.sentence == "Stopped (everything): spent elsewhere"
        assert part.figures["stops"] == ["all"]

    def test_a_stop_of_one_kind_of_call_is_not_everything(self) -> None:
        at = clock.now()
        scope = f"stream:{samples.CHAIN}:SETTLE_REDEMPTION"
        Stop.objects.create(scope=scope, reason="looked at", set_by="ana", set_at=at)

        assert health.sender_state(at).state is State.DEGRADED

    def test_a_key_out_of_reach_is_told(self) -> None:
        SignerAccount.objects.create(
            chain_id=samples.CHAIN, address=samples.ALICE, name="operations", trouble="No password."
        )

        part = health.sender_state(clock.now())

        assert part.state is State.DOWN
        assert part.sentence == "No password."

    def test_beat_without_a_heartbeat_is_down(self) -> None:
        assert health.beat_state(clock.now()).state is State.DOWN

    def test_beat_with_an_old_heartbeat_is_down(self) -> None:
        at = clock.now()
        operations.note_succeeded(name=HEARTBEAT, at=at - timedelta(seconds=91))

        assert health.beat_state(at).state is State.DOWN

    def test_redis_gone_is_unhealthy_and_quick(self, settings: LazySettings) -> None:
        settings.REDIS_URL = NOWHERE

        found = health.health(clock.now(), ask_workers=False)

        assert found.status == "unhealthy"
        assert found.component("redis").state is State.DOWN

    def test_workers_cannot_be_asked_without_a_broker(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(**_kwargs: object) -> Connection:
            return Connection(NOWHERE)

        monkeypatch.setattr(health.current_app, "connection_for_write", broken)

        part = health.workers_state()

        assert part.state is State.UNKNOWN
