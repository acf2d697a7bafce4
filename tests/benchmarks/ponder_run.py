"""The same history through Ponder, pinned in `ponder/` and installed from npm into `.local`.

What counts is Ponder's own clock: from the start of its back-fill to its end, its start-up not
included. Cold asks the node for everything; replay reads again what the first run cached.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from devstack.bootstrap import NPM_ARGUMENTS, BootstrapError, npm, run, same_content
from devstack.env import ROOT, child_environment
from devstack.errors import DevError
from devstack.ports import LOOPBACK, free_port
from devstack.processes import ProcessId, stop_all
from tests.benchmarks.history import Past

SOURCES = Path(__file__).parent / "ponder"
WORK = ROOT / ".local" / "bench" / "ponder"
SECONDS_MAX = 420.0
STOP_SECONDS_MAX = 10.0
_POLL_SECONDS = 0.2
_START = "Started backfill indexing"
_END = "Completed backfill indexing across all chains"


class PonderUnavailable(DevError):
    """It cannot be installed or does not finish."""


@dataclass(frozen=True, slots=True)
class Sync:
    """What one run of Ponder stored, and in what time."""

    events: int
    seconds: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


def install() -> None:
    """Bring Ponder's folder up to its lock.

    Raises:
        PonderUnavailable: npm cannot, for example without a network.
    """
    WORK.mkdir(parents=True, exist_ok=True)
    installed = WORK / "node_modules" / ".installed.json"
    shutil.copytree(SOURCES, WORK, dirs_exist_ok=True)
    if same_content(SOURCES / "package-lock.json", installed):
        return
    try:
        run([*npm(), *NPM_ARGUMENTS], cwd=WORK)
    except BootstrapError as error:
        raise PonderUnavailable(f"Ponder cannot be installed: {error}") from error
    shutil.copyfile(SOURCES / "package-lock.json", installed)


def sync(past: Past, database_url: str, *, schema: str) -> Sync:
    """Run Ponder until it has indexed the past, then stop it.

    A second run over the same database finds the first one's cache; it needs a schema of its own.

    Raises:
        PonderUnavailable: it ends or is not through in time; with its last words.
    """
    vault = next(one for one in past.fund.entry.contracts if one.kind == "vault")
    log_file = WORK / f"{schema}.log"
    environment = child_environment(
        {
            "DATABASE_URL": database_url,
            "BENCH_RPC_URL": past.url,
            "BENCH_CHAIN_ID": str(past.fund.entry.chain_id),
            "BENCH_VAULT": vault.address,
            "BENCH_FIRST_BLOCK": str(vault.start_block),
            "PONDER_TELEMETRY_DISABLED": "true",
        }
    )
    command = ["node", "node_modules/ponder/dist/esm/bin/ponder.js", "start"]
    command += ["--schema", schema, "--port", str(free_port()), "--hostname", LOOPBACK]
    command += ["--log-format", "json"]
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=WORK,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        seconds = _wait(process, log_file)
    finally:
        identity = ProcessId.of(process.pid)
        stop_all([identity] if identity else [], STOP_SECONDS_MAX)
        process.wait()
    return Sync(_stored(database_url, schema), seconds)


def _wait(process: subprocess.Popen[bytes], log_file: Path) -> float:
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        at = _milestones(log_file)
        if _END in at:
            return at[_END] - at[_START]
        if process.poll() is not None:
            raise PonderUnavailable(f"Ponder ended: {_last_words(log_file)}")
        time.sleep(_POLL_SECONDS)
    raise PonderUnavailable(f"Ponder is not through after {SECONDS_MAX:.0f} s")


def _milestones(log_file: Path) -> dict[str, float]:
    """When the sync began and ended by Ponder's own log, in seconds."""
    at: dict[str, float] = {}
    for line in log_file.read_text(errors="replace").splitlines():
        for milestone in (_START, _END):
            if milestone in line:
                at.setdefault(milestone, json.loads(line)["time"] / 1000)
    return at


def _stored(database_url: str, schema: str) -> int:
    with psycopg.connect(database_url) as connection:
        query = sql.SQL("SELECT count(*) FROM {}.movement")
        row = connection.execute(query.format(sql.Identifier(schema))).fetchone()
    return int(row[0]) if row else 0


def _last_words(log_file: Path) -> str:
    return " | ".join(log_file.read_text(errors="replace").strip().splitlines()[-8:])
