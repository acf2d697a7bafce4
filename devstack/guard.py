"""Cleans up after a parent that could not: a process waiting for its parent's end.

A test run killed with SIGKILL cannot stop its servers. The guard holds the reading end of a pipe
whose writing end only the parent has; when the parent is gone, however it went, the pipe ends,
and the guard stops the processes and deletes the folders it was told about. Processes that the
parent starts later it knows by a variable in their environment.
"""

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from devstack.processes import ProcessId, started_with, stop_all

STOP_SECONDS_MAX = 2.0
RUN_VARIABLE = "PAIMON_TEST_RUN"
PACKAGE_ROOT = Path(__file__).resolve().parent.parent


class Guard:
    """The parent's side of the pipe."""

    def __init__(
        self, processes: Sequence[ProcessId], folders: Sequence[Path], run_id: str
    ) -> None:
        """Start the watch.

        Args:
            processes: what to stop first.
            folders: what to delete last.
            run_id: whatever was started with this `RUN_VARIABLE` is stopped as well.
        """
        self._guard = subprocess.Popen(
            [sys.executable, "-m", "devstack.guard"],
            cwd=PACKAGE_ROOT,
            env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT), RUN_VARIABLE: ""},
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        lines = [f"run {run_id}", *(f"process {process}" for process in processes)]
        lines += [f"folder {folder}" for folder in folders]
        assert self._guard.stdin is not None  # noqa: S101
        self._guard.stdin.write("".join(f"{line}\n" for line in lines))
        self._guard.stdin.flush()

    def release(self) -> None:
        """End the watch: the guard cleans up now, and this waits for it."""
        assert self._guard.stdin is not None  # noqa: S101
        self._guard.stdin.close()
        self._guard.wait()


def main() -> None:
    """Read what to watch until the parent's end of the pipe closes, then clean up."""
    told: dict[str, list[str]] = defaultdict(list)
    for line in sys.stdin:
        kind, _, value = line.rstrip("\n").partition(" ")
        told[kind].append(value)
    for run_id in told["run"]:
        stop_all(started_with(RUN_VARIABLE, run_id), STOP_SECONDS_MAX)
    stop_all([ProcessId.parse(value) for value in told["process"]], STOP_SECONDS_MAX)
    for folder in told["folder"]:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
