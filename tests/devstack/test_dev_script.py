"""The `dev` script, run in copies of the project's frame with stand-ins for Python."""

import shutil
import subprocess
from pathlib import Path

import pytest

from devstack.env import ROOT

NEEDED_TOOLS = ("cat", "cmp", "dirname")
# Claims to be Python 3.13: supported versions are asked for with `-c`.
TOO_NEW = "#!/bin/sh\nexit 1\n"
# Claims to be supported, and tells what it was asked to run.
SUITABLE = '#!/bin/sh\n[ "$1" = -c ] || echo "ran $*"\n'


class Frame:
    """A folder with the script, the locks, and a PATH of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "with space"
        self.tools = folder / "bin"
        for name in ("requirements", "devnet/node_modules", "devstack"):
            (self.folder / name).mkdir(parents=True)
        self.tools.mkdir()
        for tool in NEEDED_TOOLS:
            found = shutil.which(tool)
            assert found
            (self.tools / tool).symlink_to(found)
        shutil.copy(ROOT / "dev", self.folder)
        (self.folder / "requirements" / "development.txt").write_text("django==1\n")
        (self.folder / "devnet" / "package-lock.json").write_text("{}\n")

    def add_python(self, name: str, script: str) -> None:
        self._add_program(self.tools / name, script)

    def install(self) -> None:
        """Put an environment there that matches the locks."""
        venv = self.folder / ".venv"
        (venv / "bin").mkdir(parents=True)
        self._add_program(venv / "bin" / "python", SUITABLE)
        (venv / ".made-for").write_text(f"{self.folder.resolve()}\n")
        shutil.copy(self.folder / "requirements/development.txt", venv / ".installed.txt")
        lock = self.folder / "devnet/package-lock.json"
        shutil.copy(lock, self.folder / "devnet/node_modules/.installed.json")

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.folder / "dev", *arguments],
            cwd="/",
            env={"PATH": str(self.tools), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    def _add_program(self, path: Path, script: str) -> None:
        path.write_text(script)
        path.chmod(0o755)


@pytest.fixture
def frame(tmp_path: Path) -> Frame:
    return Frame(tmp_path)


class TestPython:
    def test_refuses_a_machine_without_a_suitable_one_in_one_sentence(self, frame: Frame) -> None:
        for name in ("python3.12", "python3", "python"):
            frame.add_python(name, TOO_NEW)

        refused = frame.run("demo")

        assert refused.returncode == 1
        assert refused.stderr.startswith("Paimon needs Python 3.11 or 3.12, and none of ")
        assert refused.stderr.count("\n") == 1
        assert refused.stdout == ""

    def test_passes_over_a_candidate_that_does_not_run(self, frame: Frame) -> None:
        frame.add_python("python3.12", "#!/bin/sh\necho 'pyenv: no such version' >&2\nexit 127\n")
        frame.add_python("python3.11", SUITABLE)

        assert "ran devstack/bootstrap.py" in frame.run("lint").stdout

    def test_the_real_interpreter_decides_about_its_version(self) -> None:
        script = (ROOT / "dev").read_text()
        (question,) = [line for line in script.splitlines() if "sys.version_info" in line]
        program = question.split("'")[1]

        verdicts = {
            version: subprocess.run(
                ["python3", "-c", program.replace("sys.version_info", f"({version}, 0)")],
                check=False,
            ).returncode
            for version in ("3, 10", "3, 11", "3, 12", "3, 13")
        }

        assert verdicts == {"3, 10": 1, "3, 11": 0, "3, 12": 0, "3, 13": 1}


class TestEnvironment:
    def test_one_that_matches_its_locks_is_used_at_once(self, frame: Frame) -> None:
        frame.add_python("python3", SUITABLE)
        frame.install()

        done = frame.run("test", "-k", "two words")

        assert done.stdout == "ran -m devstack test -k two words\n"

    @pytest.mark.parametrize(
        "file",
        [
            "requirements/development.txt",
            "devnet/package-lock.json",
            ".venv/.made-for",
            ".venv/.installed.txt",
            "devnet/node_modules/.installed.json",
        ],
    )
    def test_one_that_differs_from_its_locks_is_made_again(self, frame: Frame, file: str) -> None:
        frame.add_python("python3", SUITABLE)
        frame.install()
        (frame.folder / file).write_text("changed\n")

        assert "ran devstack/bootstrap.py\n" in frame.run("lint").stdout

    def test_one_whose_packages_do_not_import_is_made_again(self, frame: Frame) -> None:
        frame.add_python("python3", SUITABLE)
        frame.install()
        (frame.folder / ".venv/bin/python").write_text('#!/bin/sh\n[ "$1" != -c ]\n')

        assert "ran devstack/bootstrap.py\n" in frame.run("lint").stdout

    def test_nothing_runs_when_it_cannot_be_made(self, frame: Frame) -> None:
        frame.add_python("python3", '#!/bin/sh\n[ "$1" = -c ]\n')

        refused = frame.run("lint")

        assert refused.returncode != 0
        assert refused.stdout == ""


class TestCommands:
    def test_help_needs_no_environment(self, frame: Frame) -> None:
        helped = frame.run("help")

        assert helped.returncode == 0
        assert "./dev demo --check" in helped.stdout

    def test_an_unknown_one_is_refused_with_the_known_ones(self, frame: Frame) -> None:
        refused = frame.run("dmeo")

        assert refused.returncode == 2
        assert refused.stderr.startswith("Unknown command: dmeo\n")
        assert "./dev demo" in refused.stderr
