"""Facts as they are published."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.chain import config
from apps.core import bus
from tests.redemptions.helpers import write_chain_file


@pytest.fixture
def facts(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Everything that operations publish during the test, in order; handlers run as ever."""
    published: list[object] = []
    publish = bus.publish

    def note(fact: object) -> None:
        published.append(fact)
        publish(fact)

    monkeypatch.setattr(bus, "publish", note)
    return published


@pytest.fixture
def redemption_chain(tmp_path: Path, settings: LazySettings) -> Iterator[None]:
    """A fund chain whose node does not answer."""
    settings.CHAIN_FILE = str(write_chain_file(tmp_path))
    config.reload()
    yield
    config.reload()
