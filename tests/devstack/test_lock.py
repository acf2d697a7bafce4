"""devstack.lock with real uv, on sources that need no network."""

from pathlib import Path

import pytest

from devstack import lock
from devstack.errors import DevError


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(lock, "ROOT", tmp_path)
    monkeypatch.setattr(lock, "SOURCES", ("a.in",))
    return tmp_path / "a.in"


def test_writes_a_lock_beside_its_source(source: Path) -> None:
    source.write_text("# nothing is needed\n")

    lock.lock_requirements()

    assert "--generate-hashes a.in" in source.with_suffix(".txt").read_text()


def test_names_the_source_that_cannot_be_resolved(source: Path) -> None:
    source.write_text("one==1\none==2\n")

    with pytest.raises(DevError, match=r"a\.in could not be resolved"):
        lock.lock_requirements()


def test_every_lock_of_the_project_is_one_of_its_outputs() -> None:
    root = Path(lock.__file__).parents[1]
    locks = {str(file.relative_to(root)) for file in root.glob("requirements/*.txt")}

    outputs = {str(Path(source).with_suffix(".txt")) for source in lock.SOURCES}

    assert locks <= outputs
