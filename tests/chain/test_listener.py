"""The listener against a real node: everything once, forks followed, finality respected."""

import contextlib
import itertools
from datetime import timedelta
from typing import Any

import pytest

from apps.chain import queries
from apps.chain.client import ChainUnavailable
from apps.chain.listener import Outcome
from apps.chain.models import Block, Cursor, Log, LogStatus, ReorgEvent
from apps.chain.queries import source_of
from apps.core import bus, clock
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain_world import CONFIRMATIONS, World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def logs_on_chain(world: World) -> set[tuple[str, int]]:
    """What the node says, asked plainly: (block hash, log index) of every log of our contracts."""
    answer = world.lead.client.call(
        "eth_getLogs",
        {
            "fromBlock": "0x0",
            "toBlock": "latest",
            "address": [contract.address for contract in world.config.watched],
        },
    )
    return {(entry["blockHash"], int(entry["logIndex"], 16)) for entry in answer}


def logs_stored() -> set[tuple[str, int]]:
    return set(
        Log.objects.exclude(status=LogStatus.ORPHANED).values_list("block_hash", "log_index")
    )


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


class TestReorg:
    @pytest.mark.parametrize("depth", [1, 2, 5, 10])
    def test_ends_with_exactly_the_canonical_logs(self, world: World, depth: int) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.scenario.mine(CONFIRMATIONS)
        world.read()
        world.scenario.mine(depth - 1)
        world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
        world.read()
        assert logs_stored() == logs_on_chain(world)

        world.scenario.reorg(depth)
        world.scenario.mine(1)
        outcomes = world.read()

        assert Outcome.SWITCHED in outcomes
        assert logs_stored() == logs_on_chain(world)
        assert ReorgEvent.objects.count() == 1
        assert not Log.objects.filter(
            event="RedemptionRequested", status__in=["SEEN", "FINAL", "APPLIED"]
        ).exists()

    def test_a_request_that_is_mined_again_elsewhere_is_applied_once(self, world: World) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.finalise()
        asked = world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
        world.scenario.mine(2)
        world.read()

        world.scenario.reorg(3)
        again = world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
        world.finalise()

        rows = Log.objects.filter(event="RedemptionRequested")
        assert again.id == asked.id
        assert sorted(rows.values_list("status", flat=True)) == ["APPLIED", "ORPHANED"]

    def test_below_finality_halts_and_changes_nothing(self, world: World) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.scenario.mine(CONFIRMATIONS + 1)
        world.read()
        before = logs_stored()

        world.scenario.reorg(CONFIRMATIONS + 3)
        world.scenario.mine(1)
        outcomes = world.read()

        cursor = Cursor.objects.get()
        assert outcomes[-1] is Outcome.HALTED
        assert "was final" in cursor.halted_reason
        assert logs_stored() == before
        assert world.lead.turn().outcome is Outcome.HALTED

    def test_that_happened_long_ago_while_nobody_read_is_followed(self, world: World) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.scenario.mine(CONFIRMATIONS)
        world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
        world.read()

        world.scenario.reorg(3)
        world.scenario.subscribe(INVESTORS[1], usdt(5_000))
        world.scenario.mine(300)
        outcomes = world.read()

        assert Outcome.SWITCHED in outcomes
        assert logs_stored() == logs_on_chain(world)
        assert not Log.objects.filter(status__in=["SEEN", "FINAL", "FAILED"]).exists()

    def test_a_shorter_branch_is_waited_for(self, world: World) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.scenario.mine(3)
        snapshot = world.scenario.snapshot()
        world.scenario.subscribe(INVESTORS[1], usdt(5_000))
        world.scenario.mine(3)
        world.read()
        before = logs_stored()

        world.scenario.revert(snapshot)
        world.scenario.subscribe(INVESTORS[2], usdt(7_000))
        shorter = world.read()
        kept = logs_stored()
        world.scenario.mine(10)
        longer = world.read()

        assert set(shorter) == {Outcome.IDLE}
        assert kept == before
        assert Outcome.SWITCHED in longer
        assert logs_stored() == logs_on_chain(world)

    def test_a_node_that_lags_is_ignored(self, world: World) -> None:
        world.scenario.mine(20)
        world.read()
        snapshot_of_head = Cursor.objects.get().next_block

        Cursor.objects.update(head_number=0)
        behind = world.lead.client
        real = behind.batch
        latest = real([("eth_getBlockByNumber", [hex(snapshot_of_head - 4), False])])[0]

        def lagging(requests):  # type: ignore[no-untyped-def]
            return [
                latest if method == "eth_getBlockByNumber" and params[0] == "latest" else answer
                for (method, params), answer in zip(requests, real(requests), strict=True)
            ]

        behind.batch = lagging  # type: ignore[method-assign]
        outcomes = world.read()

        assert outcomes == [Outcome.IDLE]
        assert Cursor.objects.get().next_block == snapshot_of_head
        assert not ReorgEvent.objects.exists()


class TestTrouble:
    @pytest.mark.parametrize("blocks", [3, 300])
    def test_logs_of_a_node_without_the_blocks_are_not_believed(
        self, world: World, monkeypatch: pytest.MonkeyPatch, blocks: int
    ) -> None:
        """The node fails over to one that lags, between the headers and the logs."""
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.scenario.mine(blocks)
        real = world.lead.client.batch

        def lagging_for_logs(requests: Any) -> list[Any]:
            if any(method == "eth_getLogs" for method, _ in requests):
                return [[] if method == "eth_getLogs" else None for method, _ in requests]
            return real(requests)

        with monkeypatch.context() as patch:
            patch.setattr(world.lead.client, "batch", lagging_for_logs)
            world.lead.turn()
        world.read()

        assert logs_stored() == logs_on_chain(world)

    def test_a_range_too_slow_for_the_node_is_made_smaller(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.scenario.mine(1000)
        real = world.lead.client.batch

        def slow(requests: Any) -> list[Any]:
            for _, params in requests:
                if isinstance(params[0], dict) and "fromBlock" in params[0]:
                    asked = params[0]
                    if int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) > 300:
                        raise ChainUnavailable("no answer in time")
            return real(requests)

        with monkeypatch.context() as patch:
            patch.setattr(world.lead.client, "batch", slow)
            for _ in range(30):
                with contextlib.suppress(ChainUnavailable):
                    world.lead.turn()

        assert logs_stored() == logs_on_chain(world)

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
