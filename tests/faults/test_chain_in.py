"""Nodes that fail, lag and lie while a chain is read: nothing is lost, doubled or made up.

Whatever happens, in the end our logs are the chain's own, and no reorg was seen that was none.
"""

import contextlib
from collections.abc import Callable

import pytest

from apps.chain.client import ChainUnavailable
from apps.chain.listener import Outcome
from apps.chain.listener.crosscheck import cross_check
from apps.chain.models import Cursor, Finding, Log, LogStatus, ReorgEvent
from apps.core import clock
from apps.core.errors import Unavailable
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain.listener.checks import (
    Minutes,
    assert_equal_to_the_chain,
    lead_over,
    logs_stored,
    read_all,
)
from tests.chain_world import CONFIRMATIONS, World
from tests.faults import troubles
from tests.faults.proxy import Call, Fault, FaultyNode, method

pytestmark = [pytest.mark.faults, pytest.mark.chain, pytest.mark.django_db]

WIRE: dict[str, Callable[[], Fault]] = {
    "dropped": troubles.Drop,
    "hanging": troubles.Hang,
    "cut": troubles.Cut,
    "html": troubles.Html,
    "quota": lambda: troubles.Status(429, retry_after_seconds=1),
    "http-500": lambda: troubles.Status(500),
    "missing-items": troubles.MissingItems,
    "reordered": troubles.Reordered,
    "another-chain": lambda: troubles.ChainId(56),
    "lagging": lambda: troubles.Stale(behind=5),
}
LIES: dict[str, Callable[[], Fault]] = {
    "no-logs": troubles.OmitLogs,
    "half-the-logs": lambda: troubles.OmitLogs(every=2),
    "duplicates": troubles.DuplicateLogs,
    "disorder": troubles.ShuffleLogs,
    "foreign": troubles.ForeignLogs,
    "outside": troubles.OutsideLogs,
    "capped-in-words": lambda: troubles.CapLogs(2),
    "capped-silently": lambda: troubles.CapLogs(2, silently=True),
}


def by_range(call: Call) -> bool:
    return call.method == "eth_getLogs" and "fromBlock" in call.params[0]


def live(world: World, *, blocks: int = 3) -> None:
    """Some life of the fund, then some empty blocks."""
    world.scenario.subscribe(INVESTORS[0], usdt(250_000))
    world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
    world.scenario.subscribe(INVESTORS[1], usdt(1_000))
    world.scenario.mine(blocks)


class TestTwoNodes:
    """The preferred node is faulty, the other one honest."""

    @pytest.mark.parametrize("name", [*WIRE, *LIES])
    def test_at_the_tip_all_logs_are_stored(self, world: World, name: str) -> None:
        world.read()
        minutes = Minutes()
        with FaultyNode(world.node.url) as faulty:
            lead = lead_over(
                world, faulty.url, world.node.url, monotonic=minutes, timeout_seconds=0.5
            )
            faulty.add({**WIRE, **LIES}[name]())
            live(world)
            read_all(world, lead, minutes)
            live(world, blocks=CONFIRMATIONS + 1)

            read_all(world, lead, minutes)

        assert_equal_to_the_chain(world)
        assert not ReorgEvent.objects.exists()

    @pytest.mark.parametrize("name", ["dropped", "hanging", "lagging", *LIES])
    def test_history_is_complete_after_the_comparison(self, world: World, name: str) -> None:
        minutes = Minutes()
        live(world, blocks=300)
        live(world, blocks=300)
        with FaultyNode(world.node.url) as faulty:
            lead = lead_over(
                world, faulty.url, world.node.url, monotonic=minutes, timeout_seconds=0.5
            )
            faulty.add({**WIRE, **LIES}[name]())

            read_all(world, lead, minutes)
            with contextlib.suppress(Unavailable):  # the other node is no use: next time
                cross_check(lead.config, lead.client, hours=1000, clock=clock.now)

        assert_equal_to_the_chain(world)
        assert not ReorgEvent.objects.exists()

    def test_a_storm_of_everything_loses_nothing(self, world: World) -> None:
        minutes = Minutes()
        quick = ["dropped", "cut", "html", "http-500", "missing-items", "reordered", "lagging"]
        storm = {{**WIRE, **LIES}[name](): 0.03 for name in [*quick, *LIES]}
        with FaultyNode(world.node.url) as first, FaultyNode(world.node.url) as second:
            lead = lead_over(world, first.url, second.url, monotonic=minutes)
            first.mix(storm, seed=1)
            second.mix(storm, seed=2)
            for _ in range(6):
                live(world)
                read_all(world, lead, minutes)
            first.heal()
            second.heal()
            world.scenario.mine(CONFIRMATIONS + 1)

            read_all(world, lead, minutes)
            cross_check(lead.config, lead.client, hours=1000, clock=clock.now)

        assert_equal_to_the_chain(world)
        assert not ReorgEvent.objects.exists()


