"""Runs the named benchmarks one after another; started by `./dev bench`, which gives the servers.

Exit code 1 says that something could not be measured; an aim that is missed is a figure like any
other.
"""

import importlib
import os
import sys
import time
import traceback

import django

from devstack.console import Console


def main(names: list[str]) -> int:
    """Measure, and print the table."""
    django.setup()
    # Only now: what it measures are Django's own models.
    from tests.benchmarks.report import Report

    report = Report(Console())
    busy = os.getloadavg()[0]
    for name in names:
        started = time.monotonic()
        report.console.title(name)
        try:
            importlib.import_module(f"tests.benchmarks.{name}").run(report)
        except Exception as error:  # noqa: BLE001 - what cannot be measured must not hide the rest
            traceback.print_exc()
            report.fail(name, f"{type(error).__name__}: {error}")
        report.console.say(f"{time.monotonic() - started:5.0f} s  {name}")
    report.console.title("")
    report.console.say(report.table())
    report.console.say(f"\n{os.cpu_count()} cores; before the start {busy:.1f} of them were busy.")
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
