"""The nodes' own word on finality: the lower of two, never down; depth while it stands still."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.chain.client import Client
from apps.chain.events import FinalityStalled
from apps.chain.leading import ListenerLead
from apps.chain.listener import Outcome
from apps.chain.models import Cursor
from apps.core import bus, clock
from tests.chain.listener.checks import lead_over, read_all
from tests.chain.listener.views import FINALISED_DEPTH, GENESIS, Nodes, longer
from tests.chain_world import World
from tests.faults.proxy import Call, FaultyNode
from tests.faults.troubles import Drop, Tamper

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def is_tag(call: Call) -> bool:
    return call.method == "eth_getBlockByNumber" and call.params[0] == "finalized"


def final_at(world: World, number: int) -> Tamper:
    """A node that calls this block final."""
    block = world.scenario.chain.rpc.call("eth_getBlockByNumber", hex(number), False)
    return Tamper(lambda _: block)


def final_number() -> int | None:
    return Cursor.objects.get().final_number


@pytest.fixture
def nodes(world: World) -> Iterator[tuple[FaultyNode, FaultyNode]]:
    world.scenario.mine(100)
    with FaultyNode(world.node.url) as one, FaultyNode(world.node.url) as two:
        yield one, two


class TestTag:
    def test_the_lower_of_two_nodes_counts(
        self, world: World, nodes: tuple[FaultyNode, FaultyNode]
    ) -> None:
        one, two = nodes
        lead = lead_over(world, one.url, two.url, confirmations=None)
        head = world.scenario.chain.block().number
        one.add(final_at(world, head - 2), when=is_tag)
        two.add(final_at(world, head - 7), when=is_tag)

        read_all(world, lead)

        assert final_number() == head - 7

    def test_it_never_goes_down(self, world: World, nodes: tuple[FaultyNode, FaultyNode]) -> None:
        one, _ = nodes
        lead = lead_over(world, one.url, confirmations=None)
        head = world.scenario.chain.block().number
        high = one.add(final_at(world, head - 2), when=is_tag)
        read_all(world, lead)
        one.remove(high)
        one.add(final_at(world, head - 9), when=is_tag)

        world.scenario.mine(1)
        read_all(world, lead)

        assert final_number() == head - 2

    def test_a_second_node_that_fails_is_waited_for(
        self, world: World, nodes: tuple[FaultyNode, FaultyNode]
    ) -> None:
        one, two = nodes
        lead = lead_over(world, one.url, two.url, confirmations=None)
        two.add(Drop(), when=is_tag, times=1)

        lead.turn()
        first = final_number()
        lead.turn()

        assert first is None
        assert final_number() is not None

    def test_a_final_block_of_another_branch_is_not_believed(
        self, world: World, nodes: tuple[FaultyNode, FaultyNode]
    ) -> None:
        one, _ = nodes
        lead = lead_over(world, one.url, confirmations=None)
        read_all(world, lead)
        before = final_number()
        one.add(Tamper(lambda block: {**block, "hash": "0x" + "ee" * 32}), when=is_tag)

        world.scenario.mine(10)
        read_all(world, lead)

        assert before is not None
        assert final_number() == before


class TestStall:
    def test_people_hear_once_and_depth_counts_meanwhile(
        self,
        world: World,
        nodes: tuple[FaultyNode, FaultyNode],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        told: list[Any] = []
        monkeypatch.setattr(bus, "publish", told.append)
        one, _ = nodes
        now = [clock.now()]
        lead = stalling(world, one, now)
        head = world.scenario.chain.block().number
        stuck = one.add(final_at(world, head - 60), when=is_tag)
        read_all(world, lead)
        before = final_number()

        now[0] += timedelta(seconds=61)
        lead.turn()
        quiet = list(told)  # no block was made either
        world.scenario.mine(5)
        read_all(world, lead)
        lead.turn()
        meanwhile = final_number()
        one.remove(stuck)
        world.scenario.mine(70)
        read_all(world, lead)

        assert before == head - 60
        assert quiet == []
        assert [type(fact) for fact in told] == [FinalityStalled]
        assert (told[0].final_number, told[0].head_number) == (head - 60, head + 5)
        assert meanwhile == head + 5 - 20
        assert final_number() == head + 75 - 64  # by the tag again


def stalling(world: World, node: FaultyNode, now: list[datetime]) -> ListenerLead:
    """A leader whose clock is in the test's hands."""
    lead = lead_over(world, node.url, confirmations=None, stalled_confirmations=20)
    driven = ListenerLead(lead.config, lambda: now[0], client=Client(lead.config))
    assert driven.take()
    return driven


class TestBranch:
    """A node's final block may lie on a branch that only this node is on."""

    def test_above_our_tip_both_nodes_must_hold_it(self, db: None) -> None:
        common = longer(GENESIS, 30)
        honest, false = longer(common, 150), longer(common, 151, salt=b"false")
        nodes = Nodes(common, common, confirmations=None)
        nodes.read()

        nodes.see(false, honest)
        nodes.read(turns=4)

        assert (final_number() or 0) <= common[-1].number

    def test_nor_is_a_node_believed_because_all_others_look_late_beside_it(self, db: None) -> None:
        common = longer(GENESIS, 30)
        honest, false = longer(common, 150), longer(common, 400, salt=b"false")
        nodes = Nodes(common, common, confirmations=None)
        nodes.read()

        nodes.see(false, honest)
        nodes.read(turns=4)

        assert (final_number() or 0) <= common[-1].number

    def test_one_that_lags_on_the_same_branch_holds_nobody_up(self, db: None) -> None:
        common = longer(GENESIS, 30)
        line = longer(common, 200)
        nodes = Nodes(common, common, confirmations=None)
        nodes.read()

        nodes.see(line, longer(common, 20))
        nodes.read(turns=12)

        assert final_number() == line[-1].number - FINALISED_DEPTH


class TestBeforeTheFirstBlock:
    def test_a_chain_that_is_shorter_than_our_first_block_is_no_late_node(self, db: None) -> None:
        nodes = Nodes(GENESIS, GENESIS)
        Cursor.objects.update(next_block=5000)

        outcomes = nodes.read(turns=30)

        assert set(outcomes) == {Outcome.IDLE}
        assert all(node.health.bench is None for node in nodes.listener.client.nodes)
