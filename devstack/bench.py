"""`./dev bench`: how fast the chain part, planning and REST are, on servers of its own."""

import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from devstack.console import Console
from devstack.demo import ending_orderly
from devstack.env import (
    ROOT,
    Places,
    Secrets,
    child_environment,
    new_jwt_private_key,
    test_environment,
)
from devstack.errors import DevError
from devstack.guard import RUN_VARIABLE, Guard
from devstack.management import migrate
from devstack.ports import LOOPBACK, free_ports
from devstack.services import Services

BENCHMARKS = (
    "backfill",
    "latency",
    "failover",
    "takeover",
    "reorg",
    "catchup",
    "planning",
    "forecast",
    "risk",
    "api",
)
"""The modules of `tests/benchmarks`, in the order they run."""


def run_benchmarks(console: Console, names: Sequence[str]) -> None:
    """Measure what is named, or everything, and print a table.

    Raises:
        DevError: a name is unknown, or something could not be measured.
    """
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        raise DevError(f"No benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}.")
    wanted = [name for name in BENCHMARKS if not names or name in names]
    with ending_orderly(console), _servers(console) as environment:
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks", *wanted],
            cwd=ROOT,
            env=dict(environment),
            check=False,
        )
    if done.returncode:
        raise DevError("Not everything could be measured.")


@contextmanager
def _servers(console: Console) -> Iterator[Mapping[str, str]]:
    """An own PostgreSQL, as durable as in production, an own Redis, and what finds them."""
    # World-passable, because as root PostgreSQL runs as `nobody`; the data itself stays private.
    directory = Path(tempfile.mkdtemp(prefix="paimon-bench-"))
    directory.chmod(0o711)
    services = Services(directory, {}, throwaway=False)
    run_id = secrets.token_hex(8)
    try:
        with console.step("PostgreSQL and Redis"):
            services.start()
    except DevError:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    folders = [*services.folders, directory]
    guard = Guard(list(services.processes.values()), folders, run_id=run_id)
    try:
        environment = _environment(services, directory, run_id)
        with console.step("tables"):
            migrate(environment)
        yield environment
    finally:
        services.stop()
        guard.release()


def _environment(services: Services, directory: Path, run_id: str) -> dict[str, str]:
    ports = free_ports({"mail": 0, "web": 0, "ws": 0})
    places = Places(
        database_url=services.database_url,
        redis_url=services.redis_url,
        email_url=f"smtp://{LOOPBACK}:{ports['mail']}",
        chain_file=directory / "chains.toml",
        web_port=ports["web"],
        ws_port=ports["ws"],
    )
    safe = Secrets(secrets.token_urlsafe(48), new_jwt_private_key(), secrets.token_urlsafe(16))
    return child_environment(
        {
            **test_environment(places, safe),
            # The tests' settings are patient with nodes; what is measured here must not be.
            "DJANGO_SETTINGS_MODULE": "paimon.settings.local",
            "TMPDIR": str(directory),  # so that what a killed run leaves goes with it
            RUN_VARIABLE: run_id,
        }
    )
