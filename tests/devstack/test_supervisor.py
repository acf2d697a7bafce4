"""devstack.supervisor and devstack.ledger with real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devstack import supervisor as supervisor_module
from devstack.console import Console
from devstack.env import ROOT
from devstack.errors import DevError
from devstack.ledger import Ledger
from devstack.processes import ProcessId, wait_until_gone
from devstack.procfile import Program
from devstack.supervisor import Supervisor

# Leads a group with a child in it, and says who both are.
FAMILY = "sh -c 'sleep 600 & echo child $!; echo leader $$; wait'"
DEAF = "sh -c 'trap \"\" TERM; echo leader $$; while :; do sleep 0.1; done'"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    started = Supervisor(tmp_path, Console())
    yield started
    started.stop()


def start(supervisor: Supervisor, *programs: Program, **variables: str) -> None:
    supervisor.start(programs, {"PATH": os.environ["PATH"], **variables})


def eventually(condition: Callable[[], bool], seconds_max: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds_max
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def identity_in_log(supervisor: Supervisor, name: str, who: str) -> ProcessId:
    """Read who a program said it is; the last word counts."""

    def said() -> list[str]:
        log = supervisor.log_file(name)
        lines = log.read_text().splitlines() if log.exists() else []
        return [line.split()[1] for line in lines if line.startswith(f"{who} ")]

    assert eventually(lambda: bool(said()))
    identity = ProcessId.of(int(said()[-1]))
    assert identity
    return identity


class TestStart:
    def test_gives_each_program_its_environment_and_log(self, supervisor: Supervisor) -> None:
        programs = [Program(name, f"sh -c 'echo {name} $GREETING; sleep 600'") for name in "ab"]

        start(supervisor, *programs, GREETING="hello")

        assert eventually(lambda: supervisor.log_tail("a") == ["a hello"])
        assert eventually(lambda: supervisor.log_tail("b") == ["b hello"])

    def test_keeps_the_log_of_the_start_before(self, tmp_path: Path) -> None:
        for word in ("first", "second"):
            supervisor = Supervisor(tmp_path, Console())
            start(supervisor, Program("a", f"sh -c 'echo {word}; sleep 600'"))
            assert eventually(lambda: supervisor.log_tail("a") == [word])  # noqa: B023
            supervisor.stop()

        assert (tmp_path / "log" / "a.log.1").read_text() == "first\n"


class TestRestart:
    def test_a_killed_program_comes_back(self, supervisor: Supervisor) -> None:
        start(supervisor, Program("a", "sleep 600"))
        killed = supervisor.pid("a")

        os.kill(killed, signal.SIGKILL)

        assert eventually(lambda: supervisor.restarts("a") == 1)
        assert supervisor.pid("a") != killed

    def test_what_the_killed_program_left_behind_goes_with_it(self, supervisor: Supervisor) -> None:
        start(supervisor, Program("a", FAMILY))
        child = identity_in_log(supervisor, "a", "child")

        os.kill(supervisor.pid("a"), signal.SIGKILL)

        assert wait_until_gone([child], seconds_max=10)

    def test_a_program_that_keeps_ending_is_started_ever_more_slowly(
        self, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(supervisor_module, "RESTART_SECONDS_MIN", 0.2)
        started = time.monotonic()

        start(supervisor, Program("a", "false"))

        assert eventually(lambda: supervisor.restarts("a") == 3)
        assert time.monotonic() - started > 0.2 + 0.4 + 0.8

    def test_tells_what_happened_and_the_last_words(
        self, supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
    ) -> None:
        start(supervisor, Program("a", "sh -c 'echo no database; exit 3'"))

        assert eventually(lambda: supervisor.restarts("a") == 1)
        told = capsys.readouterr().out
        assert "ended with exit code 3" in told
        assert "no database" in told

    def test_others_are_left_alone(self, supervisor: Supervisor) -> None:
        start(supervisor, Program("a", "sleep 600"), Program("b", "sleep 600"))
        other = supervisor.pid("b")

        os.kill(supervisor.pid("a"), signal.SIGKILL)

        assert eventually(lambda: supervisor.restarts("a") == 1)
        assert supervisor.pid("b") == other
        assert supervisor.restarts("b") == 0


class TestStop:
    def test_leaves_nobody_of_any_group(self, supervisor: Supervisor) -> None:
        start(supervisor, Program("a", FAMILY))
        child = identity_in_log(supervisor, "a", "child")
        leader = identity_in_log(supervisor, "a", "leader")

        supervisor.stop()

        assert wait_until_gone([child, leader], seconds_max=5)

    def test_kills_who_does_not_listen(
        self, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(supervisor_module, "STOP_SECONDS_MAX", 0.2)
        start(supervisor, Program("a", DEAF))
        leader = identity_in_log(supervisor, "a", "leader")

        supervisor.stop()

        assert not leader.is_alive()

    def test_takes_what_a_just_ended_leader_left_behind(self, tmp_path: Path) -> None:
        supervisor = Supervisor(tmp_path, Console())
        start(supervisor, Program("a", "sh -c 'sleep 600 & echo child $!; exec sleep 0.3'"))
        child = identity_in_log(supervisor, "a", "child")

        supervisor.stop()

        assert wait_until_gone([child], seconds_max=5)

    def test_spares_everybody_else(self, supervisor: Supervisor) -> None:
        with subprocess.Popen(["sleep", "600"], start_new_session=True) as stranger:
            start(supervisor, Program("a", "sleep 600"))

            supervisor.stop()

            assert stranger.poll() is None
            stranger.kill()

    def test_a_stopped_program_has_no_pid(self, supervisor: Supervisor) -> None:
        start(supervisor, Program("a", "sleep 600"))

        supervisor.stop()

        with pytest.raises(DevError, match="a is not running"):
            supervisor.pid("a")


class TestLeftovers:
    def test_the_next_start_ends_what_a_killed_supervisor_left(self, tmp_path: Path) -> None:
        program = (
            "import os, pathlib, sys, time\n"
            "from devstack.console import Console\n"
            "from devstack.procfile import Program\n"
            "from devstack.supervisor import Supervisor\n"
            f"supervisor = Supervisor(pathlib.Path({str(tmp_path)!r}), Console())\n"
            "supervisor.start([Program('a', 'sleep 600')], dict(os.environ))\n"
            "print(supervisor.pid('a'), flush=True)\n"
            "time.sleep(600)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as killed:
            assert killed.stdout
            left = ProcessId.of(int(killed.stdout.readline()))
            killed.kill()
        assert left
        assert left.is_alive()

        ended = Ledger(tmp_path / "processes").stop_leftovers()

        assert ended == ["a"]
        assert not left.is_alive()

    def test_a_stranger_with_the_same_pid_is_spared(self, tmp_path: Path) -> None:
        ledger = Ledger(tmp_path / "processes")
        with subprocess.Popen(["sleep", "600"], start_new_session=True) as stranger:
            ledger.write({"a": ProcessId(stranger.pid, "long-ago")})

            assert ledger.stop_leftovers() == []
            assert stranger.poll() is None
            stranger.kill()

    def test_an_orderly_end_leaves_no_list(self, supervisor: Supervisor, tmp_path: Path) -> None:
        start(supervisor, Program("a", "sleep 600"))
        assert (tmp_path / "processes").exists()

        supervisor.stop()

        assert not (tmp_path / "processes").exists()
