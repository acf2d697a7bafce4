"""Waits until the programs serve, and says which one does not."""

import time
import urllib.error
import urllib.request

from devstack.errors import DevError
from devstack.ports import LOOPBACK, accepts_connections
from devstack.supervisor import Supervisor

HEALTH_PATH = "/readyz"
HEALTHY_SECONDS_MAX = 90.0
RESTARTS_MAX = 3
REQUEST_SECONDS_MAX = 10.0
POLL_SECONDS = 0.1


def wait_until_healthy(supervisor: Supervisor, ports: dict[str, int]) -> None:
    """Wait until web serves a page, and ws, mail and chat answer.

    Raises:
        DevError: one does not in time, or a program keeps ending; with its last log lines.
    """
    deadline = time.monotonic() + HEALTHY_SECONDS_MAX
    while missing := _missing(ports):
        for name in supervisor.names:
            if supervisor.restarts(name) > RESTARTS_MAX:
                raise DevError(_complaint(supervisor, name, "keeps ending"))
        if time.monotonic() > deadline:
            raise DevError(_complaint(supervisor, missing, "does not answer"))
        time.sleep(POLL_SECONDS)


def _missing(ports: dict[str, int]) -> str:
    """Return the first program that does not serve yet, empty when all do."""
    for name in ("mail", "chat", "ws"):
        if not accepts_connections(ports[name]):
            return name
    return "" if _serves(f"http://{LOOPBACK}:{ports['web']}{HEALTH_PATH}") else "web"


def _serves(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=REQUEST_SECONDS_MAX) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _complaint(supervisor: Supervisor, name: str, what: str) -> str:
    log = "\n".join(f"  {line}" for line in supervisor.log_tail(name))
    return f"{name} {what}; its log, {supervisor.log_file(name)}, ends with:\n{log}"
