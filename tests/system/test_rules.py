"""How parts make a whole."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.system.rules import State, is_overdue, overall

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("states", "essential", "word"),
    [
        ([State.UP, State.UP], [State.UP], "healthy"),
        ([State.UP, State.UNKNOWN], [State.UP], "healthy"),
        ([State.UP, State.DEGRADED], [State.UP], "degraded"),
        ([State.UP, State.DOWN], [State.UP], "degraded"),
        ([State.DOWN, State.UP], [State.DOWN], "unhealthy"),
    ],
)
def test_overall(states: list[State], essential: list[State], word: str) -> None:
    assert overall(states, essential=essential) == word


def test_overdue_needs_a_due_time() -> None:
    assert not is_overdue(due_at=None, period=timedelta(seconds=1), at=NOON)


def test_overdue_begins_after_the_grace() -> None:
    due = NOON - timedelta(seconds=60)

    assert not is_overdue(due_at=due, period=None, at=NOON)
    assert is_overdue(due_at=due, period=None, at=NOON + timedelta(seconds=1))
