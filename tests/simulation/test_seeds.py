"""Fifty plays in every run; ``./dev simulate`` gives thousands."""

import os
from collections.abc import Callable

import pytest

from apps.chain.config import ChainConfig
from apps.core import bus, clock
from tests.approvals.helpers import seed_rules
from tests.simulation import checking, reactions, stage
from tests.simulation.play import Play

pytestmark = pytest.mark.django_db


FIRST, COUNT = (int(part) for part in os.environ.get("PAIMON_PLAYS", "0:50").split(":"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_play(
    seed: int, configure: Callable[[str], ChainConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed_rules()
    play = Play(seed, configure(stage.BY_TAG if seed % 2 else stage.BY_DEPTH))
    monkeypatch.setattr(clock, "now", play.now)
    monkeypatch.setattr(bus, "react", reactions.recorded(bus.react))

    play.run()

    checking.check(play)
    assert reactions.more_than_once() == []
    print(dict(play.told), play.chain.forks, "forks")
