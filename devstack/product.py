"""The whole product on one machine: services, chain, data and processes, started and stopped."""

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg

from devstack.chat import Chat
from devstack.console import Console
from devstack.dev_chain import DevChain
from devstack.env import ROOT, Places, child_environment, demo_environment
from devstack.errors import DevError
from devstack.health import wait_until_healthy
from devstack.ledger import Ledger
from devstack.management import (
    StaffMember,
    code_fingerprint,
    create_staff,
    load_about_assets,
    migrate,
)
from devstack.ports import LOOPBACK
from devstack.processes import ProcessId
from devstack.procfile import Program, read_procfile
from devstack.services import Services
from devstack.state import State
from devstack.supervisor import Supervisor

DEFAULT_PORTS = {
    "web": 8000,
    "ws": 8001,
    "vendor": 8002,
    "rpc": 8545,
    "mail": 1025,
    "chat": 8030,
    "postgres": 0,
    "redis": 0,
}
ANY_PORTS = dict.fromkeys(DEFAULT_PORTS, 0)
"""Nobody has to know them: whatever is free, so that nothing else on the machine is met."""
COUNT_TABLES = (
    "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"
)


@contextmanager
def running_product(
    directory: Path,
    console: Console,
    *,
    fresh: bool,
    ports: Mapping[str, int] = DEFAULT_PORTS,
    days_behind: float = 0,
) -> Iterator["Product"]:
    """Run the product while the block runs, with its data in `directory`.

    A new chain's past ends `days_behind` days ago.

    Raises:
        DevError: it runs there already, or cannot be started; what was started is stopped again.
    """
    state = State(directory)
    with state.locked():
        _end_leftovers(directory, console)
        product = Product(state, console, ports, days_behind=days_behind)
        product.prepare(fresh=fresh)
        try:
            product.start()
            yield product
        finally:
            product.stop()


def _end_leftovers(directory: Path, console: Console) -> None:
    """End what an earlier start, killed before it could do so, left running."""
    for ledger in (_programs_ledger(directory), _services_ledger(directory)):
        for name in ledger.stop_leftovers():
            console.say_from(name, "was left running by an earlier start; ended")


