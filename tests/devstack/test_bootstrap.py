"""devstack.bootstrap in a folder of its own, with stand-ins for pip, uv and npm."""

import fcntl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from devstack import bootstrap
from devstack.bootstrap import BootstrapError, locked_requirement


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the module at an empty project."""
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "VENV_BIN", tmp_path / ".venv/bin")
    monkeypatch.setattr(bootstrap, "VENV_PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setattr(bootstrap, "LOCK", tmp_path / "development.txt")
    monkeypatch.setattr(bootstrap, "INSTALLED", tmp_path / ".venv/.installed.txt")
    monkeypatch.setattr(bootstrap, "MADE_FOR", tmp_path / ".venv/.made-for")
    (tmp_path / "development.txt").write_text(
        "uvicorn==9 \\\n    --hash=sha256:00\nuv==1.2 \\\n    --hash=sha256:01 \\\n"
        "    --hash=sha256:02\n    # via -r development.in\nweb==3 \\\n    --hash=sha256:03\n"
    )
    return tmp_path


@pytest.fixture
def installed(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let installing succeed at once, and note who did it."""
    done: list[str] = []
    monkeypatch.setattr(bootstrap, "npm_works", lambda: True)
    monkeypatch.setattr(bootstrap, "install_with_uv", lambda _locks: done.append("uv"))
    monkeypatch.setattr(bootstrap, "install_with_pip", lambda _locks: done.append("pip"))
    monkeypatch.setattr(bootstrap, "imports", lambda _modules: True)
    monkeypatch.setattr(bootstrap, "run", lambda command: Path(command[-1]).mkdir() or "")
    return done


class TestPythonEnvironment:
    def test_a_missing_one_is_created_and_then_believed(self, installed: list[str]) -> None:
        bootstrap.make_python_environment()

        assert installed == ["uv"]
        assert bootstrap.python_is_ready()

    def test_a_working_one_is_repaired_in_place(self, root: Path, installed: list[str]) -> None:
        (root / ".venv").mkdir()
        (root / ".venv/.made-for").write_text(f"{root}\n")
        (root / ".venv/kept").touch()

        bootstrap.make_python_environment()

        assert installed == ["uv"]
        assert (root / ".venv/kept").exists()

    @pytest.mark.usefixtures("installed")
    def test_one_that_was_moved_here_is_replaced(self, root: Path) -> None:
        (root / ".venv").mkdir()
        (root / ".venv/.made-for").write_text("/somewhere/else\n")
        (root / ".venv/stale").touch()

        bootstrap.make_python_environment()

        assert not (root / ".venv/stale").exists()
        assert bootstrap.python_is_ready()

    def test_pip_steps_in_for_uv(
        self, installed: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_locks: object) -> None:
            raise BootstrapError("no wheel of uv for this machine")

        monkeypatch.setattr(bootstrap, "install_with_uv", refuse)

        bootstrap.make_python_environment()

        assert installed == ["pip"]

    @pytest.mark.usefixtures("installed")
    def test_a_failed_installation_is_not_believed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_locks: object) -> None:
            raise BootstrapError("no network")

        monkeypatch.setattr(bootstrap, "install_with_uv", refuse)
        monkeypatch.setattr(bootstrap, "install_with_pip", refuse)

        with pytest.raises(BootstrapError, match="no network"):
            bootstrap.make_python_environment()

        assert not bootstrap.python_is_ready()

    @pytest.mark.usefixtures("installed")
    def test_node_comes_from_a_wheel_where_npm_is_missing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[list[str]] = []
        monkeypatch.setattr(bootstrap, "npm_works", lambda: False)
        monkeypatch.setattr(
            bootstrap, "install_with_uv", lambda locks: asked.append([one.name for one in locks])
        )

        bootstrap.make_python_environment()

        assert asked == [["development.txt", "node.txt"]]


class TestNpm:
    @pytest.mark.parametrize(
        ("answer", "works"), [("11.19.1", True), ("8.0.0", True), ("6.14.4", False), ("oh", False)]
    )
    def test_only_one_that_reads_our_lock_counts(
        self, monkeypatch: pytest.MonkeyPatch, answer: str, works: bool
    ) -> None:
        monkeypatch.setattr(bootstrap, "run", lambda _command: answer)

        assert bootstrap.npm_works() is works

    def test_a_missing_one_does_not_count(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(root))

        assert not bootstrap.npm_works()


def test_the_locks_lines_of_one_package_come_with_its_hashes(root: Path) -> None:
    assert locked_requirement("uv") == ("uv==1.2 \\\n    --hash=sha256:01 \\\n    --hash=sha256:02")


def test_a_package_the_lock_does_not_name_is_refused(root: Path) -> None:
    with pytest.raises(BootstrapError, match=r"development\.txt does not name pip"):
        locked_requirement("pip")


def test_a_failing_program_is_quoted(root: Path) -> None:
    with pytest.raises(BootstrapError, match=r"failed: first \| second"):
        bootstrap.run(["sh", "-c", "echo first; echo second >&2; exit 4"])


def test_two_runs_take_turns(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / ".local").mkdir()
    entered = threading.Event()

    def other_run() -> None:
        with bootstrap.one_at_a_time():
            entered.set()

    with (root / ".local/bootstrap.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = threading.Thread(target=other_run)
        waiting.start()

        assert not entered.wait(0.3)
    waiting.join()

    assert entered.is_set()
    assert "another ./dev is preparing the environment" in capsys.readouterr().err


def test_needs_nothing_but_the_standard_library() -> None:
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        "import runpy; runpy.run_path(__import__('sys').argv[1])",
    ]

    done = subprocess.run(
        [*command, bootstrap.__file__], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
