"""devstack.procfile, and the project's own Procfile."""

from pathlib import Path

import pytest

from devstack.env import ROOT
from devstack.errors import DevError
from devstack.procfile import Program, read_procfile


@pytest.fixture
def procfile(tmp_path: Path) -> Path:
    return tmp_path / "Procfile"


def test_reads_names_and_commands_in_order(procfile: Path) -> None:
    procfile.write_text("# comment\nweb: serve --port $PORT\n\nworker-critical: work a:b\n")

    assert read_procfile(procfile) == [
        Program("web", "serve --port $PORT"),
        Program("worker-critical", "work a:b"),
    ]


def test_refuses_a_line_without_a_command(procfile: Path) -> None:
    procfile.write_text("web: serve\nworker\n")

    with pytest.raises(DevError, match="line 2 is not `name: command`: worker"):
        read_procfile(procfile)


def test_refuses_a_name_given_twice(procfile: Path) -> None:
    procfile.write_text("web: one\nweb: two\n")

    with pytest.raises(DevError, match="line 2 names web a second time"):
        read_procfile(procfile)


def test_the_projects_own_names_every_process() -> None:
    names = [program.name for program in read_procfile(ROOT / "Procfile")]

    assert names == ["web", "ws", "worker", "worker-critical", "beat", "listener", "sender"]
