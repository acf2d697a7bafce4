"""Every checker, side by side, with one summary."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from devstack.console import Console
from devstack.env import (
    ROOT,
    Places,
    Secrets,
    child_environment,
    new_jwt_private_key,
    test_environment,
)
from devstack.errors import DevError

NOWHERE_PORT = 1
# It has no `python -m`, and its script's first line breaks when the folder is moved.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"


@dataclass(frozen=True, slots=True)
class Checker:
    """A program that exits with 0 when it is content."""

    name: str
    arguments: tuple[str, ...]


# The slowest first: the others run beside it.
CHECKERS = (
    Checker("mypy", ("-m", "mypy")),
    Checker("migrations", ("manage.py", "makemigrations", "--check", "--dry-run")),
    Checker("import-linter", ("-c", LINT_IMPORTS)),
    Checker("ruff check", ("-m", "ruff", "check", ".")),
    Checker("ruff format", ("-m", "ruff", "format", "--check", ".")),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a checker said."""

    checker: Checker
    succeeded: bool
    output: str
    seconds: float


def lint(console: Console) -> None:
    """Run every checker.

    Raises:
        DevError: one or more were not content.
    """
    environment = child_environment(_settings_for_checkers())
    failed: list[str] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [pool.submit(_run, checker, environment) for checker in CHECKERS]
        for finished in as_completed(running):
            outcome = finished.result()
            verdict = "ok  " if outcome.succeeded else "FAIL"
            console.say(f"{verdict} {outcome.seconds:5.1f} s  {outcome.checker.name}")
            if not outcome.succeeded:
                failed.append(outcome.checker.name)
                console.say(outcome.output.rstrip())
    if failed:
        raise DevError(f"Not clean: {', '.join(sorted(failed))}.")
    console.say("All clean.")


def _run(checker: Checker, environment: Mapping[str, str]) -> Outcome:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, *checker.arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(checker, done.returncode == 0, done.stdout, time.monotonic() - started)


def _settings_for_checkers() -> dict[str, str]:
    """Return settings that load but lead nowhere: no checker needs a server."""
    nowhere = Places(
        database_url=f"postgresql://127.0.0.1:{NOWHERE_PORT}/none",
        redis_url=f"redis://127.0.0.1:{NOWHERE_PORT}/0",
        email_url=f"smtp://127.0.0.1:{NOWHERE_PORT}",
        chain_file=Path(os.devnull),
        web_port=NOWHERE_PORT,
        ws_port=NOWHERE_PORT,
    )
    return test_environment(nowhere, Secrets("lint", new_jwt_private_key(), "lint"))
