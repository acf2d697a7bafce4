"""The pool against a real node: whatever one endpoint does, a call is answered by the other."""

import logging
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.chain.client import ChainUnavailable, Client, NodeTrouble, RpcRefused
from apps.chain.client.health import Grade
from apps.chain.client.pool import LOOK_SECONDS
from apps.chain.models import Provider
from apps.chain.rules.breaker import PAUSE_SECONDS
from tests.chain.client.conftest import PATIENCE_SECONDS, HandClock
from tests.faults import troubles
from tests.faults.proxy import Fault, FaultyNode, method

pytestmark = pytest.mark.chain

Clients = Callable[..., Client]
NOBODY = "http://127.0.0.1:1"

TROUBLES: dict[str, tuple[Fault, str]] = {
    "dropped": (troubles.Drop(), "cannot connect"),
    "answer lost": (troubles.AnswerLost(), "cannot connect"),
    "hangs": (troubles.Hang(), "no answer in time"),
    "drips": (troubles.Drip(0.05), "no answer in time"),
    "late": (troubles.Delay(5.0), "no answer in time"),
    "500": (troubles.Status(500), "HTTP 500"),
    "502 with a page": (troubles.Status(502, body=b"<html>"), "HTTP 502"),
    "500 with JSON": (troubles.Status(500, body=b"[]"), "HTTP 500"),
    "403 with JSON": (troubles.Status(403, body=b'{"error":{}}'), "HTTP 403"),
    "429": (troubles.Status(429, retry_after_seconds=7), r"over its quota \(HTTP 429\)"),
    "redirects": (troubles.Status(302), "HTTP 302"),
    "a page": (troubles.Html(), "not JSON"),
    "cut": (troubles.Cut(), "not JSON"),
    "deep": (troubles.Status(200, body=b"[" * 100_000), "not JSON"),
    "a number": (troubles.Status(200, body=b"1"), "not JSON-RPC"),
    "a list of numbers": (troubles.Status(200, body=b"[1,2]"), "answered 0 of 2"),
    "missing": (troubles.MissingItems(), "answered 1 of 2 requests"),
    "quota": (troubles.Refuse(-32005, "daily request count exceeded"), "over its quota"),
    "quota in words": (troubles.Refuse(-1, "Too Many Requests, retry"), "over its quota"),
    "refuses the batch": (
        troubles.Status(200, body=b'{"error":{"code":-32600,"message":"batch too large"}}'),
        r"does not say which chain it is \(batch too large\)",
    ),
    "another chain": (troubles.ChainId(56), "it is chain 56, not 31337"),
    "no chain": (
        troubles.Tamper(lambda result: "later" if result == "0x7a69" else result),
        "does not say which chain",
    ),
}


def head(node: FaultyNode) -> str:
    return str(node.upstream.ask("eth_blockNumber"))


