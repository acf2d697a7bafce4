"""Branches of a real node: followed once confirmed, never below finality, logs taken back."""

import time
from typing import Any

import pytest

from apps.chain.client.blocks import Header, RawLog
from apps.chain.events import SightingLost
from apps.chain.listener import Outcome, ingest
from apps.chain.listener.ingest import Head, Place
from apps.chain.models import Block, Coverage, Cursor, Log, LogStatus, ReorgEvent
from apps.core import clock
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain.listener.checks import logs_on_chain, logs_stored
from tests.chain_world import CONFIRMATIONS, World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


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

    def test_takes_back_what_was_told_before_it_was_final(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        published: list[object] = []
        monkeypatch.setattr(ingest.bus, "publish", published.append)
        world.scenario.mine(CONFIRMATIONS)
        world.scenario.set_emergency_mode(True)
        world.scenario.mine(2)
        world.read()
        told = Log.objects.get(event="EmergencyModeChanged")

        world.scenario.reorg(3)
        world.scenario.mine(4)
        world.read()

        (lost,) = [one for one in published if isinstance(one, SightingLost)]
        assert lost.event == "EmergencyModeChanged"
        assert (lost.source.log_id, lost.source.tx_hash) == (told.pk, told.tx_hash)

    def test_takes_nothing_back_that_the_other_branch_has_too(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        published: list[object] = []
        monkeypatch.setattr(ingest.bus, "publish", published.append)
        world.scenario.mine(CONFIRMATIONS)
        world.scenario.set_emergency_mode(True)
        world.scenario.mine(1)
        world.scenario.subscribe(INVESTORS[0], usdt(1_000))
        world.read()

        world.scenario.reorg(1)
        world.scenario.mine(3)
        world.read()

        assert ReorgEvent.objects.count() == 1
        assert published == []

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


class TestSwitch:
    """Branches made by hand: a node does not go back to one that it left."""

    def test_a_branch_that_flips_back_is_taken_back(self, world: World) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(5_000))
        world.scenario.mine(2)
        world.read()
        before = logs_stored()
        branch = held(world, count=4)
        other = invented(branch, salt="aa")

        switch(world, branch[0], other, [])
        meanwhile = logs_stored()
        switch(world, branch[0], branch[1:], raw_logs(world, branch[1:]))

        assert meanwhile < before
        assert logs_stored() == before
        assert Log.objects.filter(status=LogStatus.ORPHANED).count() == 0
        assert set(Block.objects.filter(canonical=False).values_list("hash", flat=True)) == {
            header.hash for header in other
        }
        [covered] = set(Coverage.objects.values_list("covered", flat=True))
        assert covered == ((world.config.start_block, Cursor.objects.get().next_block),)

    def test_ten_blocks_full_of_logs_are_switched_at_once(self, world: World) -> None:
        world.scenario.mine(12)
        world.read()
        branch = held(world, count=11)
        other = invented(branch, salt="bb")
        logs = [
            RawLog(
                block_number=header.number,
                block_hash=header.hash,
                tx_hash=f"0x{header.number:032x}{index:032x}",
                tx_index=index,
                log_index=index,
                position=0,
                address=world.config.contract("vault").address,
                topics=("0x" + "12" * 32,),
                data="0x",
            )
            for header in other
            for index in range(100)
        ]
        started = time.process_time()

        switch(world, branch[0], other, logs)

        assert Log.objects.filter(status=LogStatus.UNKNOWN).count() == 1000
        assert time.process_time() - started < 0.5


def held(world: World, *, count: int) -> list[Header]:
    """Our newest blocks, oldest first."""
    rows = Block.objects.filter(canonical=True).order_by("-number")[:count]
    return [Header(r.number, r.hash, r.parent_hash, r.at) for r in reversed(rows)]


def invented(branch: list[Header], *, salt: str) -> list[Header]:
    """Other blocks on top of the first of these."""
    parent, blocks = branch[0].hash, []
    for header in branch[1:]:
        made = Header(header.number, f"0x{salt * 24}{header.number:016x}", parent, header.at)
        blocks.append(made)
        parent = made.hash
    return blocks


def switch(world: World, ancestor: Header, headers: list[Header], logs: list[RawLog]) -> None:
    cursor = Cursor.objects.get()
    ingest.switch(
        world.config,
        Place(
            chain_id=cursor.chain_id,
            epoch=cursor.epoch,
            next_block=cursor.next_block,
            tip_hash=cursor.tip_hash,
        ),
        ancestor=ancestor,
        headers=headers,
        logs=logs,
        final_number=None,
        head=Head(
            number=headers[-1].number, at=headers[-1].at, seen_at=clock.now(), provider="test"
        ),
        at=clock.now(),
    )


def raw_logs(world: World, headers: list[Header]) -> list[RawLog]:
    rows: Any = Log.objects.filter(block_hash__in=[header.hash for header in headers])
    return [
        RawLog(
            block_number=row.block_number,
            block_hash=row.block_hash,
            tx_hash=row.tx_hash,
            tx_index=row.tx_index,
            log_index=row.log_index,
            position=row.position,
            address=row.address,
            topics=tuple(row.topics),
            data=row.data,
        )
        for row in rows
    ]
