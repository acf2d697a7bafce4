"""The listener against a real node: everything once, finality respected, lagging nodes ignored."""

import itertools
from datetime import timedelta

import pytest

from apps.chain import queries
from apps.chain.listener import Outcome
from apps.chain.models import Block, Cursor, Log, LogStatus, ReorgEvent
from apps.chain.queries import source_of
from apps.core import bus, clock
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain.listener.checks import (
    assert_equal_to_the_chain,
    lead_over,
    logs_on_chain,
    logs_stored,
    read_all,
)
from tests.chain_world import CONFIRMATIONS, World
from tests.faults.proxy import FaultyNode
from tests.faults.troubles import Refuse, Stale

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


class TestTick:
    def test_stores_every_log_of_the_chain_once(self, world: World) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(250_000))

        world.read()
        world.read()

        assert logs_stored() == logs_on_chain(world)
        assert Log.objects.count() == len(logs_on_chain(world))

    def test_a_log_is_final_only_under_its_confirmations(self, world: World) -> None:
        receipt = world.scenario.subscribe(INVESTORS[0], usdt(250_000))
        world.scenario.mine(CONFIRMATIONS - 1)

        world.read()
        early = set(Log.objects.filter(tx_hash=receipt.tx_hash).values_list("status", flat=True))
        world.scenario.mine(1)
        world.read()
        late = set(Log.objects.filter(tx_hash=receipt.tx_hash).values_list("status", flat=True))

        assert early == {LogStatus.SEEN}
        assert LogStatus.SEEN not in late

    def test_blocks_are_linked_to_their_parents(self, world: World) -> None:
        world.read()
        world.scenario.mine(5)

        world.read()

        rows = list(Block.objects.filter(canonical=True).order_by("number"))
        tail = rows[-6:]
        assert all(b.parent_hash == a.hash for a, b in itertools.pairwise(tail))


class TestTrouble:
    def test_a_node_that_lags_is_ignored(self, world: World) -> None:
        world.scenario.mine(20)
        world.read()
        held = Cursor.objects.get().next_block
        with FaultyNode(world.node.url) as node:
            lead = lead_over(world, node.url)
            node.add(Stale(behind=4))

            outcomes = [lead.turn().outcome for _ in range(3)]

        assert outcomes == [Outcome.IDLE] * 3
        assert Cursor.objects.get().next_block == held
        assert not ReorgEvent.objects.exists()

    @pytest.mark.parametrize("blocks", [3, 300])
    def test_logs_of_a_node_without_the_blocks_are_not_believed(
        self, world: World, blocks: int
    ) -> None:
        """Behind one address, half of the time, a node answers that has none of this yet."""
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.scenario.mine(blocks)
        with FaultyNode(world.node.url) as balancer:
            lead = lead_over(world, balancer.url)
            balancer.mix({Stale(behind=blocks + 4): 0.5}, seed=3)

            read_all(world, lead)

        assert_equal_to_the_chain(world)

    def test_a_range_that_is_refused_is_made_smaller(self, world: World) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.scenario.mine(1000)
        with FaultyNode(world.node.url) as node:
            lead = lead_over(world, node.url)
            node.add(
                Refuse(-32000, "block range too large"),
                when=lambda call: call.method == "eth_getLogs" and _size(call.params[0]) > 300,
            )

            read_all(world, lead)

        assert_equal_to_the_chain(world)
        assert lead.client.nodes[0].range_blocks < 1000

    def test_an_alert_that_fails_does_not_stop_the_reading(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(fact: object) -> None:
            raise ValueError(f"nobody can be told of {fact}")

        monkeypatch.setattr(bus, "see", failing)
        world.scenario.set_emergency_mode(True)

        world.read()

        assert Log.objects.filter(event="EmergencyModeChanged").exists()


class TestAge:
    def test_is_measured_by_the_chains_own_clock(self, world: World) -> None:
        """The node's clock lies months back; what just happened is news all the same."""
        world.scenario.subscribe(INVESTORS[0], usdt(1_000))
        world.finalise()
        row = Log.objects.filter(event="DepositProcessed").latest("block_number")
        now = clock.now()

        age = now - queries.happened_at(source_of(row), at=now)

        assert now - row.block_at > timedelta(days=30)
        assert age < timedelta(minutes=5)

    def test_of_history_is_its_distance_from_the_head(self, world: World) -> None:
        receipt = world.scenario.subscribe(INVESTORS[0], usdt(1_000))
        world.scenario.advance_time(5 * 3600)
        world.finalise()
        row = Log.objects.filter(tx_hash=receipt.tx_hash).first()
        assert row is not None
        now = clock.now()

        age = now - queries.happened_at(source_of(row), at=now)

        assert timedelta(hours=5) <= age < timedelta(hours=6)


def _size(span: dict[str, str]) -> int:
    if "blockHash" in span:
        return 1
    return int(span["toBlock"], 16) - int(span["fromBlock"], 16) + 1
