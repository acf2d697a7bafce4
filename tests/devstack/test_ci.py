"""`.ci/run` with a stand-in for `./dev`."""

import shutil
import subprocess
from pathlib import Path

import pytest

from devstack.env import ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    (tmp_path / "bin").mkdir()
    for name in ("chromium", "softhsm2-util"):  # nothing is to be installed
        program = tmp_path / "bin" / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    return tmp_path


def run_ci(clone: Path, dev: str) -> "subprocess.CompletedProcess[str]":
    (clone / "dev").write_text(f"#!/bin/sh\n{dev}\n")
    (clone / "dev").chmod(0o755)
    return subprocess.run(
        ["bash", clone / ".ci" / "run"],
        env={"PATH": f"{clone / 'bin'}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_steps_passing_is_a_success(clone: Path) -> None:
    done = run_ci(clone, 'echo "dev $* with CI=$CI"')

    assert done.returncode == 0, done.stderr
    for step in ("lint", "test", "demo --check"):
        assert f"dev {step} with CI=true\n" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("CI passed in ")


@pytest.mark.parametrize(("step", "name"), [("lint", "lint"), ("test", "test"), ("demo", "check")])
def test_one_step_failing_fails_the_run_but_not_the_others(
    clone: Path, step: str, name: str
) -> None:
    done = run_ci(clone, f'echo "dev $1"; [ "$1" != {step} ]')

    assert done.returncode == 1
    assert done.stdout.count("\ndev ") == 3
    assert done.stdout.splitlines()[-1].startswith("CI failed after ")
    assert done.stdout.rstrip().endswith(f": {name}")