class TestFailover:
    @pytest.mark.parametrize("name", TROUBLES)
    def test_another_node_answers_within_the_budget(
        self, name: str, first: FaultyNode, second: FaultyNode, client_of: Clients
    ) -> None:
        fault, reason = TROUBLES[name]
        first.add(fault)
        client = client_of(first.url, second.url)
        begun = time.monotonic()

        answer = client.call("eth_blockNumber")

        assert answer == head(second)
        assert time.monotonic() - begun < 2 * PATIENCE_SECONDS
        assert client.provider == second.url
        with pytest.raises(ChainUnavailable, match=reason):
            client_of(first.url).call("eth_blockNumber")

    def test_an_answer_too_large_is_not_read_to_its_end(
        self, first: FaultyNode, second: FaultyNode, client_of: Clients
    ) -> None:
        first.add(troubles.Flood(2 << 20))
        client = client_of(first.url, second.url, answer_bytes_max=1 << 20)

        answer = client.call("eth_blockNumber")

        assert answer == head(second)
        assert client.nodes[0].health.last_error == "its answer is larger than 1 MB"

    def test_answers_in_any_order_are_answers(self, first: FaultyNode, client_of: Clients) -> None:
        first.add(troubles.Reordered())

        answers = client_of(first.url).batch(
            [("eth_chainId", []), ("eth_blockNumber", []), ("eth_gasPrice", [])]
        )

        assert answers[:2] == ["0x7a69", head(first)]

    def test_the_budget_is_one_for_all_nodes(
        self, first: FaultyNode, second: FaultyNode, client_of: Clients
    ) -> None:
        first.add(troubles.Hang())
        second.add(troubles.Hang())
        client = client_of(first.url, second.url, f"{first.url}/b", f"{second.url}/b")
        begun = time.monotonic()

        with pytest.raises(ChainUnavailable) as refused:
            client.call("eth_blockNumber")

        assert time.monotonic() - begun < 2 * PATIENCE_SECONDS + 0.3
        assert refused.value.message.count("no answer in time") == 4

    def test_all_down_names_each_reason(
        self, first: FaultyNode, second: FaultyNode, client_of: Clients
    ) -> None:
        first.add(troubles.Status(503))
        second.add(troubles.ChainId(1))
        client = client_of(NOBODY, first.url, second.url)

        with pytest.raises(ChainUnavailable) as refused:
            client.call("eth_blockNumber")

        assert refused.value.message == (
            "No node of chain devnet (31337) answers: "
            f"{NOBODY}: cannot connect; {first.url}: HTTP 503; "
            f"{second.url}: it is chain 1, not 31337."
        )

    def test_large_batches_go_out_in_parts(self, first: FaultyNode, client_of: Clients) -> None:
        numbers = list(range(11)) * 25

        answers = client_of(first.url).batch(
            [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
        )

        assert [int(answer["number"], 16) for answer in answers] == numbers
        assert first.count("eth_chainId") == 3

    def test_nothing_is_asked_for_nothing(self, first: FaultyNode, client_of: Clients) -> None:
        answers = client_of(first.url).batch([])

        assert answers == []
        assert first.calls == []


class TestRefusals:
    def test_a_requests_own_fault_never_counts_against_a_node(
        self, first: FaultyNode, second: FaultyNode, client_of: Clients
    ) -> None:
        client = client_of(first.url, second.url)
        own_faults = [
            troubles.Refuse(3, "execution reverted", "0x08c379a0"),
            troubles.Refuse(-32005, "query returned more than 10000 results"),
            troubles.Refuse(-32602, "block range too large"),
            troubles.Refuse(-32000, "execution timeout"),
            troubles.Refuse(-32000, "missing trie node"),
        ]

        for fault in own_faults:
            first.add(fault, when=method("eth_call"), times=1)
            with pytest.raises(RpcRefused):
                client.call("eth_call", {"to": "0x" + "00" * 20}, "latest")

        assert client.nodes[0].health.failures == 0
        assert client.nodes[0].health.grade(time.monotonic()) is Grade.GOOD
        assert second.calls == []

    def test_a_refused_request_stands_in_its_place(
        self, first: FaultyNode, client_of: Clients
    ) -> None:
        answers = client_of(first.url).batch([("no_such", []), ("eth_chainId", [])])

        assert isinstance(answers[0], RpcRefused)
        assert answers[0].code == -32601
        assert answers[1] == "0x7a69"

    def test_bscs_words_for_a_long_range_are_a_refusal(
        self, first: FaultyNode, client_of: Clients
    ) -> None:
        first.add(troubles.Refuse(-32005, "limit exceeded"), when=method("eth_getLogs"))

        with pytest.raises(RpcRefused, match="limit exceeded"):
            client_of(first.url).call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "0x9"})


class TestChainId:
    def test_a_node_that_changes_chain_mid_run_is_left(
        self, first: FaultyNode, second: FaultyNode, client_of: Clients
    ) -> None:
        client = client_of(first.url, second.url)
        before = client.call("eth_blockNumber")
        node = client.pin()
        first.add(troubles.ChainId(56))

        after = client.call("eth_blockNumber")

        assert before == after
        assert node.label == first.url
        assert client.pin().label == second.url
        assert node.health.grade(time.monotonic()) is Grade.WRONG_CHAIN

    def test_the_nodes_own_word_counts_at_once(self, first: FaultyNode, client_of: Clients) -> None:
        client = client_of(first.url)
        client.call("eth_blockNumber")
        first.upstream.ask("anvil_setChainId", 56)
        try:
            with pytest.raises(ChainUnavailable, match="it is chain 56, not 31337"):
                client.call("eth_blockNumber")
            with pytest.raises(ChainUnavailable, match="it is chain 56, not 31337"):
                client.pin()
        finally:
            first.upstream.ask("anvil_setChainId", 31_337)

        assert client.call("eth_blockNumber") == head(first)
        assert client.pin().label == first.url


class TestBreaker:
    def test_opens_and_is_tried_again_by_and_by(
        self, first: FaultyNode, second: FaultyNode, client_of: Clients, clock: HandClock
    ) -> None:
        client = client_of(first.url, second.url, clock=clock)
        node = client.nodes[0]
        first.add(troubles.Status(500))
        for _ in range(3):
            with pytest.raises(Exception, match="HTTP 500"):
                node.call("eth_blockNumber")
        grades = [node.health.grade(clock.now)]
        asked = len(first.calls)

        client.call("eth_blockNumber")
        while_open = len(first.calls)
        first.heal()
        clock.sleep(PAUSE_SECONDS[0])
        grades.append(node.health.grade(clock.now))
        client.call("eth_blockNumber")
        wait_until(lambda: node.health.grade(clock.now) in {Grade.GOOD, Grade.DOUBTFUL})

        assert grades == [Grade.RESTING, Grade.ON_TRIAL]
        assert while_open == asked
        assert client.pin() is node

    def test_a_quota_opens_it_for_as_long_as_the_node_says(
        self, first: FaultyNode, second: FaultyNode, client_of: Clients, clock: HandClock
    ) -> None:
        first.add(troubles.Status(429, retry_after_seconds=77), times=1)
        client = client_of(first.url, second.url, clock=clock)

        client.call("eth_blockNumber")

        assert client.nodes[0].health.breaker.pause_seconds(clock.now) == 77
        assert client.pin().label == second.url

    def test_the_last_node_is_never_switched_off(
        self, first: FaultyNode, client_of: Clients, clock: HandClock
    ) -> None:
        client = client_of(first.url, clock=clock)
        first.add(troubles.Status(500))
        for _ in range(20):
            with pytest.raises(ChainUnavailable):
                client.call("eth_blockNumber")
        client.bench(client.nodes[0], "it lied")
        first.heal()

        answer = client.call("eth_blockNumber")

        assert answer == head(first)
        assert client.pin() is client.nodes[0]