class Product:
    """Everything that runs, in the order in which it can: services, chain, data, programs."""

    def __init__(
        self, state: State, console: Console, ports: Mapping[str, int], *, days_behind: float = 0
    ) -> None:
        """Decide on ports and places; nothing is started before `start`."""
        self.directory = state.directory
        self.ports = state.ports(ports)
        self.services = Services(
            self.directory,
            os.environ,
            throwaway=False,
            postgres_port=self.ports["postgres"],
            redis_port=self.ports["redis"],
        )
        self.chain = DevChain(self.directory / "chain", self.ports["rpc"])
        self.mailbox = self.directory / "mail"
        self.chat = Chat(self.directory / "chat", self.ports["chat"])
        self.staff: list[StaffMember] = []
        self.environment: dict[str, str] = {}
        self.supervisor = Supervisor(self.directory, console)
        self._state = state
        self._console = console
        # Tables and staff that this code has made in this database need not be made again.
        self._code = code_fingerprint(os.environ.get("DATABASE_URL", ""))
        self._days_behind = days_behind

    @property
    def url(self) -> str:
        """Where the web pages are."""
        return self._url("web")

    @property
    def processes(self) -> dict[str, ProcessId]:
        """Everything of ours that runs now."""
        return {**self.services.processes, **self.chain.processes, **self.supervisor.processes}

    def prepare(self, *, fresh: bool) -> None:
        """Empty the folder when that is asked for, or when an earlier first start broke off.

        Raises:
            DevError: that would mean emptying a database which is not ours.
        """
        if fresh and self.services.postgres is None:
            raise DevError(
                "--fresh would have to empty the database that DATABASE_URL names, which is not "
                "the demo's own: empty it yourself, or unset DATABASE_URL."
            )
        if fresh or not self._state.is_complete():
            self.wipe()
            self._state.remember_ports(self.ports)

    def wipe(self) -> None:
        """Delete all data of ours; nothing may be running."""
        if self.services.postgres:
            self.services.postgres.wipe()
        self._state.wipe()

    def start(self) -> None:
        """Start everything, as much of it side by side as may be, and wait until it serves."""
        first = not self._state.is_complete()
        with self._console.step("PostgreSQL, Redis and the chain node are up"):
            _side_by_side(self.chain.start, in_background=self.services.start)
        _services_ledger(self.directory).write({**self.services.processes, **self.chain.processes})
        if first and self.services.postgres is None:
            self._refuse_used_database()
        secrets = self._state.secrets()
        self.environment = self._make_environment()
        _side_by_side(
            lambda: self._prepare_chain(secrets.signer_password, first),
            in_background=self._prepare_database,
        )
        self.supervisor.start(self._programs(), self.environment)
        _side_by_side(self._wait, in_background=lambda: self._fill(first))
        self._state.mark_complete(self._code)

    def stop(self) -> None:
        """Stop everything that was started: first those that write, then where they write to."""
        try:
            self.supervisor.stop()
        finally:
            _side_by_side(self.chain.stop, in_background=self.services.stop)
            _services_ledger(self.directory).clear()

    def _prepare_database(self) -> None:
        """Tables and staff, where they are not there yet: the first ticket asks somebody."""
        self.staff = self._state.staff()
        if self._state.is_prepared_by(self._code):
            return
        with self._console.step("database is migrated and has its staff"):
            migrate(self.environment)
            self.staff = create_staff(self.environment)
            self._state.remember_staff(self.staff)

    def _prepare_chain(self, password: str, first: bool) -> None:
        with self._console.step("contracts are deployed"):
            self.chain.deploy(password, price_server_url=self._url("vendor"))
        if first:
            with self._console.step("the fund has a past"):
                self.chain.seed(days_behind=self._days_behind)
        self.chain.run()

    def _wait(self) -> None:
        with self._console.step("all processes serve"):
            wait_until_healthy(self.supervisor, self.ports)

    def _fill(self, first: bool) -> None:
        """What belongs to a new installation."""
        if first:
            load_about_assets(
                self.environment,
                price_sources=self.chain.price_sources,
                asset_terms=self.chain.asset_terms,
            )

    def _refuse_used_database(self) -> None:
        """A new chain must not meet rows about another one."""
        with psycopg.connect(self.services.database_url) as connection:
            row = connection.execute(COUNT_TABLES).fetchone()
        if row and row[0]:
            raise DevError(
                "The database that DATABASE_URL names is not empty, and this demo's chain is new: "
                "give it an empty database."
            )

    def _make_environment(self) -> dict[str, str]:
        places = Places(
            database_url=self.services.database_url,
            redis_url=self.services.redis_url,
            email_url=f"smtp://{LOOPBACK}:{self.ports['mail']}",
            chain_file=self.chain.chain_file,
            web_port=self.ports["web"],
            ws_port=self.ports["ws"],
        )
        variables = demo_environment(places, self._state.secrets(), self.chain.url)
        variables |= self.chat.settings
        beat_file = str(self.directory / "beat-schedule")
        return child_environment(
            {**variables, "PAIMON_BEAT_FILE": beat_file, "WORKER_CONCURRENCY": "1"}
        )

    def _programs(self) -> list[Program]:
        mail = f"python -m devstack.mail --port {self.ports['mail']} --dir "
        chat = f"python -m devstack.chat --port {self.ports['chat']} --dir "
        programs = [
            Program("mail", mail + shlex.quote(str(self.mailbox))),
            Program("chat", chat + shlex.quote(str(self.chat.directory))),
        ]
        if self.chain.price_sources.exists():  # not with a chain made before there were feeds
            vendor = f"python -m devstack.vendor --port {self.ports['vendor']} --chain-file "
            programs += [Program("vendor", vendor + shlex.quote(str(self.chain.chain_file)))]
        return [*programs, *read_procfile(ROOT / "Procfile")]

    def _url(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[name]}"


def _programs_ledger(directory: Path) -> Ledger:
    return Ledger(directory / "processes")


def _services_ledger(directory: Path) -> Ledger:
    return Ledger(directory / "services")


def _side_by_side(action: Callable[[], None], in_background: Callable[[], None]) -> None:
    """Run two actions at the same time; raise a failure once both have ended.

    A Ctrl-C breaks off only the first: the second is one that must not be left half-done.
    """
    with ThreadPoolExecutor(1) as pool:
        background = pool.submit(in_background)
        action()
    background.result()
