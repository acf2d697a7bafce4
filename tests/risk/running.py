"""Runs over a fund that a test makes up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.risk import operations
from apps.risk.models import Assessment
from apps.risk.operations import assessing
from apps.risk.rules.figures import Situation

from .rules.funds import fund

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def blind(reason: str = "The contracts cannot be read: no node answers.") -> dict[str, Any]:
    """What is missing of a fund while no node answers."""
    names = (
        "gross_assets",
        "l1_assets",
        "l2_assets",
        "l3_assets",
        "liability_assets",
        "available_assets",
        "total_supply",
        "emergency_mode",
        "assets",
        "navs_24h",
        "oldest_price_seconds",
        "requested_24h_assets",
        "requests_7d",
        "requests_7d_before",
    )
    gone: dict[str, Any] = dict.fromkeys(names)
    return gone | {
        "block_number": None,
        "block_at": None,
        "block_hash": "",
        "missing": dict.fromkeys(names, reason),
    }


class Fund:
    """How the fund stands, as far as a run can see; a test changes it."""

    def __init__(self) -> None:
        self.changes: dict[str, Any] = {}
        self.looked = 0
        self.before_look: Callable[[], None] = lambda: None

    def is_now(self, **changes: Any) -> None:
        """It stands in order, except for these."""
        self.changes = changes

    def look(self, *, at: datetime) -> Situation:
        self.looked += 1
        self.before_look()
        return replace(fund(**self.changes), at=at)

    def run(self, *, at: datetime = NOON, **changes: Any) -> Assessment:
        """One run over it."""
        if changes:
            self.is_now(**changes)
        return operations.assess(at=at)

    def run_each_minute(self, count: int, *, start: datetime = NOON) -> list[str]:
        """So many runs, and the levels that held."""
        return [self.run(at=start + number * MINUTE).level for number in range(count)]


@pytest.fixture
def stands(monkeypatch: pytest.MonkeyPatch) -> Fund:
    """A fund in order, in place of a node."""
    made = Fund()
    monkeypatch.setattr(assessing, "situation_now", made.look)
    return made
