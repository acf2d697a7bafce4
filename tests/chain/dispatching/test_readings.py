"""What facts need beyond their logs: read when it can be, and stood in for only when it cannot."""

from dataclasses import replace
from typing import Any

import pytest

from apps.chain import dispatcher, operations
from apps.chain.client import Client, RpcRefused
from apps.chain.events import AssetAdded, LogParked, RedemptionRequested
from apps.chain.models import Log, LogStatus, Reading
from apps.core import clock
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain.dispatching.hearing import Ears
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


class TestNodeWithoutOldStates:
    """What most nodes are: they answer for the newest blocks only."""

    def refuse(
        self,
        world: World,
        monkeypatch: pytest.MonkeyPatch,
        *,
        newest: bool,
        words: str = "missing trie node",
    ) -> None:
        [node] = world.lead.client.nodes
        real = node.batch

        def forgetful(requests: Any, **_options: Any) -> list[Any]:
            answers = real(requests)
            return [
                RpcRefused(-32000, words, None)
                if method == "eth_call" and (newest or params[1] != "latest")
                else answer
                for (method, params), answer in zip(requests, answers, strict=True)
            ]

        monkeypatch.setattr(node, "batch", forgetful)

    def test_a_token_is_read_at_the_newest_block(
        self, world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.refuse(world, monkeypatch, newest=False)

        world.finalise()

        added = ears.of(AssetAdded)
        assert {fact.symbol for fact in added} == {
            terms.symbol for terms in world.scenario.listed()
        }
        assert {fact.decimals for fact in added} >= {6, 18}

    def test_decimals_are_never_guessed(
        self, world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.refuse(world, monkeypatch, newest=True)

        world.finalise()

        assert not ears.of(AssetAdded)
        assert Log.objects.filter(event="AssetAdded", status=LogStatus.FAILED).exists()

    @pytest.mark.parametrize(
        "words", ["missing trie node", "block height is 990 but requested was 17"]
    )
    def test_a_locked_nav_is_derived_and_says_so(
        self, world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch, words: str
    ) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        asked = world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
        self.refuse(world, monkeypatch, newest=False, words=words)

        world.finalise()

        [fact] = ears.of(RedemptionRequested)
        assert fact.locked_nav_is_derived
        locked = world.scenario.request(asked.id)["lockedNav"]
        assert abs(fact.locked_nav_per_share - locked) <= 1


class TestNodeInTrouble:
    """It answers, but cannot say now: that is no reason to guess."""

    @pytest.mark.parametrize(
        "refusal",
        [
            RpcRefused(-32000, "header not found", None),
            RpcRefused(-32001, "Resource not found.", None),
            RpcRefused(-32000, "daily request count exceeded", None),
            RpcRefused(-32603, "internal error", None),
            RpcRefused(-32000, "block height is 17 but requested was 18", None),
            None,
        ],
    )
    def test_a_locked_nav_waits(
        self, world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch, refusal: Any
    ) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.finalise()
        asked = world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
        [node] = world.lead.client.nodes
        real = node.batch
        with monkeypatch.context() as patch:
            patch.setattr(
                node,
                "batch",
                lambda requests, **_options: [
                    refusal if method == "eth_call" else answer
                    for (method, _), answer in zip(requests, real(requests), strict=True)
                ],
            )
            world.finalise()

        parked = Log.objects.get(event="RedemptionRequested")
        assert parked.status == LogStatus.FAILED
        assert not Reading.objects.filter(tx_hash=parked.tx_hash).exists()
        assert not [fact for fact in ears.published if isinstance(fact, LogParked)]

        Log.objects.filter(pk=parked.pk).update(retry_at=clock.now())
        dispatcher.dispatch_ready(world.config.chain_id, world.lead.client, clock=clock.now)

        [fact] = ears.of(RedemptionRequested)
        assert fact.locked_nav_per_share == world.scenario.request(asked.id)["lockedNav"]
        assert not fact.locked_nav_is_derived

    def test_it_is_asked_for_as_long_as_it_takes(
        self, world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.finalise()
        world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
        [node] = world.lead.client.nodes
        real = node.batch
        monkeypatch.setattr(
            node,
            "batch",
            lambda requests, **_options: [
                None if method == "eth_call" else answer
                for (method, _), answer in zip(requests, real(requests), strict=True)
            ],
        )
        world.finalise()

        for _ in range(10):
            Log.objects.filter(status=LogStatus.FAILED).update(retry_at=clock.now())
            dispatcher.dispatch_ready(world.config.chain_id, world.lead.client, clock=clock.now)

        assert Log.objects.get(status=LogStatus.FAILED).retry_at is not None

    def test_people_hear_when_it_lasts(
        self, world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.finalise()
        world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
        [node] = world.lead.client.nodes
        real = node.batch
        monkeypatch.setattr(
            node,
            "batch",
            lambda requests, **_options: [
                None if method == "eth_call" else answer
                for (method, _), answer in zip(requests, real(requests), strict=True)
            ],
        )
        world.finalise()

        for _ in range(5):
            Log.objects.filter(status=LogStatus.FAILED).update(retry_at=clock.now())
            dispatcher.dispatch_ready(world.config.chain_id, world.lead.client, clock=clock.now)

        told = [fact for fact in ears.published if isinstance(fact, LogParked)]
        assert [fact.event for fact in told] == ["RedemptionRequested"]


class TestTwoNodes:
    def test_the_one_that_keeps_old_states_is_asked(
        self, world: World, ears: Ears, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        [url] = world.config.rpc_urls
        client = Client(replace(world.config, rpc_urls=(url, url + "/")))
        forgetful, archive = client.nodes
        real = forgetful.batch
        monkeypatch.setattr(
            forgetful,
            "batch",
            lambda requests, **_options: [
                RpcRefused(-32000, "missing trie node", None) if method == "eth_call" else answer
                for (method, _), answer in zip(requests, real(requests), strict=True)
            ],
        )
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
        with monkeypatch.context() as patch:
            patch.setattr(dispatcher, "dispatch_ready", lambda *_args, **_options: 0)
            world.finalise()

        while dispatcher.dispatch_ready(world.config.chain_id, client, clock=clock.now):
            pass

        [fact] = ears.of(RedemptionRequested)
        assert not fact.locked_nav_is_derived
        assert archive.health.calls > 0


class TestReadAgain:
    def test_what_stood_in_gives_way(self, world: World, ears: Ears) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(400_000))
        world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
        world.finalise()
        [fact] = ears.of(RedemptionRequested)
        wrong = {"locked_nav_per_share": str(fact.locked_nav_per_share + 1)}
        rows = Reading.objects.filter(tx_hash=fact.source.tx_hash)
        rows.update(values=wrong, derived=True)

        assert operations.read_again(chain_id=world.config.chain_id) == 1

        row = rows.get()
        assert row.values["locked_nav_per_share"] == str(fact.locked_nav_per_share)
        assert not row.derived
        assert operations.read_again(chain_id=world.config.chain_id) == 0
