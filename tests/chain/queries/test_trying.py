"""Calls tried one after another on the real contracts, each seeing what those before it did."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from apps.chain import queries
from apps.chain.calls import Call, CollectFees, PurchaseAsset, RedeemAsset, SettleRedemption
from apps.chain.client import ChainUnavailable
from apps.chain.config import SignerTier
from apps.chain.queries import trying
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain_world import World
from tests.faults.proxy import FaultyNode, method
from tests.faults.troubles import Drop, Refuse, Tamper

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

HELD, WANTED = "MTMM", "CPCS"


@pytest.fixture
def world(world: World) -> World:
    """Ten millions in the fund, spread over its tiers."""
    world.scenario.subscribe(INVESTORS[0], usdt(10_000_000))
    world.scenario.restore_liquidity()
    return world


@pytest.fixture
def faulty(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyNode]:
    """The world's node, through a proxy that can misbehave, as pages ask it."""
    with FaultyNode(world.node.url) as node:
        client = trying.web_client(replace(world.config, rpc_urls=(node.url,)))
        monkeypatch.setattr(trying, "web_client", lambda _config: client)
        yield node


def cash(world: World) -> int:
    return int(world.scenario.vault.read("availableCash"))


def sale(world: World, assets: int) -> RedeemAsset:
    """A sale that brings about so much; every token costs about one."""
    return RedeemAsset(
        chain_id=world.config.chain_id,
        token=world.scenario.tokens[HELD].address.lower(),
        tokens=assets * 10**18 // world.scenario.price(HELD),
        expected_assets=assets,
        assets_min=assets * 95 // 100,
    )


def purchase(world: World, assets: int, tokens_min: int = 1) -> PurchaseAsset:
    return PurchaseAsset(
        chain_id=world.config.chain_id,
        token=world.scenario.tokens[WANTED].address.lower(),
        assets=assets,
        tokens_min=tokens_min,
    )


class TestTogether:
    def test_a_purchase_is_paid_by_the_sale_before_it(self, world: World) -> None:
        more_than_there_is = cash(world) + usdt(400_000)

        both = queries.simulate_calls(
            [sale(world, usdt(500_000)), purchase(world, more_than_there_is)]
        )
        alone = queries.simulate_calls([purchase(world, more_than_there_is)])

        assert both.compared
        assert [(leg.ok, leg.met, leg.error) for leg in both.legs] == [(True, True, "")] * 2
        assert [leg.ok for leg in alone.legs] == [False]
        sold = next(args for name, args in both.legs[0].events if name == "AssetRedeemed")
        assert int(sold["usdtReceived"]) >= usdt(475_000)
        assert all(leg.gas and leg.gas > 21_000 for leg in both.legs)

    def test_is_on_top_of_the_newest_block_and_changes_nothing(self, world: World) -> None:
        before = (world.scenario.chain.block().number, cash(world))

        found = queries.simulate_calls([sale(world, usdt(1_000))])

        assert found.block_number == before[0]
        assert (world.scenario.chain.block().number, cash(world)) == before

    def test_a_leg_that_reverts_is_told_in_words_and_the_rest_is_tried(self, world: World) -> None:
        calls: list[Call] = [
            SettleRedemption(chain_id=world.config.chain_id, request_id=999),
            sale(world, usdt(1_000)),
        ]

        refused, sold = queries.simulate_calls(calls).legs

        assert (refused.ok, refused.met, refused.events) == (False, False, ())
        assert refused.error == "RequestNotFound(requestId=999)"
        assert (sold.ok, sold.met) == (True, True)

    def test_a_success_without_what_is_expected_is_not_met(self, world: World) -> None:
        [leg] = queries.simulate_calls(
            [purchase(world, usdt(30_000), tokens_min=usdt(30_000_000))]
        ).legs

        assert (leg.ok, leg.met) == (True, False)

    def test_a_purchase_below_the_minimum_buys_nothing(self, world: World) -> None:
        [leg] = queries.simulate_calls([purchase(world, 1)]).legs

        assert (leg.ok, leg.met) == (True, False)

    def test_comes_from_the_account_that_would_carry_it(self, world: World) -> None:
        """The contracts let the rebalancer trade; above the key's limit that is the Safe."""
        small, large = sale(world, usdt(99_000)), sale(world, usdt(101_000))
        hot, safe = (
            next(signer for signer in world.config.signers if signer.tier is tier)
            for tier in (SignerTier.HOT, SignerTier.WARM)
        )

        senders = [trying.request_of(world.config, call)["from"] for call in (small, large)]

        assert senders == [hot.address, safe.address]

    @pytest.mark.parametrize("numbers", [(), (31337, 1)])
    def test_is_of_one_chain(self, world: World, numbers: tuple[int, ...]) -> None:
        calls = [CollectFees(chain_id=number, expected_assets=1) for number in numbers]

        with pytest.raises(trying.NotOneChain):
            queries.simulate_calls(calls)


class TestWithoutTheMethod:
    @pytest.fixture(autouse=True)
    def old(self, faulty: FaultyNode) -> None:
        faulty.add(Refuse(-32601, "Method not found"), when=method("eth_simulateV1"))

    def test_each_is_tried_alone(self, world: World) -> None:
        found = queries.simulate_calls([sale(world, usdt(1_000)), purchase(world, usdt(30_000))])

        assert not found.compared
        assert found.block_number == world.scenario.chain.block().number
        assert [(leg.ok, leg.met) for leg in found.legs] == [(True, None)] * 2
        assert all(leg.gas and leg.gas > 21_000 for leg in found.legs)

    def test_what_lacks_the_cash_of_those_before_it_cannot_be_judged(self, world: World) -> None:
        too_much = purchase(world, cash(world) + usdt(400_000))

        after = queries.simulate_calls([sale(world, usdt(500_000)), too_much]).legs
        first = queries.simulate_calls([too_much]).legs

        assert [leg.ok for leg in after] == [True, None]
        assert after[1].error.startswith("NotEnoughAvailableCash(")
        assert [leg.ok for leg in first] == [False]

    def test_another_refusal_is_one(self, world: World) -> None:
        unknown = SettleRedemption(chain_id=world.config.chain_id, request_id=999)

        legs = queries.simulate_calls([sale(world, usdt(1_000)), unknown]).legs

        assert (legs[1].ok, legs[1].error) == (False, "RequestNotFound(requestId=999)")


class TestTrouble:
    @pytest.mark.parametrize(
        "trouble",
        [
            Drop(),
            Refuse(-32000, "header not found"),
            Tamper(lambda _result: [{"calls": []}]),
            Tamper(lambda _result: "soon"),
            Tamper(lambda _result: [{"calls": [{"status": "0x1", "logs": []}]}]),
        ],
    )
    def test_is_no_verdict(self, world: World, faulty: FaultyNode, trouble: object) -> None:
        faulty.add(trouble, when=method("eth_simulateV1"))

        with pytest.raises(ChainUnavailable):
            queries.simulate_calls([sale(world, usdt(1_000))])

    def test_a_busy_node_s_refusal_of_one_tried_alone_is_none_either(
        self, world: World, faulty: FaultyNode
    ) -> None:
        faulty.add(Refuse(-32601, "Method not found"), when=method("eth_simulateV1"))
        faulty.add(Refuse(-32000, "missing trie node"), when=method("eth_call"))

        with pytest.raises(ChainUnavailable):
            queries.simulate_calls([sale(world, usdt(1_000))])
