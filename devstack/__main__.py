"""The command line behind `./dev`."""

import argparse
import sys
from collections.abc import Sequence

from devstack.console import Console
from devstack.errors import DevError
from devstack.lint import lint
from devstack.lock import lock_requirements
from devstack.simulate import run_plays
from devstack.test import run_tests

# What a shell reports after Ctrl-C.
INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Run one command; a `DevError` becomes one sentence and exit code 1."""
    # pytest's options are pytest's business: argparse would claim those it knows.
    if arguments[:1] == ["test"]:
        run_tests(arguments[1:])
    options = _parser().parse_args(arguments)
    console = Console()
    try:
        if options.command == "lint":
            lint(console)
        elif options.command == "lock":
            lock_requirements()
        elif options.command == "bench":
            _bench(console, options)
        elif options.command == "simulate":
            run_plays(plays=options.plays, first=options.first, every_step=options.every_step)
        else:
            _demo(console, options)
    except DevError as error:
        console.fail(str(error))
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _demo(console: Console, options: argparse.Namespace) -> None:
    # Lint and tests need not wait for the chain tools and the database driver.
    from devstack import check, demo  # noqa: PLC0415

    if options.command == "codes":
        demo.show_codes(console)
    elif options.check:
        check.run_check(console)
    else:
        demo.run_demo(console, fresh=options.fresh)


def _bench(console: Console, options: argparse.Namespace) -> None:
    from devstack import bench  # noqa: PLC0415 - nor for the servers' drivers

    bench.run_benchmarks(console, options.names)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="start the whole product with sample data")
    demo.add_argument("--check", action="store_true", help="headless: verify, then stop")
    demo.add_argument("--fresh", action="store_true", help="start from empty")
    commands.add_parser("codes", help="print the second factors of the demo's staff")
    commands.add_parser("test", help="run the tests", add_help=False)
    commands.add_parser("lint", help="run every checker")
    bench = commands.add_parser("bench", help="measure the chain part, beside Ponder")
    bench.add_argument("names", nargs="*", help="only these benchmarks")
    simulate = commands.add_parser("simulate", help="play seeds of the simulated chain")
    simulate.add_argument("-n", "--plays", type=int, default=1000, help="how many seeds")
    simulate.add_argument("--first", type=int, default=0, help="the first seed")
    simulate.add_argument(
        "--every-step", action="store_true", help="let a process die at every single step as well"
    )
    commands.add_parser("lock", help="resolve the requirements again")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
