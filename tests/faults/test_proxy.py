"""The instrument itself: each trouble does what its name says, and a healed node is a real one."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from websockets.sync.client import connect

from devnet.chain_file import read_chain_file
from devnet.node import Anvil
from tests.faults import troubles
from tests.faults.proxy import FaultyNode, method
from tests.faults.socket_proxy import FaultySocket

pytestmark = pytest.mark.chain


@pytest.fixture
def node(deployed: tuple[Anvil, Path]) -> Iterator[FaultyNode]:
    with FaultyNode(deployed[0].url) as node:
        yield node


@pytest.fixture
def span(deployed: tuple[Anvil, Path]) -> dict[str, Any]:
    addresses = [c.address for c in read_chain_file(deployed[1])[0].contracts]
    return {"fromBlock": "0x0", "toBlock": "latest", "address": addresses}


def ask(node: FaultyNode, *calls: tuple[str, list[Any]]) -> list[Any]:
    body = [
        {"jsonrpc": "2.0", "id": place, "method": name, "params": params}
        for place, (name, params) in enumerate(calls)
    ]
    answers = requests.post(node.url, json=body, timeout=5).json()
    return [
        answer.get("result", answer.get("error"))
        for answer in sorted(answers, key=lambda answer: answer["id"])
    ]


def real_head(node: FaultyNode) -> int:
    return int(node.upstream.ask("eth_blockNumber"), 16)


class TestPassingOn:
    def test_without_faults_it_says_what_the_node_says(
        self, node: FaultyNode, span: dict[str, Any]
    ) -> None:
        logs, refused = ask(node, ("eth_getLogs", [span]), ("no_such", []))

        assert logs == node.upstream.ask("eth_getLogs", span)
        assert logs
        assert refused["code"] == -32601
        assert node.count("eth_getLogs") == 1

    def test_times_and_when_bound_a_fault(self, node: FaultyNode) -> None:
        node.add(troubles.ChainId(56), when=method("eth_chainId"), times=1)

        answers = [ask(node, ("eth_blockNumber", [])), ask(node, ("eth_chainId", []))]
        again = ask(node, ("eth_chainId", []))

        assert answers == [[hex(real_head(node))], ["0x38"]]
        assert again == ["0x7a69"]

    def test_a_mix_is_the_same_for_the_same_seed(self, node: FaultyNode) -> None:
        def answers() -> list[int]:
            node.mix({troubles.Status(500): 0.3, troubles.Html(): 0.3}, seed=11)
            bodies = [requests.post(node.url, data=SMALL, timeout=5) for _ in range(20)]
            return [body.status_code * (1 if body.text.startswith("[") else 10) for body in bodies]

        first, second = answers(), answers()

        assert first == second
        assert set(first) == {200, 2000, 5000}


SMALL = json.dumps([{"jsonrpc": "2.0", "id": 0, "method": "eth_chainId", "params": []}])


class TestTheWire:
    @pytest.mark.parametrize(
        "fault", [troubles.Drop(), troubles.AnswerLost(), troubles.Hang(seconds=0.05)]
    )
    def test_no_answer(self, node: FaultyNode, fault: Any) -> None:
        node.add(fault)

        with pytest.raises(requests.ConnectionError):
            requests.post(node.url, data=SMALL, timeout=5)

    def test_a_lost_answer_was_heard(self, node: FaultyNode) -> None:
        before = real_head(node)
        node.add(troubles.AnswerLost(), times=1)

        with pytest.raises(requests.ConnectionError):
            ask(node, ("anvil_mine", ["0x1"]))

        assert real_head(node) == before + 1

    def test_a_drip_takes_its_time(self, node: FaultyNode) -> None:
        node.add(troubles.Drip(0.005))
        begun = time.monotonic()

        answer = requests.post(node.url, data=SMALL, timeout=5)

        assert answer.json()[0]["result"] == "0x7a69"
        assert time.monotonic() - begun > 0.005 * len(answer.content)

    def test_words_that_are_no_answer(self, node: FaultyNode) -> None:
        said = []
        for fault in (
            troubles.Status(429, retry_after_seconds=9),
            troubles.Html(),
            troubles.Cut(),
            troubles.MissingItems(),
            troubles.Flood(1000),
        ):
            node.add(fault, times=1)
            said.append(requests.post(node.url, data=SMALL, timeout=5))

        assert (said[0].status_code, said[0].headers["Retry-After"]) == (429, "9")
        assert said[1].text.startswith("<html>")
        assert 0 < len(said[2].text) < len(said[4].text) - 1000
        assert said[3].json() == []
        assert said[4].json()[0]["result"] == "0x7a69"

    def test_answers_in_another_order(self, node: FaultyNode) -> None:
        node.add(troubles.Reordered())
        body = [{**json.loads(SMALL)[0], "id": place} for place in range(3)]

        answers = requests.post(node.url, json=body, timeout=5).json()

        assert [answer["id"] for answer in answers] == [2, 1, 0]


class TestOneCall:
    def test_a_refusal_may_come_after_the_deed(self, node: FaultyNode) -> None:
        before = real_head(node)
        node.add(troubles.Refuse(-32000, "already known", forwarded=True))

        [answer] = ask(node, ("anvil_mine", ["0x1"]))

        assert answer == {"code": -32000, "message": "already known"}
        assert real_head(node) == before + 1

    def test_refusals_in_other_words(self, node: FaultyNode) -> None:
        node.add(troubles.Reword(-1, "nonsense"))

        answers = ask(node, ("no_such", []), ("eth_chainId", []))

        assert answers == [{"code": -1, "message": "nonsense"}, "0x7a69"]

    def test_a_swallowed_transaction_has_its_hash(self, node: FaultyNode) -> None:
        node.add(troubles.Swallow())

        [tx_hash] = ask(node, ("eth_sendRawTransaction", ["0x02"]))

        assert tx_hash == "0xf2ee15ea639b73fa3db9b34a245bdfa015c260c598b211bf05a1ecc4b3e3b4f2"


class TestStale:
    def test_the_head_and_all_above_it_are_unknown(
        self, node: FaultyNode, span: dict[str, Any]
    ) -> None:
        logs = node.upstream.ask("eth_getLogs", span)
        newest = int(logs[-1]["blockNumber"], 16)
        old = newest - 1
        node.add(troubles.Stale(at=old))

        number, latest, above, by_hash, some, none, of_hash = ask(
            node,
            ("eth_blockNumber", []),
            ("eth_getBlockByNumber", ["latest", False]),
            ("eth_getBlockByNumber", [hex(newest), False]),
            ("eth_getBlockByHash", [logs[-1]["blockHash"], False]),
            ("eth_getLogs", [span]),
            ("eth_getLogs", [{**span, "fromBlock": hex(newest)}]),
            ("eth_getLogs", [{"blockHash": logs[-1]["blockHash"]}]),
        )

        assert number == latest["number"] == hex(old)
        assert (above, by_hash, none, of_hash) == (None, None, [], [])
        assert some == [log for log in logs if int(log["blockNumber"], 16) <= old]

    def test_behind_moves_with_the_head(self, node: FaultyNode) -> None:
        node.add(troubles.Stale(behind=3))
        node.upstream.ask("anvil_mine", "0x5")

        [number, final] = ask(
            node, ("eth_blockNumber", []), ("eth_getBlockByNumber", ["finalized", False])
        )

        head = real_head(node)
        assert int(number, 16) == head - 3
        assert int(final["number"], 16) == max(head - 64 - 3, 0)


class TestLogs:
    def test_each_changes_the_list_in_its_way(self, node: FaultyNode, span: dict[str, Any]) -> None:
        logs = node.upstream.ask("eth_getLogs", span)

        def under(fault: troubles.LogFault) -> Any:
            node.add(fault)
            [answer] = ask(node, ("eth_getLogs", [span]))
            node.heal()
            return answer

        assert under(troubles.OmitLogs()) == []
        assert len(under(troubles.OmitLogs(every=2))) == len(logs) - len(logs) // 2
        assert len(under(troubles.DuplicateLogs())) == 2 * len(logs)
        shuffled = under(troubles.ShuffleLogs())
        assert shuffled != logs
        assert sorted(shuffled, key=str) == sorted(logs, key=str)
        assert under(troubles.ForeignLogs())[-1]["address"] == "0x" + "f0" * 20
        assert int(under(troubles.OutsideLogs())[-1]["blockNumber"], 16) > 1_000_000
        assert under(troubles.CapLogs(2, silently=True)) == logs[:2]
        assert "more than 2 results" in under(troubles.CapLogs(2))["message"]
        assert under(troubles.CapLogs(len(logs))) == logs


class TestFaultySocket:
    def test_passes_heads_on_until_it_is_silent(self, deployed: tuple[Anvil, Path]) -> None:
        node = deployed[0]
        subscribe = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
        with (
            FaultySocket(node.ws_url) as wire,
            FaultyNode(node.url) as rpc,
            connect(wire.url) as client,
        ):
            client.send(json.dumps(subscribe))
            confirmed = json.loads(client.recv(timeout=5))
            rpc.upstream.ask("anvil_mine", "0x1")
            head = json.loads(client.recv(timeout=5))
            wire.silent.set()
            rpc.upstream.ask("anvil_mine", "0x1")

            with pytest.raises(TimeoutError):
                client.recv(timeout=0.3)

        assert "result" in confirmed
        assert head["params"]["result"]["number"]
