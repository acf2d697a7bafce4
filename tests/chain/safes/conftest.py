"""A fund with cash, its warm wallet, and the wallet's owners."""

import pytest

from apps.chain.sender import safes
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from devnet.safe import OWNERS, Safe
from tests.accounts.people import person
from tests.chain.safes.desk import Desk
from tests.chain_world import World


@pytest.fixture
def desk(world: World) -> Desk:
    """Two millions in cash; nobody was asked for anything yet."""
    return _desk(world)


@pytest.fixture
def committed_desk(committed_world: World) -> Desk:
    """The same over a database whose transactions really commit, for a browser."""
    return _desk(committed_world)


def _desk(world: World) -> Desk:
    world.scenario.subscribe(INVESTORS[0], usdt(2_000_000))
    world.finalise()
    address = safes.wallet(world.config).address
    owners = [person("ADMIN", key=actor.account) for actor in OWNERS]
    return Desk(world, Safe(world.scenario.chain, address), owners)
