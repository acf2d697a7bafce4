"""TCP ports on the loopback interface."""

import socket
import time
from contextlib import suppress

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Tell whether a server could bind this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((LOOPBACK, port))
            return True
    return False


def free_port(preferred: int = 0) -> int:
    """Return `preferred` when nothing holds it, otherwise a port the system picks."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def free_ports(preferred: dict[str, int]) -> dict[str, int]:
    """Return one port for each name, all different, the preferred ones where they are free."""
    chosen: dict[str, int] = {}
    for name, port in preferred.items():
        candidate = free_port(port)
        while candidate in chosen.values():
            candidate = free_port()
        chosen[name] = candidate
    return chosen


def accepts_connections(port: int) -> bool:
    """Tell whether something answers on this port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def wait_for_port(port: int, seconds_max: float) -> bool:
    """Wait until something answers on this port; False when nothing did in time."""
    deadline = time.monotonic() + seconds_max
    while not accepts_connections(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
