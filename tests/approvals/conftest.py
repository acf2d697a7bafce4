"""Facts as they are published."""

from collections.abc import Iterator

import pytest

from apps.core import bus


@pytest.fixture
def facts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Everything that operations publish during the test, in order; handlers run as ever."""
    published: list[object] = []
    publish = bus.publish

    def note(fact: object) -> None:
        published.append(fact)
        publish(fact)

    monkeypatch.setattr(bus, "publish", note)
    yield published
