"""What a call would really move, against the figure that limits and tickets were asked about."""

from typing import Any

import pytest

from apps.chain.calls import Call, CollectFees, RebalanceBuffer, RedeemAsset, SettleRedemption
from apps.chain.client import RpcRefused
from apps.chain.contracts.simulated import Effect
from apps.chain.models import Transaction, TransactionStatus
from apps.chain.sender import amounts
from apps.core.units import WAD
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from devnet.scenario import DAY_SECONDS
from tests.chain.sender.helpers import CHAIN, again, new_sender, submit_call
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

HELD = "MTMM"


@pytest.fixture
def world(world: World) -> World:
    """Ten millions in the fund, spread over its tiers."""
    world.scenario.subscribe(INVESTORS[0], usdt(10_000_000))
    world.scenario.restore_liquidity()
    world.finalise()
    return world


def sale(world: World, *, brings: int, expected: int) -> Call:
    return RedeemAsset(
        chain_id=CHAIN,
        token=world.scenario.tokens[HELD].address.lower(),
        tokens=usdt(brings) * WAD // world.scenario.price(HELD),
        expected_assets=usdt(expected),
        assets_min=1,
    )


def tried(world: World, call: Call) -> Transaction:
    row = submit_call(call)
    new_sender(world).step()
    return again(row)


class TestSale:
    def test_that_brings_what_was_said_goes_out(self, world: World) -> None:
        row = tried(world, sale(world, brings=50_000, expected=50_000))

        assert row.status == TransactionStatus.BROADCAST

    def test_that_brings_a_little_more_goes_out(self, world: World) -> None:
        row = tried(world, sale(world, brings=50_000, expected=48_500))

        assert row.status == TransactionStatus.BROADCAST

    @pytest.mark.parametrize("expected", [1, 46_000])
    def test_that_was_made_small_for_its_limits_fails(self, world: World, expected: int) -> None:
        row = tried(world, sale(world, brings=50_000, expected=expected))

        assert row.status == TransactionStatus.FAILED
        assert row.error.startswith("It would move ")
        assert f"above the {expected:,}.00 it was approved and counted for" in row.error
        assert row.simulation is not None
        assert not row.attempts.exists()

    def test_is_not_judged_by_a_node_that_cannot_tell(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sender = new_sender(world)
        real = sender.client.batch

        def batch(asked: Any, *args: Any, **kw: Any) -> Any:
            unknown = RpcRefused(-32601, "method not found", None)
            answers = real(asked, *args, **kw)
            return [
                unknown if method == "eth_simulateV1" else answer
                for (method, _), answer in zip(asked, answers, strict=True)
            ]

        monkeypatch.setattr(sender.client, "batch", batch)
        row = submit_call(sale(world, brings=50_000, expected=1))

        sender.step()

        assert again(row).status == TransactionStatus.BROADCAST


class TestOthers:
    def test_a_buffer_that_moves_more_than_was_said_fails(self, world: World) -> None:
        world.scenario.subscribe(INVESTORS[1], usdt(2_000_000))  # L1 is far above its target
        world.finalise()

        row = tried(world, RebalanceBuffer(chain_id=CHAIN, expected_assets=usdt(1)))

        assert row.status == TransactionStatus.FAILED
        assert "above the 1.00 it was approved and counted for" in row.error

    def test_so_do_fees(self, world: World) -> None:
        world.scenario.advance_time(30 * DAY_SECONDS)
        world.finalise()

        row = tried(world, CollectFees(chain_id=CHAIN, expected_assets=usdt(1)))

        assert row.status == TransactionStatus.FAILED
        assert "above the 1.00 it was approved and counted for" in row.error

    def test_fees_as_they_were_said_are_collected(self, world: World) -> None:
        world.scenario.advance_time(30 * DAY_SECONDS)
        world.finalise()
        pending = int(world.scenario.controller.read("getPendingFees")["totalPending"])

        row = tried(world, CollectFees(chain_id=CHAIN, expected_assets=pending))

        assert row.status == TransactionStatus.BROADCAST

    def test_what_says_nothing_of_amounts_is_not_judged(self, world: World) -> None:
        """A settlement sells what it needs."""
        row = submit_call(SettleRedemption(chain_id=CHAIN, request_id=1))
        sold = effect(world, "WaterfallLiquidation", usdtReceived=str(usdt(9)))

        assert amounts.beyond_what_was_said(world.config, row, [sold]) == ""


class TestSums:
    def test_a_trade_told_twice_counts_once(self, world: World) -> None:
        row = submit_call(sale(world, brings=1, expected=1))
        routed = [effect(world, "PurchaseRouted", usdtAmount=str(each)) for each in (40, 2)]
        named = effect(world, "AssetPurchased", usdtAmount="40")

        assert amounts.moved_by(world.config, row, [named, *routed]) == 42

    def test_what_another_contract_says_counts_for_nothing(self, world: World) -> None:
        row = submit_call(sale(world, brings=1, expected=1))
        foreign = effect(world, "AssetRedeemed", address="0x" + "ab" * 20, usdtReceived="40")

        assert amounts.moved_by(world.config, row, [foreign]) == 0


def effect(world: World, event: str, *, address: str = "", **args: str) -> Effect:
    controller = world.config.contract("asset_controller").address
    return Effect(
        contract="asset_controller", address=address or controller, event=event, args=args
    )
