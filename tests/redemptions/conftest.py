"""The chain file, and the figures of the fund."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace

import pytest

from apps.redemptions.queries import liquidity
from tests.dead_node import chain_file

from .helpers import NOON, USDT

__all__ = ["chain_file"]


@dataclass
class Figures:
    """What the newest snapshot says; the fields this app reads."""

    l1_assets: int = 250_000 * USDT
    l2_assets: int = 350_000 * USDT
    total_assets: int = 2_000_000 * USDT
    liability_assets: int = 120_000 * USDT
    emergency_mode: bool = False
    block_at: datetime = NOON
    taken_at: datetime = NOON


@pytest.fixture
def overview(monkeypatch: pytest.MonkeyPatch) -> Callable[[Figures | None], None]:
    """Say what the newest snapshot is."""

    def use(figures: Figures | None) -> None:
        monkeypatch.setattr(liquidity, "fund", SimpleNamespace(latest_overview=lambda: figures))

    return use
