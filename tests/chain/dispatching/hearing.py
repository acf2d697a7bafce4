"""Subscriptions that write down what is heard, and break where a test wants them to."""

from types import SimpleNamespace
from typing import Any

import pytest

from apps.chain.events import ChainFact
from apps.chain.models import Log, LogStatus
from apps.core import bus


class HandlerIsBroken(Exception):
    """A mistake of ours."""


class Ears:
    """Hears every fact; ``breaks`` is called with each before it is projected.

    What was heard in a batch that was undone is heard again: only logs that stayed applied count.
    """

    def __init__(self) -> None:
        self.seen: list[ChainFact] = []
        self.published: list[Any] = []
        self.breaks: Any = lambda _fact: None
        self._projected: list[ChainFact] = []
        self._reacted: list[ChainFact] = []

    @property
    def projected(self) -> list[ChainFact]:
        return self._of_applied(self._projected)

    @property
    def reacted(self) -> list[ChainFact]:
        return self._of_applied(self._reacted)

    def project(self, fact: ChainFact) -> None:
        self.breaks(fact)
        self._projected.append(fact)

    def react(self, fact: Any) -> None:
        (self._reacted if isinstance(fact, ChainFact) else self.published).append(fact)

    def of(self, kind: type) -> list[Any]:
        return [fact for fact in self.projected if isinstance(fact, kind)]

    def _of_applied(self, facts: list[ChainFact]) -> list[ChainFact]:
        applied = set(Log.objects.filter(status=LogStatus.APPLIED).values_list("pk", flat=True))
        last = {fact.source.log_id: place for place, fact in enumerate(facts)}
        return [facts[place] for pk, place in sorted(last.items(), key=_second) if pk in applied]

    def breaks_on(self, kind: type) -> None:
        """Raise for every fact of a kind."""

        def breaks(fact: ChainFact) -> None:
            if isinstance(fact, kind):
                raise HandlerIsBroken("the handler is broken")

        self.breaks = breaks


def _second(pair: tuple[int, int]) -> int:
    return pair[1]


class Everything(dict[Any, Any]):
    """A subscription table in which one handler hears all facts."""

    def __init__(self, handler: Any) -> None:
        super().__init__()
        self.handler = handler

    def get(self, key: Any, default: Any = ()) -> Any:
        return (self.handler,) if isinstance(key, type) else default


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> Ears:
    """What is heard instead of what the real handlers would do."""
    ears = Ears()
    tables = SimpleNamespace(
        PROJECTIONS=Everything(ears.project),
        REACTIONS=Everything(ears.react),
        ON_SEEN=Everything(ears.seen.append),
    )
    monkeypatch.setattr(bus, "_subscriptions", lambda: tables)
    return ears
