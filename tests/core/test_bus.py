"""From fact to handlers: one at a time, or a list for those that take many."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from django.db import transaction

from apps.core import bus


@dataclass(frozen=True)
class Red:
    """A fact."""

    number: int


@dataclass(frozen=True)
class Blue:
    """Another."""

    number: int


Heard = list[tuple[str, list[int]]]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """What handlers hear: ``one`` of each fact, ``many`` of both kinds together."""
    calls: Heard = []

    def one(fact: Red | Blue) -> None:
        calls.append(("one", [fact.number]))

    @bus.takes_many
    def many(facts: Sequence[Red | Blue]) -> None:
        calls.append(("many", [fact.number for fact in facts]))

    tables = SimpleNamespace(
        PROJECTIONS={Red: [many, one], Blue: [many]}, REACTIONS={Red: [many]}, ON_SEEN={}
    )
    monkeypatch.setattr(bus, "_subscriptions", lambda: tables)
    return calls


@pytest.mark.django_db
class TestTakesMany:
    def test_hears_all_facts_of_a_batch_in_order_after_the_others(self, heard: Heard) -> None:
        with transaction.atomic():
            bus.project(Red(1), Blue(2), Red(3))

        assert heard == [("one", [1]), ("one", [3]), ("many", [1, 2, 3])]

    def test_hears_decisions_published_together(self, heard: Heard) -> None:
        with transaction.atomic():
            bus.publish(Red(1), Red(2))

        assert heard == [("many", [1, 2])]

    def test_hears_one_where_there_is_one(self, heard: Heard) -> None:
        with transaction.atomic():
            bus.react(Red(7))

        assert heard == [("many", [7])]

    def test_is_not_called_for_nothing(self, heard: Heard) -> None:
        with transaction.atomic():
            bus.project()

        assert heard == []


@pytest.mark.django_db(transaction=True)
def test_a_fact_outside_a_transaction_is_refused(heard: Heard) -> None:
    with pytest.raises(bus.NoTransaction, match="Red"):
        bus.project(Red(1))

    assert heard == []
