"""What a node says of logs, held against headers, another node and receipts."""

from typing import Any

import pytest

from apps.chain.client import ChainUnavailable
from apps.chain.listener.proofs import Disputed
from apps.chain.models import Finding, FindingKind, Log
from devnet.accounts import ADMIN, INVESTORS
from devnet.fund import usdt
from tests.chain.listener.checks import (
    Minutes,
    assert_equal_to_the_chain,
    lead_over,
    logs_stored,
    read_all,
)
from tests.chain_world import World
from tests.faults.proxy import FaultyNode, method
from tests.faults.troubles import Drop, OmitLogs, Refuse, Tamper

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

HEADERS = method("eth_getBlockByNumber", "eth_getBlockByHash")


def one_more(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A log of ours that never was, beside the real ones."""
    topics = ["0x" + "77" * 32]
    return logs + [{**log, "logIndex": "0x63", "topics": topics} for log in logs[:1]]


class TestBlooms:
    def test_blocks_that_cannot_hold_ours_are_not_asked_for_logs(self, world: World) -> None:
        world.read()
        with FaultyNode(world.node.url) as node:
            lead = lead_over(world, node.url)
            for index in range(5):
                sent = {"from": ADMIN.address, "to": f"0x{index + 1:040x}", "value": "0x1"}
                world.scenario.chain.rpc.call("eth_sendTransaction", sent)
            world.scenario.mine(5)

            read_all(world, lead)

        assert node.count("eth_getLogs") == 0
        assert_equal_to_the_chain(world)

    def test_a_log_that_the_bloom_denies_is_made_up(self, world: World) -> None:
        minutes = Minutes()
        world.read()
        with FaultyNode(world.node.url) as liar:
            lead = lead_over(world, liar.url, world.node.url, monotonic=minutes)
            liar.add(Tamper(one_more), when=method("eth_getLogs"))
            world.scenario.subscribe(INVESTORS[0], usdt(1_000))

            read_all(world, lead, minutes)

        assert_equal_to_the_chain(world)

    def test_a_header_with_another_bloom_does_not_fit_its_hash(self, world: World) -> None:
        """An empty bloom would hide every log, if the hash did not depend on it."""
        minutes = Minutes()
        world.read()
        with FaultyNode(world.node.url) as liar:
            lead = lead_over(world, liar.url, world.node.url, monotonic=minutes)
            hide = {"logsBloom": "0x" + "00" * 256}
            liar.add(Tamper(lambda block: block and {**block, **hide}), when=HEADERS)
            world.scenario.subscribe(INVESTORS[0], usdt(1_000))

            read_all(world, lead, minutes)

        assert_equal_to_the_chain(world)
        assert not Finding.objects.exists()


class TestUnknownHeaders:
    def test_that_only_one_node_gives_are_found_out_when_another_can_say(
        self, world: World
    ) -> None:
        """While nobody else could say, its headers were taken for a new kind."""
        minutes = Minutes()
        world.read()
        with FaultyNode(world.node.url) as liar, FaultyNode(world.node.url) as other:
            lead = lead_over(world, liar.url, other.url, monotonic=minutes)
            down = other.add(Drop())
            newer = {"requestsHash": "0x" + "00" * 32}
            liar.add(Tamper(lambda block: block and {**block, **newer}), when=HEADERS)
            world.scenario.mine(3)
            read_all(world, lead, minutes)
            other.remove(down)
            minutes.pass_by(120)
            liar.add(OmitLogs())
            world.scenario.subscribe(INVESTORS[0], usdt(1_000))

            read_all(world, lead, minutes)

        assert_equal_to_the_chain(world)

    def test_of_every_node_are_written_down_and_logs_asked_always(self, world: World) -> None:
        world.read()
        newer = {"fieldOfTomorrow": "0x1", "requestsHash": "0x" + "00" * 32}
        with FaultyNode(world.node.url) as one, FaultyNode(world.node.url) as two:
            lead = lead_over(world, one.url, two.url)
            for node in (one, two):
                node.add(Tamper(lambda block: block and {**block, **newer}), when=HEADERS)
            world.scenario.subscribe(INVESTORS[0], usdt(1_000))
            world.scenario.mine(2)
            read_all(world, lead)
            first = Finding.objects.get(kind=FindingKind.BLOOM)
            assert_equal_to_the_chain(world)

            one.heal()
            two.heal()
            world.scenario.mine(2)
            read_all(world, lead)

        assert (first.times_seen, first.closed_at) == (1, None)
        assert Finding.objects.get(kind=FindingKind.BLOOM).closed_at is not None


class TestReceipts:
    def test_settle_what_two_nodes_dispute(self, world: World) -> None:
        """The honest one is asked second, and has no receipts."""
        minutes = Minutes()
        world.read()
        with FaultyNode(world.node.url) as liar, FaultyNode(world.node.url) as honest:
            lead = lead_over(world, liar.url, honest.url, monotonic=minutes)
            liar.add(OmitLogs(every=2))
            honest.add(Refuse(-32601, "method not found"), when=method("eth_getBlockReceipts"))
            world.scenario.subscribe(INVESTORS[0], usdt(1_000))

            lead.turn()

            assert liar.count("eth_getBlockReceipts") > 0
            assert lead.client.pin().label.endswith(honest.url[-5:])
        assert_equal_to_the_chain(world)

    def test_without_any_a_dispute_stores_nothing(self, world: World) -> None:
        world.read()
        before = logs_stored()
        with FaultyNode(world.node.url) as liar, FaultyNode(world.node.url) as honest:
            lead = lead_over(world, liar.url, honest.url)
            liar.add(OmitLogs())
            for node in (liar, honest):
                node.add(Refuse(-32601, "method not found"), when=method("eth_getBlockReceipts"))
            world.scenario.subscribe(INVESTORS[0], usdt(1_000))

            with pytest.raises(Disputed):
                lead.turn()

        assert issubclass(Disputed, ChainUnavailable)
        assert logs_stored() == before

    def test_made_up_ones_prove_nothing(self, world: World) -> None:
        minutes = Minutes()
        world.read()
        with FaultyNode(world.node.url) as liar:
            lead = lead_over(world, liar.url, world.node.url, monotonic=minutes)
            liar.add(OmitLogs())
            liar.add(
                Tamper(lambda receipts: [{**receipt, "logs": []} for receipt in receipts]),
                when=method("eth_getBlockReceipts"),
            )
            world.scenario.subscribe(INVESTORS[0], usdt(1_000))

            read_all(world, lead, minutes)

        assert_equal_to_the_chain(world)
        assert Log.objects.filter(event="DepositProcessed").exists()
