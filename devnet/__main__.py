"""The development chain on the command line: `python -m devnet --help`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from devnet.commands import ACTIONS, run_action
from devnet.deploy import CHAIN_FILE, PASSWORD_ENV, deploy
from devnet.errors import DevnetError
from devnet.history import seed_activity
from devnet.live import live_step
from devnet.scenario import Scenario
from devnet.up import bring_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devnet.node import Anvil

_FOLDER = Path("var/devnet")
_PORT = 8545


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; answers the exit code: 0 done, 1 refused, 2 not understood."""
    options = _parser().parse_args(arguments)
    try:
        _COMMANDS[options.command](options)
    except DevnetError as error:
        print(f"devnet: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m devnet", description="The fund's development chain."
    )
    parser.add_argument(
        "--folder", type=Path, default=_FOLDER, help="where the chain lives (%(default)s)"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    up = commands.add_parser("up", help="start the chain; the first time, deploy and seed it")
    up.add_argument("--port", type=int, default=_PORT, help="(%(default)s)")
    up.add_argument("--block-seconds", type=int, default=1, help="(%(default)s)")
    up.add_argument("--days", type=int, default=120, help="length of the past (%(default)s)")
    up.add_argument("--no-seed", action="store_true", help="contracts only, nobody in them")
    up.add_argument("--finalized", action="store_true", help="final = head - 2 by the node's tag")
    up.add_argument(
        "--live", type=float, metavar="SECONDS", help="something happens every so often"
    )

    once = commands.add_parser("deploy", help="deploy to a node that is already running")
    once.add_argument("--url", default=f"http://127.0.0.1:{_PORT}", help="(%(default)s)")
    once.add_argument("--generation", choices=["v1", "v2"], default="v1", help="(%(default)s)")

    seed = commands.add_parser("seed", help="fill the time from the chain's clock to now")
    seed.add_argument("--seed", type=int, default=7, help="another number, another story")

    live = commands.add_parser("live", help="let something happen again and again")
    live.add_argument("--every", type=float, default=20.0, metavar="SECONDS", help="(%(default)s)")
    live.add_argument("--seed", type=int, default=1, help="another number, another stream")

    do = commands.add_parser(
        "do",
        help="one action",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="actions:\n" + "\n".join(f"  {action.usage}" for action in ACTIONS.values()),
    )
    do.add_argument("action", choices=sorted(ACTIONS), metavar="action")
    do.add_argument("arguments", nargs="*", metavar="argument")
    return parser


def _up(options: argparse.Namespace) -> None:
    signal.signal(signal.SIGTERM, _interrupt)  # so that the node ends, and writes its state, too
    node = bring_up(
        options.folder,
        password=_password(),
        port=options.port,
        block_seconds=options.block_seconds,
        days=options.days,
        seed=not options.no_seed,
        finality="finalized" if options.finalized else None,
    )
    with node:
        print(f"chain at {node.url}, described in {options.folder / CHAIN_FILE}", flush=True)
        _stay(node, options.folder, options.live)


def _stay(node: Anvil, folder: Path, live_seconds: float | None) -> None:
    if live_seconds is not None:
        _stream(_scenario(folder), Random(), live_seconds, node)
    code = node.wait()
    raise DevnetError(f"anvil ended by itself with code {code}")


def _deploy(options: argparse.Namespace) -> None:
    entry = deploy(options.url, options.folder, password=_password(), generation=options.generation)
    print(f"deployed to chain {entry.chain_id}; see {options.folder / CHAIN_FILE}")


def _seed(options: argparse.Namespace) -> None:
    scenario = _scenario(options.folder)
    seed_activity(scenario, seed=options.seed)
    print(
        f"{scenario.manager.read('getRequestCount')} requests, head {scenario.chain.block().number}"
    )


def _live(options: argparse.Namespace) -> None:
    _stream(_scenario(options.folder), Random(options.seed), options.every)


def _do(options: argparse.Namespace) -> None:
    for line in run_action(_scenario(options.folder), options.action, options.arguments):
        print(line)


def _stream(scenario: Scenario, rng: Random, seconds: float, node: Anvil | None = None) -> None:
    """One act after another, until interrupted or until the node has ended."""
    while node is None or node.running:
        print(live_step(scenario, rng), flush=True)
        time.sleep(seconds)


def _scenario(folder: Path) -> Scenario:
    return Scenario.connect(folder / CHAIN_FILE)


def _password() -> str:
    password = os.environ.get(PASSWORD_ENV)
    if not password:
        raise DevnetError(f"set {PASSWORD_ENV}: it encrypts the signer's keystore")
    return password


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


_COMMANDS = {"up": _up, "deploy": _deploy, "seed": _seed, "live": _live, "do": _do}

if __name__ == "__main__":
    sys.exit(main())
