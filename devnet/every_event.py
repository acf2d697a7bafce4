"""One reachable action for every event of the contracts.

`emit_every_v1_event(scenario)` walks them all. It needs an hour for the second liquidity alert and
seven days for a settlement, so the chain's clock must be eight days behind the real one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet.abi import artifact
from devnet.accounts import ADMIN, FEE_RECIPIENT, INVESTORS, STRANGER
from devnet.assets import AUTO, L1, L2, L3, ONE
from devnet.fund import usdt
from devnet.scenario import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet.chain import Receipt
    from devnet.scenario import Scenario

# Below this a request that needs approval would already be large enough for a window.
_ASSETS_MIN = usdt(10_000_000)
_YIELD_ASSET = "HRBR"
_L3_ASSET = "CPCS"
_ROLES = {
    "vault": "OPERATOR_ROLE",
    "redemption_manager": "VIP_APPROVER_ROLE",
    "asset_controller": "REBALANCER_ROLE",
}


def emit_every_v1_event(scenario: Scenario) -> list[Receipt]:
    """Does at least one of everything; afterwards liquidity is ordinary and nothing is paused.

    Returns:
        Receipts of the telling transactions, in order; trades made only to get there are left out.

    Raises:
        ClockAheadOfNow: The chain's clock is less than eight days behind.
    """
    receipts = [
        *_subscribe_and_invest(scenario),
        *_redeem(scenario),
        *_alert(scenario),
        *_take_fees(scenario),
        *_configure(scenario),
        *_administer(scenario),
    ]
    scenario.restore_liquidity()
    return receipts


def _subscribe_and_invest(scenario: Scenario) -> Iterator[Receipt]:
    missing = _ASSETS_MIN - scenario.state().total_assets
    yield scenario.subscribe(INVESTORS[0], max(missing, usdt(50_000)))
    scenario.restore_liquidity()
    yield scenario.purchase(_L3_ASSET, usdt(30_000))
    yield scenario.redeem(_L3_ASSET, 10_000 * ONE)
    yield scenario.allocate(L2, usdt(20_000))
    yield scenario.waterfall(usdt(5_000))
    yield scenario.compound_yield(_YIELD_ASSET, 25 * ONE)
    yield scenario.move_nav(40)


def _redeem(scenario: Scenario) -> Iterator[Receipt]:
    investor = INVESTORS[1]
    rejected, cancelled, paid = (
        scenario.request_above_approval_threshold(investor) for _ in range(3)
    )
    yield from (rejected.receipt, cancelled.receipt, paid.receipt)
    yield scenario.reject(rejected.id, "Source of funds not documented")
    yield scenario.cancel(investor, cancelled.id)
    yield scenario.approve(paid.id)
    yield scenario.set_emergency_mode(True)
    yield scenario.request_below_approval_threshold(investor, channel=1).receipt
    yield scenario.set_emergency_mode(False)
    scenario.advance_time(7 * DAY_SECONDS)
    yield scenario.settle(paid.id)


def _alert(scenario: Scenario) -> Iterator[Receipt]:
    yield scenario.trigger_low_liquidity_alert().receipt
    yield scenario.trigger_critical_liquidity_alert().receipt
    yield scenario.rebalance_buffer()


def _take_fees(scenario: Scenario) -> Iterator[Receipt]:
    scenario.move_nav(30)
    yield scenario.collect_fees()
    yield scenario.withdraw_redemption_fees()


def _configure(scenario: Scenario) -> Iterator[Receipt]:
    """Every setting is set to what it is, so that the fund goes on working."""
    controller = scenario.controller
    yield scenario.set_asset_controller("vault", controller.address)
    yield scenario.set_asset_controller("redemption_manager", controller.address)
    yield scenario.set_scheduler(scenario.manager.read("assetScheduler"))
    yield scenario.set_service("OracleAdapter", controller.read("oracleAdapter"))
    yield scenario.set_service("SwapHelper", controller.read("swapHelper"))
    yield scenario.set_service("OTCManager", controller.read("otcManager"))
    yield scenario.set_service("FeeRecipient", FEE_RECIPIENT.address)
    for tier, config in zip((L1, L2, L3), controller.read("getLayerConfigs").values(), strict=True):
        bounds = (config["targetRatio"], config["minRatio"], config["maxRatio"])
        yield scenario.set_layer(tier, *bounds)
    for terms in scenario.listed():
        yield scenario.set_allocation(terms.symbol, terms.allocation_bps)
        if terms.method == AUTO:
            yield scenario.set_adapter(terms.symbol, scenario.desks[0].address)


def _administer(scenario: Scenario) -> Iterator[Receipt]:
    token = scenario.chain.create(
        ADMIN.address,
        artifact("MockRWAToken"),
        "Thornfield Timber Notes",
        "THTN",
        18,
        ADMIN.address,
    ).contract_address
    if token is None:
        raise AssertionError("a token was deployed without an address")
    yield scenario.add_asset(token, L3, 0)
    yield scenario.remove_asset(token)
    for kind, name in _ROLES.items():
        yield scenario.grant_role(kind, name, STRANGER.address)
        yield scenario.revoke_role(kind, name, STRANGER.address)
        yield scenario.pause(kind)
        yield scenario.unpause(kind)
