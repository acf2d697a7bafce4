"""devstack.pytest_plugin in test runs of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devstack.env import ROOT
from devstack.ports import accepts_connections
from devstack.processes import ProcessId

OWN_VARIABLES = ("DATABASE_URL", "REDIS_URL", "PAIMON_TEST_PRIVATE_REDIS", "PYTEST_XDIST_WORKER")
REPORTING_TEST = """
import os
import psycopg
import redis

def test_servers_answer():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with redis.from_url(os.environ["REDIS_URL"]) as client:
        assert client.ping()
    print("DATABASE", os.environ["DATABASE_URL"], os.environ["TMPDIR"])
    print("REDIS", os.environ["REDIS_URL"])
"""


@pytest.fixture
def project(folder: Path) -> Path:
    """A folder with a pytest configuration and a place for temporary files."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "tmp").mkdir(mode=0o711)
    return folder


def command(project: Path, *arguments: str) -> list[str]:
    plugins = ["-p", "devstack.pytest_plugin", "-p", "no:django", "-p", "no:cacheprovider"]
    return [sys.executable, "-m", "pytest", "-c", str(project / "pytest.ini"), *plugins, *arguments]


def environment(project: Path, **variables: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES}
    return {**inherited, "TMPDIR": str(project / "tmp"), "PYTHONPATH": str(ROOT), **variables}


def run(project: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(project, *arguments),
        cwd=project,
        env=environment(project, **variables),
        capture_output=True,
        text=True,
        check=False,
    )


def left_behind(project: Path) -> list[Path]:
    return list((project / "tmp").glob("paimon-*"))


def printed(output: str, word: str) -> set[str]:
    lines = [line.split() for line in output.splitlines() if line.startswith(f"{word} ")]
    return {line[1] for line in lines}


def test_servers_run_during_the_tests_and_leave_nothing(project: Path) -> None:
    (project / "test_it.py").write_text(REPORTING_TEST)

    done = run(project, "-rP")

    assert done.returncode == 0, done.stdout + done.stderr
    assert left_behind(project) == []


def test_workers_share_postgresql_and_have_a_redis_each(project: Path) -> None:
    for name in "ab":
        (project / f"test_{name}.py").write_text(REPORTING_TEST)

    done = run(project, "-rP", "-n2", "--dist=loadfile")

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(printed(done.stdout, "DATABASE")) == 1
    assert len(printed(done.stdout, "REDIS")) == 2
    assert left_behind(project) == []


def test_servers_named_in_the_environment_are_used_and_spared(project: Path) -> None:
    (project / "test_it.py").write_text(REPORTING_TEST)
    named = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}

    done = run(project, "-rP", **named)

    assert done.returncode == 0, done.stdout + done.stderr
    assert printed(done.stdout, "DATABASE") == {named["DATABASE_URL"]}
    assert printed(done.stdout, "REDIS") == {named["REDIS_URL"]}
    assert run(project, "-rP", **named).returncode == 0


def test_nothing_is_started_to_print_help(project: Path) -> None:
    done = run(project, "--help", PATH="/nowhere", TMPDIR="/nowhere")

    assert done.returncode == 0, done.stderr


def test_a_run_that_fails_to_begin_leaves_nothing(project: Path) -> None:
    (project / "conftest.py").write_text("raise RuntimeError('broken')\n")

    done = run(project, str(project))

    assert done.returncode != 0
    assert "broken" in done.stdout + done.stderr
    assert left_behind(project) == []


def test_a_killed_run_leaves_nothing_either(project: Path) -> None:
    (project / "test_it.py").write_text(
        "import os, subprocess, time\n"
        "def test_it():\n"
        "    child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "    redis_port = os.environ['REDIS_URL'].split(':')[-1].split('/')[0]\n"
        "    os.write(1, f'{redis_port} {child.pid}\\n'.encode())\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen(
        command(project, "-s", "-q"),
        cwd=project,
        env=environment(project),
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        assert killed.stdout
        redis_port, child_pid = map(int, killed.stdout.readline().split())
        child = ProcessId.of(child_pid)
        assert child
        assert accepts_connections(redis_port)

        killed.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 20
    while left_behind(project) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert left_behind(project) == []
    assert not accepts_connections(redis_port)
    assert not child.is_alive()
