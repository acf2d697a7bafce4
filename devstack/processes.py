"""Processes by identity: a pid alone may be recycled, a pid with its start time may not.

Nothing is ever signalled by name. Whatever `./dev` starts, it remembers as a `ProcessId`, and
signals only while pid and start time still belong together.
"""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process that cannot be confused with a later one of the same pid."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> "ProcessId | None":
        """Return the identity of a living process, None when there is none."""
        started = start_time(pid)
        return cls(pid, started) if started else None

    @classmethod
    def parse(cls, text: str) -> "ProcessId":
        """Read back what `str()` wrote.

        Raises:
            ValueError: the text is not `pid@start`.
        """
        pid, _, started = text.strip().partition("@")
        if not started:
            raise ValueError(f"not a process identity: {text!r}")
        return cls(int(pid), started)

    def __str__(self) -> str:
        return f"{self.pid}@{self.started}"

    def is_alive(self) -> bool:
        """Tell whether this very process still runs (a zombie does not)."""
        return start_time(self.pid) == self.started

    def signal(self, number: signal.Signals) -> None:
        """Signal the process alone."""
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, number)


def start_time(pid: int) -> str:
    """Return an opaque text that differs for every process that ever had this pid, "" if none."""
    if PROC.joinpath("self/stat").exists():
        return _start_time_from_proc(pid)
    return _start_time_from_ps(pid)


def command_line(pid: int) -> str:
    """Return the command line of a process, empty when it is gone."""
    if PROC.joinpath("self/stat").exists():
        with suppress(OSError):
            return PROC.joinpath(str(pid), "cmdline").read_text(errors="replace").replace("\0", " ")
        return ""
    return _ps(pid, "command")


def started_with(variable: str, value: str) -> list[ProcessId]:
    """Return the processes whose environment held this variable when they started.

    Empty where the system does not tell (macOS).
    """
    needle = f"{variable}={value}".encode()
    found: list[ProcessId] = []
    for folder in PROC.glob("[0-9]*"):
        with suppress(OSError):
            if needle in folder.joinpath("environ").read_bytes().split(b"\0"):
                identity = ProcessId.of(int(folder.name))
                found += [identity] if identity else []
    return found


def leads_group(pid: int) -> bool:
    """Tell whether this process leads a process group."""
    with suppress(ProcessLookupError):
        return os.getpgid(pid) == pid
    return False


def stop_all(targets: Sequence[ProcessId], seconds_max: float) -> None:
    """Ask every process to end, kill what does not in time, and then the rest of their groups.

    Only the leader of a group is asked: it stops its own children in the order it wants.
    """
    living = [target for target in targets if target.is_alive()]
    groups = [target.pid for target in living if leads_group(target.pid)]
    for target in living:
        target.signal(signal.SIGTERM)
    wait_until_gone(living, seconds_max)
    for target in living:
        if target.is_alive():
            target.signal(signal.SIGKILL)
    for group in groups:
        kill_group(group)
    wait_until_gone(living, seconds_max)


def kill_group(group: int) -> None:
    """Kill what is left of a process group whose leader was ours.

    The number cannot have passed to strangers: a member that outlived its leader keeps it taken.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def wait_until_gone(targets: Sequence[ProcessId], seconds_max: float) -> bool:
    """Wait until none of the processes lives; False when one outlived the wait."""
    deadline = time.monotonic() + seconds_max
    while any(target.is_alive() for target in targets):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _start_time_from_proc(pid: int) -> str:
    try:
        stat = PROC.joinpath(str(pid), "stat").read_text()
    except OSError:
        return ""
    # The command in parentheses may itself hold spaces; the fields after it never do.
    fields = stat.rpartition(")")[2].split()
    state, ticks_since_boot = fields[0], fields[19]
    return "" if state in "ZX" else f"{ticks_since_boot}-{_boot_id()}"


def _boot_id() -> str:
    with suppress(OSError):
        return PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()[:8]
    return "boot"


def _start_time_from_ps(pid: int) -> str:
    if _ps(pid, "state").startswith("Z"):
        return ""
    return "_".join(_ps(pid, "lstart").split())


def _ps(pid: int, column: str) -> str:
    answer = subprocess.run(
        ["ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip()
