"""devstack.product, .health and .demo, as far as they can be tried without the whole product.

The whole is tried by `./dev demo --check`.
"""

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from devstack import health
from devstack.console import Console
from devstack.env import ROOT
from devstack.errors import DevError
from devstack.health import wait_until_healthy
from devstack.ports import LOOPBACK
from devstack.postgres import Postgres
from devstack.procfile import Program
from devstack.product import ANY_PORTS, Product, running_product
from devstack.state import State
from devstack.supervisor import Supervisor


@pytest.fixture
def state(tmp_path: Path) -> State:
    directory = tmp_path / "demo"
    directory.mkdir()
    return State(directory)


class TestProduct:
    def test_an_unfinished_first_start_is_forgotten(
        self, state: State, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("DATABASE_URL")
        (state.directory / "half").touch()

        Product(state, Console(), ANY_PORTS).prepare(fresh=False)

        assert not (state.directory / "half").exists()

    def test_a_finished_one_is_built_upon(self, state: State) -> None:
        (state.directory / "data").touch()
        state.mark_complete("code")

        Product(state, Console(), ANY_PORTS).prepare(fresh=False)

        assert (state.directory / "data").exists()

    def test_fresh_forgets_a_finished_one_but_keeps_its_ports(
        self, state: State, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("DATABASE_URL")
        state.mark_complete("code")
        product = Product(state, Console(), ANY_PORTS)

        product.prepare(fresh=True)

        assert not state.is_complete()
        assert Product(state, Console(), ANY_PORTS).ports == product.ports

    def test_fresh_does_not_empty_a_database_that_is_not_ours(self, state: State) -> None:
        state.mark_complete("code")

        with pytest.raises(DevError, match="DATABASE_URL names, which is not the demo's own"):
            Product(state, Console(), ANY_PORTS).prepare(fresh=True)

        assert state.is_complete()

    def test_a_new_chain_does_not_meet_a_used_database(
        self, state: State, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        foreign = Postgres(folder / "postgres", throwaway=True)
        foreign.start()
        monkeypatch.setenv("DATABASE_URL", foreign.url)
        with psycopg.connect(foreign.url) as connection:
            connection.execute("CREATE TABLE block (number int)")

        with (
            pytest.raises(DevError, match="is not empty, and this demo's chain is new"),
            running_product(state.directory, Console(), fresh=False),
        ):
            pass

        assert foreign.process
        foreign.wipe()


class TestHealth:
    @pytest.fixture
    def supervisor(self, tmp_path: Path) -> Iterator[Supervisor]:
        started = Supervisor(tmp_path, Console())
        yield started
        started.stop()

    @pytest.fixture
    def ports(self) -> Iterator[dict[str, int]]:
        """Mail and WebSocket listen; the web server answers what `Pages` says."""
        web = http.server.ThreadingHTTPServer((LOOPBACK, 0), Pages)
        serving = threading.Thread(target=web.serve_forever)
        serving.start()
        with socket.create_server((LOOPBACK, 0)) as other:
            port = other.getsockname()[1]
            yield {"web": web.server_port, "ws": port, "mail": port, "chat": port}
        web.shutdown()
        serving.join()
        web.server_close()

    def test_is_reached_once_everything_answers(
        self, supervisor: Supervisor, ports: dict[str, int]
    ) -> None:
        Pages.statuses = [503, 503, 200]

        wait_until_healthy(supervisor, ports)

        assert Pages.statuses == []

    def test_a_program_that_keeps_ending_is_quoted(
        self, supervisor: Supervisor, ports: dict[str, int]
    ) -> None:
        Pages.statuses = [503] * 10_000
        program = Program("listener", "sh -c 'echo no such chain; exit 1'")
        supervisor.start([program], {"PATH": os.environ["PATH"]})

        with pytest.raises(DevError, match=r"(?s)listener keeps ending.*no such chain"):
            wait_until_healthy(supervisor, ports)

    def test_one_that_never_answers_is_named(
        self, supervisor: Supervisor, ports: dict[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(health, "HEALTHY_SECONDS_MAX", 0.3)
        Pages.statuses = [503] * 10_000

        with pytest.raises(DevError, match="web does not answer"):
            wait_until_healthy(supervisor, ports)


class Pages(http.server.BaseHTTPRequestHandler):
    """Answers each request with the next status."""

    statuses: list[int] = []

    def do_GET(self) -> None:
        self.send_response(self.statuses.pop(0))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_ends_orderly_and_later_ones_do_not_disturb(
    number: signal.Signals,
) -> None:
    program = (
        "import time\n"
        "from devstack.console import Console\n"
        "from devstack.demo import ending_orderly\n"
        "with ending_orderly(Console()):\n"
        "    try:\n"
        "        print('running', flush=True)\n"
        "        time.sleep(600)\n"
        "    finally:\n"
        "        print('stopping', flush=True)\n"
        "        input()\n"
        "        print('stopped', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        assert running.stdin
        assert running.stdout
        assert running.stdout.readline() == "running\n"

        running.send_signal(number)
        told = [running.stdout.readline() for _ in range(3)]
        running.send_signal(number)
        running.stdin.write("\n")
        running.stdin.flush()

        assert told[-1] == "stopping\n"
        assert running.stdout.readline() == "stopped\n"
