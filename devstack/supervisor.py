"""Keeps the programs of a Procfile running, and ends them all together.

Each program leads a process group of its own, so a Ctrl-C in the terminal reaches only us, and
what a crashed program leaves behind can be killed with its group. Output goes straight to a log
file: no pipe breaks when we are killed. Every identity is written down at once, so that the next
start can end what a killed supervisor left running.
"""

import subprocess
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack.console import Console
from devstack.env import ROOT
from devstack.errors import DevError
from devstack.ledger import Ledger
from devstack.processes import ProcessId, kill_group, stop_all
from devstack.procfile import Program

POLL_SECONDS = 0.1
RESTART_SECONDS_MIN = 0.25
RESTART_SECONDS_MAX = 15.0
# A program that ran this long was well; its next crash is a first one again.
HEALTHY_SECONDS_MIN = 20.0
STOP_SECONDS_MAX = 8.0
LOG_LINES_SHOWN = 6
LOG_BYTES_READ_MAX = 8192


@dataclass(slots=True)
class _Child:
    """One program and the process that runs it now."""

    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    identity: ProcessId | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    crashes: int = 0
    restarts: int = 0


class Supervisor:
    """Starts programs, restarts the ones that end, stops all of them."""

    def __init__(self, directory: Path, console: Console) -> None:
        """Describe the supervisor; nothing is started yet.

        Args:
            directory: gets `log/<name>.log`, and the list of running processes as `processes`.
            console: where crashes and restarts are told.
        """
        self._logs = directory / "log"
        self._ledger = Ledger(directory / "processes")
        self._console = console
        self._environment: dict[str, str] = {}
        self._children: dict[str, _Child] = {}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    @property
    def names(self) -> list[str]:
        """The programs, in their order."""
        return list(self._children)

    @property
    def processes(self) -> dict[str, ProcessId]:
        """The processes that run the programs now."""
        with self._lock:
            return self._identities()

    def start(self, programs: Iterable[Program], environment: Mapping[str, str]) -> None:
        """Start programs in this environment and keep them running until `stop`."""
        self._logs.mkdir(parents=True, exist_ok=True)
        self._environment = dict(environment)
        with self._lock:
            for program in programs:
                self._rotate_log(program.name)
                self._children[program.name] = child = _Child(program)
                self._spawn(child)
        self._watcher.start()

    def stop(self) -> None:
        """End every program and its group; they have a bounded time to do it by themselves."""
        self._stopping.set()
        if self._watcher.ident is not None:
            self._watcher.join()
        with self._lock:
            running = [child.identity for child in self._children.values() if child.identity]
            stop_all(running, STOP_SECONDS_MAX)
            for child in self._children.values():
                if child.process is not None:
                    kill_group(child.process.pid)
                    child.process.wait()
            self._children.clear()
        self._ledger.clear()

    def pid(self, name: str) -> int:
        """Return the process id that runs a program now.

        Raises:
            DevError: the program is not running.
        """
        with self._lock:
            child = self._children.get(name)
            if child is None or child.process is None or child.process.poll() is not None:
                raise DevError(f"{name} is not running.")
            return child.process.pid

    def restarts(self, name: str) -> int:
        """Return how often a program had to be started again."""
        with self._lock:
            return self._children[name].restarts

    def log_file(self, name: str) -> Path:
        """Return where a program's output goes."""
        return self._logs / f"{name}.log"

    def log_tail(self, name: str) -> list[str]:
        """Return the last lines a program wrote."""
        return tail(self.log_file(name))

    def _spawn(self, child: _Child) -> None:
        with self.log_file(child.program.name).open("ab") as log:
            child.process = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {child.program.command}"],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child.identity = ProcessId.of(child.process.pid)
        child.started_at = time.monotonic()
        self._ledger.write(self._identities())

    def _watch(self) -> None:
        while not self._stopping.wait(POLL_SECONDS):
            with self._lock:
                for child in self._children.values():
                    self._attend_to(child)

    def _attend_to(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.restart_at:
                child.restarts += 1
                self._spawn(child)
        elif child.process.poll() is not None:
            self._bury(child, now)

    def _bury(self, child: _Child, now: float) -> None:
        """Kill what the ended program left behind, tell about it, and plan the next start."""
        assert child.process is not None  # noqa: S101
        kill_group(child.process.pid)
        code = child.process.returncode
        if now - child.started_at > HEALTHY_SECONDS_MIN:
            child.crashes = 0
        delay = min(RESTART_SECONDS_MIN * 2**child.crashes, RESTART_SECONDS_MAX)
        child.crashes += 1
        child.restart_at = now + delay
        child.process = child.identity = None
        self._ledger.write(self._identities())
        name = child.program.name
        ended = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        self._console.say_from(name, f"{ended}; starting it again in {delay:g} s")
        if code > 0:
            for line in self.log_tail(name):
                self._console.say_from(name, f"  {line}")

    def _identities(self) -> dict[str, ProcessId]:
        return {name: child.identity for name, child in self._children.items() if child.identity}

    def _rotate_log(self, name: str) -> None:
        log = self.log_file(name)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))


def tail(log: Path) -> list[str]:
    """Return the last lines of a log file."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_BYTES_READ_MAX))
        return file.read().decode(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
