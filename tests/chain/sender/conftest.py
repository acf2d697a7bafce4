"""A request that waits for approval, and a node that mines at once again afterwards."""

import pytest

from devnet.accounts import INVESTORS
from devnet.fund import usdt
from devnet.investing import Requested
from tests.chain_world import World


@pytest.fixture
def large(world: World) -> Requested:
    """A request that the contract wants approved."""
    world.scenario.subscribe(INVESTORS[0], usdt(9_000_000))
    asked = world.scenario.request_above_approval_threshold(INVESTORS[0])
    world.finalise()
    return asked
