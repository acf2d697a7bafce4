"""`./dev demo --check`: the same product, headless and bounded, looked at and taken down again."""

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from devstack.console import Console
from devstack.demo import ending_orderly
from devstack.env import ROOT
from devstack.errors import DevError
from devstack.journey import Journey
from devstack.ports import accepts_connections
from devstack.processes import ProcessId, wait_until_gone
from devstack.product import ANY_PORTS, Product, running_product

DIRECTORY = ROOT / ".local" / "check"
SECONDS_MAX = 420
GONE_SECONDS_MAX = 5.0
# The chain's clock must be able to jump over a settlement period without passing the real now.
DAYS_BEHIND = 9


def run_check(console: Console) -> None:
    """Start the product from empty, verify it, stop it, and make sure that nothing is left.

    Raises:
        DevError: something did not hold; the text says what. Data and logs are kept then.
    """
    started = time.monotonic()
    with ending_orderly(console), _bounded(SECONDS_MAX):
        with running_product(
            DIRECTORY, console, fresh=True, ports=ANY_PORTS, days_behind=DAYS_BEHIND
        ) as product:
            _verify(product, console)
            processes = product.processes
        _verify_nothing_is_left(processes, product.ports, console)
        product.wipe()
    console.title(f"The check passed in {time.monotonic() - started:.0f} s.")


def _verify(product: Product, console: Console) -> None:
    Journey.begin(product, console).run()
    restarted = [name for name in product.supervisor.names if product.supervisor.restarts(name)]
    if restarted:
        raise DevError(f"Started more than once: {', '.join(restarted)}.")
    console.say(f"verified: {len(product.supervisor.names)} processes run, none was restarted")


def _verify_nothing_is_left(
    processes: Mapping[str, ProcessId], ports: Mapping[str, int], console: Console
) -> None:
    wait_until_gone(list(processes.values()), GONE_SECONDS_MAX)
    left = [name for name, process in processes.items() if process.is_alive()]
    left += [f"port {ports[name]} ({name})" for name in ports if accepts_connections(ports[name])]
    if left:
        raise DevError(f"Still there after the end: {', '.join(left)}.")
    console.say(f"verified: all {len(processes)} processes are gone, every port is closed")


@contextmanager
def _bounded(seconds_max: int) -> Iterator[None]:
    """Break off with a `DevError` when the block takes too long."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise DevError(f"The check was broken off after {seconds_max} s.")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds_max)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
