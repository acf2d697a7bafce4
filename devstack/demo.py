"""`./dev demo`: the product with sample data, watched until Ctrl-C."""

import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from devstack.console import Console
from devstack.env import ROOT
from devstack.errors import DevError
from devstack.management import StaffMember
from devstack.product import DEFAULT_PORTS, Product, running_product
from devstack.state import State
from devstack.totp import totp_code

DIRECTORY = ROOT / ".local" / "demo"
LIVE_PAUSE_SECONDS = (3.0, 9.0)
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_demo(console: Console, *, fresh: bool) -> None:
    """Start the product, say where it is and as whom to sign in, and let the fund live."""
    started = time.monotonic()
    with ending_orderly(console), running_product(DIRECTORY, console, fresh=fresh) as product:
        console.title(f"\nPaimon runs, after {time.monotonic() - started:.0f} s.")
        _introduce(product, console)
        console.title("\nThe fund lives. Ctrl-C ends everything.")
        product.chain.live(
            tell=lambda line: console.say_from("chain", line),
            wait=lambda: time.sleep(random.uniform(*LIVE_PAUSE_SECONDS)),  # noqa: S311 - a rhythm
        )


def show_codes(console: Console) -> None:
    """Print everybody's second factor of this moment.

    Raises:
        DevError: the demo has not been started yet.
    """
    staff = State(DIRECTORY).staff()
    if not staff:
        raise DevError("There is no staff yet: start ./dev demo first.")
    for member in staff:
        console.say(f"{member.username:<20} {totp_code(member.totp_secret)}")


@contextmanager
def ending_orderly(console: Console) -> Iterator[None]:
    """Turn the first Ctrl-C, TERM or hang-up into an orderly end, and let nothing disturb that."""

    def end(number: int, _frame: FrameType | None) -> None:
        for other in ENDING_SIGNALS:
            signal.signal(other, signal.SIG_IGN)
        with suppress(OSError):  # the terminal may be what went away
            console.say(f"\n{signal.Signals(number).name}: ending everything that was started …")
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _introduce(product: Product, console: Console) -> None:
    environment = product.environment
    places = {
        "Admin": f"{product.url}/admin/",
        "REST": f"{product.url}/api/v1/docs",
        "WebSocket": environment["PAIMON_WS_URL"],
        "Chain": product.chain.url,
        "Mail": _shown(product.mailbox / "new"),
        "Chat": f"{product.chat.url}  (what Slack, Telegram and PagerDuty were sent)",
        "Logs": _shown(product.directory / "log"),
    }
    for name, place in places.items():
        console.say(f"  {name:<10} {place}")
    moved = [name for name, port in DEFAULT_PORTS.items() if port not in (0, product.ports[name])]
    if moved:
        console.say(f"  (somebody else holds the usual ports of: {', '.join(moved)})")
    console.say("\nSign in as (the code changes every 30 s; `./dev codes` prints the current ones)")
    for member in product.staff:
        console.say(f"  {_line_about(member)}")


def _line_about(member: StaffMember) -> str:
    return (
        f"{member.username:<14} password {member.password:<18} "
        f"code {totp_code(member.totp_secret)} (secret {member.totp_secret})  "
        f"{', '.join(member.roles)}"
    )


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT))
