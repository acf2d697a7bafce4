"""Every call, sent to the real contracts: the event that it names is the event that comes."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.chain import calls, contracts
from apps.chain.calls import Call
from apps.chain.terms import Tier
from devnet.abi import artifact
from devnet.accounts import ADMIN, INVESTORS
from devnet.assets import ONE
from devnet.fund import SCHEDULED, usdt
from devnet.scenario import DAY_SECONDS, Scenario
from tests.chain.contracts.helpers import send
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

L3_ASSET = "CPCS"
Prepare = Callable[[Scenario], dict[str, Any]]


@pytest.fixture
def world(world: World) -> World:
    """Ten millions in the fund, spread over its tiers."""
    world.scenario.subscribe(INVESTORS[0], usdt(10_000_000))
    world.scenario.restore_liquidity()
    return world


def waiting(fund: Scenario) -> dict[str, Any]:
    return {"request_id": fund.request_above_approval_threshold(INVESTORS[0]).id}


def due(fund: Scenario) -> dict[str, Any]:
    asked = fund.request_below_approval_threshold(INVESTORS[0])
    fund.advance_time(7 * DAY_SECONDS)
    return {"request_id": asked.id}


def window_open(fund: Scenario) -> dict[str, Any]:
    asked = fund.request_scheduled(INVESTORS[0], usdt(1_000))
    assert asked.channel == SCHEDULED
    fund.chain.advance_to(asked.settlement_time)
    return {"request_id": asked.id}


def some_due(fund: Scenario) -> dict[str, Any]:
    due(fund)
    return {"requests_max": 5}


def listed(fund: Scenario) -> str:
    return fund.tokens[L3_ASSET].address.lower()


def off_target(fund: Scenario) -> dict[str, Any]:
    fund.rebalance_to(cash_bps=2_000, yield_bps=0, money_market_bps=2_000)
    return {"expected_assets": usdt(1_000_000)}


def with_fees(fund: Scenario) -> dict[str, Any]:
    fund.settle(due(fund)["request_id"])
    return {"assets": fund.vault.read("withdrawableRedemptionFees")}


def ten_days_of_fees(fund: Scenario) -> dict[str, Any]:
    fund.advance_time(10 * DAY_SECONDS)
    return {"expected_assets": fund.controller.read("getPendingFees")["totalPending"]}


def new_token(fund: Scenario) -> dict[str, Any]:
    created = fund.chain.create(
        ADMIN.address, artifact("MockRWAToken"), "Timber", "TMBR", 18, ADMIN.address
    )
    assert created.contract_address is not None
    return {"token": created.contract_address.lower(), "tier": Tier.L3, "allocation_bps": 0}


def paused(kind: str) -> Prepare:
    def prepare(fund: Scenario) -> dict[str, Any]:
        fund.pause(kind)
        return {}

    return prepare


def nothing(_fund: Scenario) -> dict[str, Any]:
    return {}


ACTS: dict[type[Call], Prepare] = {
    calls.ApproveRedemption: waiting,
    calls.RejectRedemption: lambda fund: waiting(fund) | {"reason": "No papers"},
    calls.SettleRedemption: due,
    calls.SettleScheduledRedemption: window_open,
    calls.BatchSettleRedemptions: some_due,
    calls.AllocateToLayer: lambda _fund: {"tier": Tier.L2, "assets": usdt(20_000)},
    calls.PurchaseAsset: lambda fund: {
        "token": listed(fund),
        "assets": usdt(30_000),
        "tokens_min": 1,
    },
    calls.RedeemAsset: lambda fund: {
        "token": listed(fund),
        "tokens": 100 * ONE,
        "expected_assets": 100 * fund.price(L3_ASSET),
        "assets_min": 95 * fund.price(L3_ASSET),
    },
    calls.ExecuteWaterfallLiquidation: lambda _fund: {
        "assets": usdt(5_000),
        "tier_max": Tier.L2,
    },
    calls.RebalanceBuffer: off_target,
    calls.AddAsset: new_token,
    calls.RemoveAsset: lambda fund: {"token": listed(fund)},
    calls.UpdateAssetAllocation: lambda fund: {"token": listed(fund), "allocation_bps": 17},
    calls.CollectFees: ten_days_of_fees,
    calls.WithdrawRedemptionFees: with_fees,
    calls.SetEmergencyMode: lambda _fund: {"enabled": True},
    calls.PauseVault: nothing,
    calls.UnpauseVault: paused("vault"),
    calls.PauseRedemptions: nothing,
    calls.UnpauseRedemptions: paused("redemption_manager"),
    calls.PauseTrading: nothing,
    calls.UnpauseTrading: paused("asset_controller"),
}


def test_every_call_of_the_first_generation_is_tried_here() -> None:
    later = {calls.ApproveRedemptionWithDate}

    assert set(ACTS) == set(contracts.CALLS.values()) - later


@pytest.mark.parametrize("call_class", ACTS, ids=lambda call: str(call.kind))
def test_the_expected_event_comes(world: World, call_class: type[Call]) -> None:
    call = call_class(chain_id=world.config.chain_id, **ACTS[call_class](world.scenario))

    emitted = send(world, ADMIN, call)

    expected = contracts.expected_event(call)
    met = [expected.is_met_by(event, args) for event, args in emitted]
    assert any(met), f"{expected} among {emitted}"


class TestMinedAndNothingDone:
    """What the contracts do in silence, or say with zeros, proves nothing."""

    def unproven(self, world: World, call: Call) -> bool:
        expected = contracts.expected_event(call)
        return not any(expected.is_met_by(*told) for told in send(world, ADMIN, call))

    def test_an_allocation_beyond_the_cash(self, world: World) -> None:
        cash = world.scenario.vault.read("availableCash")

        assert self.unproven(
            world,
            calls.AllocateToLayer(chain_id=world.config.chain_id, tier=Tier.L2, assets=cash + 1),
        )

    def test_a_purchase_below_the_minimum(self, world: World) -> None:
        assert self.unproven(
            world,
            calls.PurchaseAsset(
                chain_id=world.config.chain_id,
                token=listed(world.scenario),
                assets=1,
                tokens_min=0,
            ),
        )

    def test_a_purchase_that_brought_too_little(self, world: World) -> None:
        assert self.unproven(
            world,
            calls.PurchaseAsset(
                chain_id=world.config.chain_id,
                token=listed(world.scenario),
                assets=usdt(30_000),
                tokens_min=usdt(30_000_000),
            ),
        )

    def test_a_waterfall_that_finds_nothing_to_sell(self, world: World) -> None:
        world.scenario.rebalance_to(cash_bps=2_000, yield_bps=0, money_market_bps=0)

        assert self.unproven(
            world,
            calls.ExecuteWaterfallLiquidation(
                chain_id=world.config.chain_id, assets=usdt(5_000), tier_max=Tier.L3
            ),
        )

    def test_a_batch_with_nothing_due(self, world: World) -> None:
        assert self.unproven(
            world, calls.BatchSettleRedemptions(chain_id=world.config.chain_id, requests_max=5)
        )
