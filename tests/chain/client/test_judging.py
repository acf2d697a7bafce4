"""Which node is asked: chains that live in the test, and a clock moved by hand."""

from collections.abc import Sequence
from typing import Any

import pytest

from apps.chain.client import ChainUnavailable, Client, NodeTrouble, Request
from apps.chain.client.health import BENCH_SECONDS, FORGIVEN_SECONDS, Grade
from apps.chain.client.pool import LOOK_SECONDS
from tests.chain.client.conftest import HandClock, chain_of

NAMES = ("http://a.test", "http://b.test", "http://c.test")


class Chains:
    """A transport: each URL's head, chain and delay; a head of None is a node that is down."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.heads: dict[str, int | None] = dict.fromkeys(NAMES, 100)
        self.ids = dict.fromkeys(NAMES, 31_337)
        self.seconds = dict.fromkeys(NAMES, 0.01)
        self.blocks: dict[str, str] = {}
        self.asked: list[str] = []

    def __call__(self, url: str, requests: list[Request]) -> list[dict[str, Any]]:
        self.asked.append(url)
        self.clock.sleep(self.seconds[url])
        head = self.heads[url]
        if head is None:
            raise NodeTrouble("it is down")
        said = {
            "eth_chainId": hex(self.ids[url]),
            "eth_blockNumber": self.blocks.get(url, hex(head)),
        }
        return [{"result": said[method]} for method, _ in requests]


@pytest.fixture
def chains(clock: HandClock) -> Chains:
    return Chains(clock)


@pytest.fixture
def client(chains: Chains, clock: HandClock) -> Client:
    return Client(chain_of(*NAMES), transport=chains, clock=clock, timeout_seconds=3.0)


def pinned(client: Client) -> str:
    return client.pin().label


def labels(nodes: Sequence[Any]) -> list[str]:
    return [node.label for node in nodes]


class TestOrder:
    def test_is_the_chain_files_among_equals(self, client: Client, chains: Chains) -> None:
        client.call("eth_blockNumber")

        assert pinned(client) == NAMES[0]
        assert chains.asked == [NAMES[0]]

    def test_one_failure_gives_way_for_a_minute(
        self, client: Client, chains: Chains, clock: HandClock
    ) -> None:
        chains.heads[NAMES[0]] = None
        client.call("eth_blockNumber")
        chains.heads[NAMES[0]] = 100
        after_failure = pinned(client)
        clock.sleep(80)

        assert after_failure == NAMES[1]
        assert pinned(client) == NAMES[0]

    def test_a_slow_node_gives_way(self, client: Client, chains: Chains) -> None:
        chains.seconds[NAMES[0]] = 1.5

        client.call("eth_blockNumber")

        assert pinned(client) == NAMES[1]

    def test_when_all_fail_all_are_asked_again_each_time(
        self, client: Client, chains: Chains
    ) -> None:
        chains.heads = dict.fromkeys(NAMES)
        for _ in range(10):
            with pytest.raises(ChainUnavailable):
                client.call("eth_blockNumber")
        grades = {node.health.grade(chains.clock.now) for node in client.nodes}
        chains.heads[NAMES[2]] = 100

        answer = client.call("eth_blockNumber")

        assert grades == {Grade.RESTING}
        assert answer == hex(100)
        assert client.provider == NAMES[2]


class TestLook:
    def test_nodes_not_in_use_are_looked_at_now_and_then(
        self, client: Client, chains: Chains, clock: HandClock
    ) -> None:
        for _ in range(100):
            client.call("eth_blockNumber")
            clock.sleep(0.2)

        spare = [name for name in chains.asked if name != NAMES[0]]
        assert chains.asked.count(NAMES[0]) == 100
        assert 6 <= spare.count(NAMES[1]) == spare.count(NAMES[2]) <= 7

    def test_finds_who_lags(self, client: Client, chains: Chains, clock: HandClock) -> None:
        chains.heads[NAMES[0]] = 90
        clock.sleep(LOOK_SECONDS)
        client.call("eth_blockNumber")
        client.call("eth_blockNumber")

        assert pinned(client) == NAMES[1]
        assert client.nodes[0].health.lag_blocks == 10

    def test_a_head_seen_earlier_elsewhere_is_no_lag(
        self, client: Client, chains: Chains, clock: HandClock
    ) -> None:
        for head in range(100, 200):
            chains.heads = dict.fromkeys(NAMES, head)
            client.call("eth_blockNumber")
            clock.sleep(0.45)

        assert [node.health.lag_blocks for node in client.nodes] == [0, 0, 0]
        assert pinned(client) == NAMES[0]

    def test_blocks_made_while_a_node_answers_are_no_lag(
        self, clock: HandClock, chains: Chains
    ) -> None:
        def meanwhile(url: str, requests: list[Request]) -> list[dict[str, Any]]:
            answers = chains(url, requests)
            client.nodes[0].note_head(110)
            return answers

        client = Client(chain_of(*NAMES), transport=meanwhile, clock=clock)
        client.nodes[1].call("eth_blockNumber")

        assert client.nodes[1].health.lag_blocks == 0

    def test_what_a_node_said_itself_is_not_judged_again_later(self, client: Client) -> None:
        client.nodes[1].call("eth_blockNumber")
        client.nodes[0].note_head(110)

        client.nodes[1].note_head(100)

        assert client.nodes[1].health.lag_blocks == 0

    def test_a_liars_head_makes_nobody_lag(
        self, client: Client, chains: Chains, clock: HandClock
    ) -> None:
        chains.heads[NAMES[2]] = 10**9
        client.nodes[2].call("eth_blockNumber")
        client.nodes[0].call("eth_blockNumber")
        misled = pinned(client)

        client.bench(client.nodes[2], "its head is made up")
        client.nodes[0].call("eth_blockNumber")

        assert misled != NAMES[0]
        assert pinned(client) == NAMES[0]

    def test_a_liars_head_does_not_shield_it_from_the_bench(
        self, client: Client, chains: Chains
    ) -> None:
        chains.heads[NAMES[2]] = 10**9
        client.nodes[2].call("eth_blockNumber")
        for node in client.nodes[:2]:
            node.call("eth_blockNumber")

        client.bench(client.nodes[2], "its head is made up")

        assert client.nodes[2].health.grade(chains.clock.now) is Grade.BENCHED
        assert pinned(client) == NAMES[0]
        assert client.other(client.nodes[0]) is client.nodes[1]

    def test_the_head_of_a_node_that_fell_silent_is_no_measure(
        self, client: Client, chains: Chains, clock: HandClock
    ) -> None:
        chains.heads[NAMES[2]] = 10**9
        client.nodes[2].call("eth_blockNumber")
        chains.heads[NAMES[2]] = None

        for _ in range(60):
            clock.sleep(1.0)
            client.call("eth_blockNumber")

        assert pinned(client) == NAMES[0]
        assert client.other(client.nodes[0]) is client.nodes[1]

    def test_a_node_in_use_that_stands_still_is_noticed_whatever_it_is_asked(
        self, client: Client, chains: Chains, clock: HandClock
    ) -> None:
        for head in range(100, 120):
            chains.heads = {**dict.fromkeys(NAMES, head), NAMES[0]: 100}
            client.call("eth_chainId")
            clock.sleep(1.0)

        assert pinned(client) == NAMES[1]

    @pytest.mark.parametrize("said", ["0x" + "f" * 16, "-0x1", "0x_1", "0x" + "f" * 5_000])
    def test_what_no_chain_reaches_is_no_head(
        self, client: Client, chains: Chains, said: str
    ) -> None:
        chains.blocks[NAMES[0]] = said

        client.call("eth_blockNumber")

        assert client.nodes[0].health.head_number is None


class TestBench:
    def test_leaves_a_liar_out_and_lets_it_back(self, client: Client, clock: HandClock) -> None:
        client.bench(client.nodes[0], "it omitted a log")
        left_out = pinned(client)
        clock.sleep(BENCH_SECONDS[0])
        back = pinned(client)
        client.call("eth_blockNumber")

        assert (left_out, back) == (NAMES[1], NAMES[0])
        assert client.nodes[0].health.bench is None

    def test_each_time_longer_until_it_is_forgiven(self, client: Client, clock: HandClock) -> None:
        node, times = client.nodes[0], []
        for pause in (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, FORGIVEN_SECONDS + BENCH_SECONDS[1]):
            clock.sleep(pause)
            client.bench(node, "it lied")
            assert node.health.bench is not None
            times.append(node.health.bench.until - clock.now)
            clock.sleep(times[-1])

        assert times == [60, 120, 240, 480, 960, 1800, 60]

    def test_the_last_that_can_be_used_stays(self, client: Client) -> None:
        for node in client.nodes:
            client.bench(node, "it lied")

        assert pinned(client) == NAMES[2]
        assert client.nodes[2].health.bench is None
        assert client.nodes[2].health.last_error == "it lied"

    def test_a_node_of_another_chain_is_looked_at_again(
        self, client: Client, chains: Chains, clock: HandClock
    ) -> None:
        chains.ids[NAMES[0]] = 56
        client.call("eth_blockNumber")
        chains.ids[NAMES[0]] = 31_337
        left = pinned(client)
        clock.sleep(LOOK_SECONDS)

        assert left == NAMES[1]
        assert pinned(client) == NAMES[0]


class TestOther:
    def test_is_another_healthy_node(self, client: Client, chains: Chains) -> None:
        a, b, c = client.nodes
        client.bench(b, "it lied")

        assert client.other(a) is c
        assert client.other(c) is a

    def test_is_none_when_no_other_is_well(self, client: Client, chains: Chains) -> None:
        a, b, c = client.nodes
        a.note_head(100)
        c.note_head(90)
        client.bench(b, "it lied")

        assert client.other(a) is None


class TestTransport:
    def test_is_asked_for_the_chain_in_every_exchange(self, clock: HandClock) -> None:
        heard: list[list[Request]] = []

        def transport(url: str, requests: list[Request]) -> list[dict[str, Any]]:
            heard.append(requests)
            return [{"result": "0x7a69"} for _ in requests]

        client = Client(chain_of(NAMES[0]), transport=transport, clock=clock)
        client.batch([("eth_gasPrice", [])] * 150)

        assert [len(requests) for requests in heard] == [100, 52]
        assert all(requests[0] == ("eth_chainId", []) for requests in heard)

    def test_that_answers_too_little_is_in_trouble(self, clock: HandClock) -> None:
        client = Client(chain_of(NAMES[0]), transport=lambda _url, _asked: [], clock=clock)

        with pytest.raises(ChainUnavailable, match="answered 0 of 2 requests"):
            client.call("eth_gasPrice")


class TestRange:
    def test_each_node_has_its_own(self, client: Client) -> None:
        a, b, _ = client.nodes

        a.range_refused(a.range_blocks)
        a.range_served(a.range_blocks, 0)

        assert a.range_blocks < b.range_blocks == 2000
