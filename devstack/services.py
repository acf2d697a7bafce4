"""The real PostgreSQL and Redis that tests and demo run on.

A URL in DATABASE_URL or REDIS_URL names a server somebody else keeps: it is used as it is, and
never stopped or wiped. For what is not named, a private server from wheels is started.
"""

from collections.abc import Mapping
from pathlib import Path

from devstack.postgres import Postgres
from devstack.processes import ProcessId
from devstack.redis_server import Redis


class Services:
    """One PostgreSQL and one Redis, own or foreign."""

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str],
        *,
        throwaway: bool,
        postgres_port: int = 0,
        redis_port: int = 0,
    ) -> None:
        """Decide what is ours; nothing is started before `start`.

        Args:
            directory: where own servers keep their data.
            environment: looked into for DATABASE_URL and REDIS_URL.
            throwaway: trade durability for speed, for tests.
            postgres_port: preferred port of an own PostgreSQL.
            redis_port: preferred port of an own Redis.
        """
        self._database_url = environment.get("DATABASE_URL", "")
        self._redis_url = environment.get("REDIS_URL", "")
        self.postgres = (
            None
            if self._database_url
            else Postgres(directory / "postgres", postgres_port, throwaway=throwaway)
        )
        self.redis = None if self._redis_url else Redis(directory / "redis", redis_port)

    @property
    def database_url(self) -> str:
        """The DATABASE_URL to work with."""
        return self.postgres.url if self.postgres else self._database_url

    @property
    def redis_url(self) -> str:
        """The REDIS_URL to work with."""
        return self.redis.url if self.redis else self._redis_url

    @property
    def processes(self) -> dict[str, ProcessId]:
        """The servers of ours that run now."""
        own = {"postgres": self.postgres, "redis": self.redis}
        return {name: process for name, one in own.items() if one and (process := one.process)}

    @property
    def folders(self) -> list[Path]:
        """The folders our servers write to."""
        folders = [self.postgres.own_folder] if self.postgres else []
        return folders + ([self.redis.directory] if self.redis else [])

    def start(self) -> None:
        """Start what is ours; stop what was started when the rest fails."""
        try:
            if self.postgres:
                self.postgres.start()
            if self.redis:
                self.redis.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop what is ours."""
        try:
            if self.redis:
                self.redis.stop()
        finally:
            if self.postgres:
                self.postgres.stop()
