"""Runs plays of the simulation: as many as asked for, on every core."""

import os
import sys
from typing import NoReturn

from devstack.env import ROOT, child_environment


def run_plays(*, plays: int, first: int, every_step: bool) -> NoReturn:
    """Become pytest over the seeds from ``first`` on.

    Args:
        every_step: also let a process die at every single step, instead of at a sample of them.
    """
    os.chdir(ROOT)
    variables = {"PAIMON_PLAYS": f"{first}:{plays}"}
    if every_step:
        variables["PAIMON_STRIDE"] = "1"
    tests = "tests/simulation" if every_step else "tests/simulation/test_seeds.py"
    command = [sys.executable, "-m", "pytest", tests, "-q", "--numprocesses=logical"]
    os.execve(sys.executable, command, child_environment(variables))  # noqa: S606 - as for tests
