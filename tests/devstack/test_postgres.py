"""devstack.postgres with real clusters."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from devstack import postgres_home
from devstack.ports import LOOPBACK, accepts_connections
from devstack.postgres import Postgres
from devstack.postgres_home import PostgresError

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the cluster to nobody")


@pytest.fixture
def postgres(folder: Path) -> Iterator[Postgres]:
    server = Postgres(folder / "postgres", throwaway=True)
    yield server
    server.wipe()


def answer(server: Postgres, question: str) -> object:
    with psycopg.connect(server.url) as connection:
        row = connection.execute(question).fetchone()
    assert row
    return row[0]


class TestStart:
    def test_creates_a_cluster_that_answers_in_utf8(self, postgres: Postgres) -> None:
        postgres.start()

        assert answer(postgres, "SHOW server_encoding") == "UTF8"
        assert answer(postgres, "SELECT datctype FROM pg_database LIMIT 1") == "C.UTF-8"
        assert answer(postgres, "SHOW timezone") == "UTC"

    def test_keeps_what_was_stored_over_a_restart(self, folder: Path) -> None:
        server = Postgres(folder / "postgres")
        server.start()
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS figure")
        server.stop()

        server.start()

        assert answer(server, "SELECT figure FROM kept") == 42
        server.wipe()

    def test_takes_another_port_when_its_own_is_busy(self, folder: Path) -> None:
        with socket.create_server((LOOPBACK, 0)) as busy:
            taken = busy.getsockname()[1]
            server = Postgres(folder / "postgres", taken, throwaway=True)

            server.start()

            assert server.port != taken
            assert answer(server, "SELECT 1") == 1
            server.wipe()

    def test_adopts_a_server_left_running(self, postgres: Postgres) -> None:
        postgres.start()
        successor = Postgres(postgres.data_dir, throwaway=True)

        successor.start()

        assert successor.url == postgres.url
        assert successor.process == postgres.process

    def test_does_not_believe_a_pid_that_passed_to_another_process(
        self, postgres: Postgres
    ) -> None:
        postgres.start()
        pid_file = postgres.data_dir / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        postgres.stop()
        pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

        postgres.start()

        assert answer(postgres, "SELECT 1") == 1

    def test_repeats_an_interrupted_creation(self, postgres: Postgres) -> None:
        postgres.data_dir.mkdir(parents=True)
        (postgres.data_dir / "half-written").touch()

        postgres.start()

        assert answer(postgres, "SELECT 1") == 1
        assert not (postgres.data_dir / "half-written").exists()

    def test_shows_the_log_when_the_server_refuses(self, postgres: Postgres) -> None:
        postgres.start()
        postgres.stop()
        with (postgres.data_dir / "postgresql.conf").open("a") as configuration:
            configuration.write("no_such_setting = on\n")

        with pytest.raises(PostgresError, match="no_such_setting"):
            postgres.start()

    def test_asks_for_the_password(self, postgres: Postgres) -> None:
        postgres.start()
        forged = postgres.url.replace("paimon:", "paimon:wrong")

        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(forged)


class TestStop:
    def test_leaves_no_process_and_no_listener(self, postgres: Postgres) -> None:
        postgres.start()
        process = postgres.process
        assert process

        postgres.stop()

        assert not process.is_alive()
        assert not accepts_connections(postgres.port)
        assert postgres.process is None

    def test_ends_although_clients_are_connected(self, postgres: Postgres) -> None:
        postgres.start()

        with psycopg.connect(postgres.url):
            postgres.stop()

        assert postgres.process is None

    def test_may_be_repeated(self, postgres: Postgres) -> None:
        postgres.start()

        postgres.stop()
        postgres.stop()

        assert postgres.process is None


@only_root
class TestAsRoot:
    def test_the_server_is_nobodys(self, postgres: Postgres) -> None:
        postgres.start()

        assert postgres.process
        owner = Path("/proc", str(postgres.process.pid)).stat().st_uid
        assert owner != 0

    @pytest.fixture
    def closed(self) -> Iterator[Path]:
        """A folder that only root may enter."""
        made = Path(tempfile.mkdtemp(prefix="paimon-closed-"))
        yield made
        shutil.rmtree(made)

    def test_a_folder_nobody_cannot_reach_is_replaced(self, closed: Path) -> None:
        server = Postgres(closed / "postgres", throwaway=True)

        server.start()

        assert answer(server, "SELECT 1") == 1
        assert closed not in server.data_dir.parents
        assert Postgres(closed / "postgres").data_dir == server.data_dir
        server.wipe()
        assert not server.data_dir.parent.exists()

    def test_a_wiped_one_starts_again_whatever_the_umask(self, closed: Path) -> None:
        server = Postgres(closed / "postgres", throwaway=True)
        before = os.umask(0o077)

        server.wipe()
        server.start()

        os.umask(before)
        assert answer(server, "SELECT 1") == 1
        server.wipe()

    def test_a_strangers_folder_is_not_used(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_home, "FALLBACK_ROOT", tmp_path)
        stranger = tmp_path / "paimon-1"
        stranger.mkdir()
        os.chown(stranger, 1, 1)

        with pytest.raises(PostgresError, match="belongs to somebody else"):
            postgres_home.make_passable(stranger)
