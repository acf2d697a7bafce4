"""devstack.processes and devstack.guard with real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from devstack import processes
from devstack.env import ROOT
from devstack.processes import ProcessId, command_line, stop_all, wait_until_gone

# A leader that ignores TERM, with a child that does so as well; prints the child's pid.
STUBBORN = "trap '' TERM; sleep 600 & echo $!; while :; do sleep 1; done"
# A leader that ends at once on TERM and leaves its child behind.
CARELESS = "trap 'exit 0' TERM; sleep 600 & echo $!; while :; do sleep 0.05; done"


class Family:
    """A shell leading a process group, and its child."""

    def __init__(self, script: str) -> None:
        self.shell = subprocess.Popen(
            ["/bin/sh", "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.shell.stdout
        leader = ProcessId.of(self.shell.pid)
        child = ProcessId.of(int(self.shell.stdout.readline()))
        assert leader
        assert child
        self.leader, self.child = leader, child

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.leader.pid, signal.SIGKILL)
        self.shell.communicate()


@pytest.fixture(params=[STUBBORN, CARELESS], ids=["stubborn", "careless"])
def family(request: pytest.FixtureRequest) -> Iterator[Family]:
    started = Family(request.param)
    yield started
    started.end()


class TestProcessId:
    def test_survives_writing_and_reading(self) -> None:
        own = ProcessId.of(os.getpid())

        assert own
        assert ProcessId.parse(str(own)) == own

    def test_refuses_other_text(self) -> None:
        with pytest.raises(ValueError, match="not a process identity"):
            ProcessId.parse("1234")

    def test_a_recycled_pid_is_another_process(self) -> None:
        predecessor = ProcessId(os.getpid(), "long-ago")

        assert not predecessor.is_alive()

    def test_an_ended_process_is_gone_before_it_is_reaped(self) -> None:
        with subprocess.Popen(["/bin/sh", "-c", "exit 0"]) as child:
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

            assert ProcessId.of(child.pid) is None

    def test_ps_and_proc_agree_on_who_lives(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(processes, "PROC", Path("/no/such/place"))

        own = ProcessId.of(os.getpid())

        assert own
        assert own.is_alive()
        assert "python" in command_line(os.getpid())


def test_a_process_is_known_by_a_variable_it_was_started_with() -> None:
    with subprocess.Popen(["sleep", "600"], env={"COLOUR": "teal-7"}) as child:
        found = [identity.pid for identity in processes.started_with("COLOUR", "teal-7")]
        similar = processes.started_with("COLOUR", "teal")
        child.kill()

    assert found == [child.pid]
    assert similar == []


class TestStopAll:
    def test_leaves_nobody_of_the_group(self, family: Family) -> None:
        stop_all([family.leader], seconds_max=0.3)

        assert wait_until_gone([family.leader, family.child], seconds_max=5)

    def test_spares_a_process_that_only_has_the_same_pid(self, family: Family) -> None:
        predecessor = ProcessId(family.leader.pid, "long-ago")

        stop_all([predecessor], seconds_max=0.1)

        assert family.leader.is_alive()
        assert family.child.is_alive()


def test_the_guard_cleans_up_after_a_killed_parent(family: Family, tmp_path: Path) -> None:
    kept = tmp_path / "data"
    kept.mkdir()
    parent_program = (
        "import sys, pathlib, time\n"
        "from devstack.guard import Guard\n"
        "from devstack.processes import ProcessId\n"
        f"family = ProcessId.parse({str(family.leader)!r})\n"
        f"guard = Guard([family], [pathlib.Path({str(kept)!r})], run_id='none')\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent_program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "ready\n"

        parent.kill()

        assert wait_until_gone([family.leader, family.child], seconds_max=20)
