"""Fixtures for the tests of what starts things."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a space in its name that `nobody` may pass: pytest's own are root's alone."""
    outer = Path(tempfile.mkdtemp(prefix="paimon-devstack-"))
    outer.chmod(0o711)
    inner = outer / "with space"
    inner.mkdir()
    yield inner
    shutil.rmtree(outer)
