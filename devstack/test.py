"""Runs the tests: all of them on every core, or what the arguments say."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from devstack.env import ROOT, child_environment

# A file's tests stay on one worker, which shares what is dear to start.
ALL_TESTS = ("--numprocesses=logical", "--dist=loadfile")


def run_tests(arguments: Sequence[str]) -> NoReturn:
    """Become pytest."""
    os.chdir(ROOT)
    command = [sys.executable, "-m", "pytest", *(arguments or ALL_TESTS)]
    os.execve(sys.executable, command, child_environment({}))  # noqa: S606 - no shell is wanted
