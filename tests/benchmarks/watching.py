"""Our own process as an operator runs it, and its progress seen from outside."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import psycopg

from devstack.env import ROOT, child_environment
from devstack.processes import ProcessId, stop_all
from tests.benchmarks.live import Live

WAIT_SECONDS_MAX = 60.0
_STOP_SECONDS_MAX = 5.0
_POLL_SECONDS = 0.01


class TooSlow(Exception):
    """What was waited for did not come."""


class Listening:
    """One `manage.py listen`, in a process of its own."""

    def __init__(self, live: Live, database_url: str, log_file: Path) -> None:
        environment = {"DATABASE_URL": database_url, "PAIMON_CHAIN_FILE": str(live.chain_file)}
        with log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "listen"],
                cwd=ROOT,
                env=child_environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.running:
            identity = ProcessId.of(self._process.pid)
            stop_all([identity] if identity else [], _STOP_SECONDS_MAX)
            self._process.wait()


class Watch:
    """Looks at a reader's progress from outside, through its database."""

    def __init__(self, database_url: str) -> None:
        self._connection = psycopg.connect(database_url, autocommit=True)

    def next_block(self) -> int:
        """The height the reader goes on at; -1 before its first turn."""
        row = self._connection.execute("SELECT next_block FROM chain_cursor").fetchone()
        return int(row[0]) if row else -1

    def to_apply(self) -> int:
        """How many final logs wait to be applied."""
        row = self._connection.execute(
            "SELECT count(*) FROM chain_log WHERE status = 'FINAL'"
        ).fetchone()
        return int(row[0]) if row else 0

    def provider(self) -> str:
        """The endpoint the reader asked last, as it is shown to people."""
        row = self._connection.execute("SELECT provider FROM chain_cursor").fetchone()
        return str(row[0]) if row else ""

    def connections(self) -> int:
        """How many other connections the database has."""
        row = self._connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
        return int(row[0]) if row else 0

    def wait_until_at(self, number: int) -> float:
        """Wait until this block is stored; seconds.

        Raises:
            TooSlow: it never is.
        """
        return self.wait_for(f"block {number}", lambda: self.next_block() > number)

    def wait_for(self, what: str, reached: Callable[[], bool]) -> float:
        """Wait until it is so; seconds.

        Raises:
            TooSlow: it never is.
        """
        started = time.monotonic()
        while not reached():
            if time.monotonic() > started + WAIT_SECONDS_MAX:
                raise TooSlow(f"{what} took more than {WAIT_SECONDS_MAX:.0f} s")
            time.sleep(_POLL_SECONDS)
        return time.monotonic() - started

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
