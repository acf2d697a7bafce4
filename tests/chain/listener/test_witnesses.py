"""Whose branch is believed, over nodes that see what they are told to see."""

import pytest

from apps.chain.listener import Outcome
from apps.chain.listener.witnesses import STANDSTILL_BLOCKS
from apps.chain.models import Cursor, ReorgEvent
from tests.chain.listener.views import GENESIS, Nodes, longer

pytestmark = pytest.mark.django_db


def tip() -> str:
    return Cursor.objects.get().tip_hash


class TestVerdict:
    def test_an_honest_node_outweighs_one_that_is_ahead_on_a_false_branch(self) -> None:
        """Though it looks late beside it, and the third one is down."""
        common = longer(GENESIS, 30)
        ours = longer(common, 3)
        nodes = Nodes(ours, ours, ours)
        nodes.read()

        nodes.see(None, longer(common, 12, salt=b"false"), ours)
        nodes.read(turns=20)

        assert tip() == ours[-1].hash
        assert not ReorgEvent.objects.exists()

    def test_so_does_one_that_is_below_our_tip_but_on_our_branch(self) -> None:
        common = longer(GENESIS, 30)
        ours = longer(common, 4)
        nodes = Nodes(ours, ours)
        nodes.read()

        nodes.see(longer(common, 12, salt=b"false"), ours[:-1])
        nodes.read(turns=20)

        assert tip() == ours[-1].hash
        assert not ReorgEvent.objects.exists()

    def test_one_that_is_a_little_late_is_waited_for(self) -> None:
        common = longer(GENESIS, 30)
        other = longer(common, 12, salt=b"true")
        nodes = Nodes(longer(common, 3), longer(common, 3))
        nodes.read()

        nodes.see(other, common)
        waiting = nodes.read()
        nodes.see(other, other)
        nodes.read()

        assert set(waiting) == {Outcome.SUSPECTED}
        assert tip() == other[-1].hash

    def test_two_are_believed_against_one_that_is_stale(self) -> None:
        common = longer(GENESIS, 30)
        stale, other = longer(common, 3), longer(common, 4, salt=b"true")
        nodes = Nodes(stale, stale, stale)
        nodes.read()

        nodes.see(other, other, stale)
        nodes.read()

        assert tip() == other[-1].hash
        assert ReorgEvent.objects.count() == 1

    def test_a_node_that_came_to_a_stand_does_not_hold_us_for_ever(self) -> None:
        """Two nodes, one of them dead on the branch that lost."""
        common = longer(GENESIS, 30)
        stale, other = longer(common, 3), longer(common, 4, salt=b"true")
        nodes = Nodes(stale, stale)
        nodes.read()

        nodes.see(other, stale)
        at_first = nodes.read(turns=2)
        for _ in range(10 * STANDSTILL_BLOCKS):
            other = longer(other, 1, salt=b"true")
            nodes.see(other, stale)
            nodes.read(turns=1)

        assert at_first == [Outcome.SUSPECTED] * 2
        assert ReorgEvent.objects.count() == 1
        assert tip() in {block.hash for block in other}

    def test_where_nobody_else_can_be_asked_a_second_look_decides(self) -> None:
        common = longer(GENESIS, 30)
        ours, other = longer(common, 3), longer(common, 4, salt=b"true")
        nodes = Nodes(ours, ours)
        nodes.read()
        nodes.see(ours, None)
        nodes.read()

        nodes.see(other, None)
        outcomes = nodes.read(turns=20)

        assert Outcome.SUSPECTED in outcomes
        assert tip() == other[-1].hash

    def test_a_benched_node_that_holds_our_block_is_reason_to_wait(self) -> None:
        common = longer(GENESIS, 30)
        ours = longer(common, 3)
        nodes = Nodes(ours, ours)
        nodes.read()
        client = nodes.listener.client
        client.bench(client.nodes[1], "it left out logs")

        nodes.see(longer(common, 9, salt=b"false"), ours)
        nodes.read(turns=20)

        assert not ReorgEvent.objects.exists()