class TestOneNode:
    @pytest.mark.parametrize("name", ["no-logs", "half-the-logs", "duplicates", "disorder"])
    def test_at_the_tip_receipts_prove_what_it_left_out(self, world: World, name: str) -> None:
        world.read()
        with FaultyNode(world.node.url) as faulty:
            lead = lead_over(world, faulty.url)
            faulty.add(LIES[name]())
            live(world)

            read_all(world, lead)

        assert_equal_to_the_chain(world)

    def test_a_cap_makes_ranges_smaller(self, world: World) -> None:
        live(world, blocks=400)
        with FaultyNode(world.node.url) as faulty:
            lead = lead_over(world, faulty.url)
            faulty.add(troubles.CapLogs(6), when=by_range)

            read_all(world, lead)

        assert_equal_to_the_chain(world)
        assert lead.client.nodes[0].range_blocks < 400

    def test_a_head_that_goes_backwards_is_no_reorg(self, world: World) -> None:
        world.scenario.mine(20)
        with FaultyNode(world.node.url) as balancer:
            lead = lead_over(world, balancer.url)
            read_all(world, lead)
            balancer.mix({troubles.Stale(behind=3): 0.5}, seed=5)
            before = Cursor.objects.get().next_block

            for _ in range(30):
                live(world, blocks=1)
                with contextlib.suppress(ChainUnavailable):
                    lead.turn()
                assert Cursor.objects.get().next_block >= before
                before = Cursor.objects.get().next_block
            balancer.heal()
            read_all(world, lead)

        assert_equal_to_the_chain(world)
        assert not ReorgEvent.objects.exists()

    def test_a_stale_branch_seen_once_is_no_reorg(self, world: World) -> None:
        """One of several nodes behind an address sits on a block that the others never had."""
        world.scenario.mine(5)
        with FaultyNode(world.node.url) as balancer:
            lead = lead_over(world, balancer.url)
            read_all(world, lead)
            balancer.add(
                troubles.Tamper(lambda block: block and {**block, "hash": "0x" + "ab" * 32}),
                when=method("eth_getBlockByNumber"),
                times=1,
            )

            outcomes = [lead.turn().outcome for _ in range(3)]

        assert outcomes[0] is Outcome.SUSPECTED
        assert not ReorgEvent.objects.exists()
        assert_equal_to_the_chain(world)

    def test_another_chain_in_the_middle_stops_the_reading_only(self, world: World) -> None:
        minutes = Minutes()
        world.read()
        live(world)
        with FaultyNode(world.node.url) as faulty:
            lead = lead_over(world, faulty.url, monotonic=minutes)
            elsewhere = faulty.add(troubles.ChainId(56))
            before = logs_stored()
            with pytest.raises(ChainUnavailable):
                lead.turn()
            meanwhile = logs_stored()

            faulty.remove(elsewhere)
            read_all(world, lead, minutes)

        assert meanwhile == before
        assert_equal_to_the_chain(world)