class TestHeads:
    def test_a_node_that_lags_is_passed_over_until_it_has_caught_up(
        self, first: FaultyNode, second: FaultyNode, client_of: Clients, clock: HandClock
    ) -> None:
        client = client_of(first.url, second.url, clock=clock)
        lagging, fresh = client.nodes
        first.add(troubles.Stale(behind=3))

        fresh.call("eth_blockNumber")
        lagging.call("eth_getBlockByNumber", "latest", False)
        pinned = client.pin()
        first.heal()
        clock.sleep(LOOK_SECONDS)
        client.pin()
        wait_until(lambda: lagging.health.lag_blocks == 0)

        assert pinned is fresh
        assert client.pin() is lagging

    def test_two_blocks_are_no_lag(
        self, first: FaultyNode, second: FaultyNode, client_of: Clients
    ) -> None:
        client = client_of(first.url, second.url)
        first.add(troubles.Stale(behind=2))

        client.nodes[1].call("eth_blockNumber")
        client.nodes[0].call("eth_blockNumber")

        assert client.pin() is client.nodes[0]


class TestSecrets:
    @pytest.mark.parametrize("code", [-32000, 429])
    def test_a_node_that_repeats_its_key_gives_nothing_away(
        self, code: int, first: FaultyNode, client_of: Clients
    ) -> None:
        client = client_of(f"{first.url}/v3/sesame")
        first.add(troubles.Refuse(code, "the key sesame is no more"), when=method("eth_call"))

        with pytest.raises((RpcRefused, ChainUnavailable)) as refused:
            client.call("eth_call", {}, "latest")

        assert "key \u2026 is" in str(refused.value)
        assert "sesame" not in client.nodes[0].health.last_error

    def test_no_part_of_a_url_that_may_hold_one_is_shown(
        self,
        db: None,
        first: FaultyNode,
        client_of: Clients,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG, logger="apps.chain")
        host = first.url.removeprefix("http://")
        client = client_of(
            f"http://user:sesame@{host}/v3/sesame?key=sesame",
            "http://user:sesame@127.0.0.1:1/sesame",
        )
        first.add(troubles.Drop())

        with pytest.raises(ChainUnavailable) as refused:
            client.call("eth_blockNumber")
        with pytest.raises(NodeTrouble) as trouble:
            client.nodes[1].call("eth_blockNumber")
        client.bench(client.nodes[0], "it lied")
        client.save_health(datetime.now(UTC))

        shown = [
            *traceback.format_exception(refused.value),
            *traceback.format_exception(trouble.value),
            caplog.text,
            client.provider,
            repr(client.nodes),
            str(list(Provider.objects.values())),
        ]
        assert "sesame" not in "".join(shown)
        assert client.provider == f"http://{host}"
        assert len({node.key for node in client.nodes}) == 2


class TestThreads:
    def test_share_a_client(
        self, first: FaultyNode, second: FaultyNode, client_of: Clients
    ) -> None:
        first.mix({troubles.Drop(): 0.3, troubles.Status(500): 0.2}, seed=3)
        client = client_of(first.url, second.url)
        barrier = threading.Barrier(2)
        answers: list[Any] = []

        def ask() -> None:
            barrier.wait()
            for number in range(50):
                block = client.call("eth_getBlockByNumber", hex(number % 11), False)
                answers.append(int(block["number"], 16) == number % 11)

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert answers == [True] * 100

    def test_one_that_cannot_be_started_stops_no_call_and_is_started_later(
        self,
        first: FaultyNode,
        second: FaultyNode,
        client_of: Clients,
        clock: HandClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def no_thread(_thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        client = client_of(first.url, second.url, clock=clock)
        clock.sleep(LOOK_SECONDS)
        with monkeypatch.context() as short:
            short.setattr(threading.Thread, "start", no_thread)
            client.pin()
        clock.sleep(LOOK_SECONDS)

        client.pin()

        wait_until(lambda: client.nodes[1].health.head_number is not None)


def wait_until(is_so: Callable[[], bool]) -> None:
    """The look at other nodes happens beside: wait for what it finds."""
    for _ in range(500):
        if is_so():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came to be so")