class TestBranches:
    def test_a_branch_that_leaves_below_finality_halts(self, world: World) -> None:
        with FaultyNode(world.node.url) as witness:
            lead = lead_over(world, world.node.url, witness.url)
            live(world, blocks=CONFIRMATIONS + 1)
            read_all(world, lead)
            before = logs_stored()

            world.scenario.reorg(CONFIRMATIONS + 3)
            outcomes = read_all(world, lead)

        assert outcomes[Outcome.HALTED] == 1
        assert logs_stored() == before
        assert not ReorgEvent.objects.exists()

    @pytest.mark.parametrize("depth", [1, 2, 5, 10, 64])
    def test_a_reorg_is_followed_with_another_node_as_witness(
        self, world: World, depth: int
    ) -> None:
        with FaultyNode(world.node.url) as witness:
            lead = lead_over(world, world.node.url, witness.url, confirmations=100)
            live(world)
            world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
            world.scenario.mine(depth - 1)
            read_all(world, lead)

            world.scenario.reorg(depth)
            world.scenario.mine(1)
            read_all(world, lead)

        assert_equal_to_the_chain(world)
        assert ReorgEvent.objects.get().depth == depth

    def test_a_node_alone_on_a_branch_is_not_followed(self, world: World) -> None:
        minutes = Minutes()
        world.scenario.mine(5)
        with FaultyNode(world.node.url) as alone:
            lead = lead_over(world, alone.url, world.node.url, monotonic=minutes)
            read_all(world, lead, minutes)
            tip = Cursor.objects.get().next_block - 1
            alone.add(
                troubles.Tamper(lambda block: block and {**block, **other_branch(block, tip)}),
                when=method("eth_getBlockByNumber", "eth_getBlockByHash"),
            )

            live(world)
            read_all(world, lead, minutes)

        assert_equal_to_the_chain(world)
        assert not ReorgEvent.objects.exists()


def other_branch(block: dict[str, str], tip: int) -> dict[str, str]:
    """Hashes of a branch that nobody else has, from the tip on."""
    number = int(block["number"], 16)
    if number < tip:
        return {}
    parent = {} if number == tip else {"parentHash": f"0x{'cd' * 28}{number - 1:08x}"}
    return {"hash": f"0x{'cd' * 28}{number:08x}", **parent}


class TestOutage:
    def test_hours_without_a_node_are_caught_up(self, world: World) -> None:
        world.read()
        minutes = Minutes()
        with FaultyNode(world.node.url) as faulty:
            lead = lead_over(world, faulty.url, monotonic=minutes)
            out = faulty.add(troubles.Drop())
            live(world)
            world.scenario.chain.rpc.call("anvil_mine", hex(1_500))
            live(world)
            with pytest.raises(ChainUnavailable):
                lead.turn()
            faulty.remove(out)
            asked_before = len(faulty.calls)

            read_all(world, lead, minutes)

        assert_equal_to_the_chain(world)
        assert len(faulty.calls) - asked_before < 300


class TestComparison:
    def test_what_a_node_left_out_of_history_is_stored_and_written_down(self, world: World) -> None:
        live(world, blocks=300)
        world.read()
        left_out = Log.objects.filter(event="DepositProcessed").first()
        assert left_out is not None
        key = (left_out.block_number, left_out.log_index)
        left_out.delete()

        result = cross_check(world.config, world.lead.client, hours=1000, clock=clock.now)

        finding = Finding.objects.get()
        assert (result.missing, result.extra) == (1, 0)
        assert finding.subject == f"log {key[1]} of block {key[0]}"
        assert finding.closed_at is not None
        assert_equal_to_the_chain(world)
        world.read()
        assert not Log.objects.filter(status__in=[LogStatus.SEEN, LogStatus.FINAL]).exists()

    def test_a_log_that_the_chain_does_not_have_stays_an_open_finding(self, world: World) -> None:
        live(world, blocks=300)
        world.read()
        copy = Log.objects.filter(event="DepositProcessed").first()
        assert copy is not None
        copy.pk, copy.log_index, copy.position = None, 99, 99
        copy.save()

        results = [
            cross_check(world.config, world.lead.client, hours=1000, clock=clock.now)
            for _ in range(2)
        ]

        finding = Finding.objects.get()
        assert [(result.missing, result.extra) for result in results] == [(0, 1), (0, 1)]
        assert (finding.times_seen, finding.closed_at) == (2, None)
