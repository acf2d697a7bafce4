"""One reachable action for every event that the second generation of contracts added.

`emit_every_v2_event(scenario)` walks them all on a fund deployed with `generation="v2"`. It waits
for four settlements, so the chain's clock must be 40 days behind the real one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet.accounts import ADMIN, APPROVER_1, INVESTORS
from devnet.fund import EMERGENCY, usdt
from devnet.scenario import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet.chain import Receipt
    from devnet.investing import Requested
    from devnet.scenario import Scenario

# Above what a keeper must approve, below what must wait for a window.
_LARGE = usdt(60_000)
_SMALL = usdt(10_000)
_ASSETS_MIN = usdt(10_000_000)
_PARAMETERS = {
    "setBaseRedemptionFee": "baseRedemptionFeeBps",
    "setEmergencyPenaltyFee": "emergencyPenaltyFeeBps",
    "setVoucherThreshold": "voucherThreshold",
    "setStandardApprovalAmount": "standardApprovalAmount",
    "setStandardApprovalQuotaRatio": "standardApprovalQuotaRatio",
    "setEmergencyApprovalAmount": "emergencyApprovalAmount",
    "setEmergencyApprovalQuotaRatio": "emergencyApprovalQuotaRatio",
}


def emit_every_v2_event(scenario: Scenario) -> list[Receipt]:
    """Does at least one of everything; afterwards liquidity is ordinary and nothing is owed late.

    Returns:
        Receipts of the telling transactions, in order.

    Raises:
        ClockAheadOfNow: The chain's clock is less than 40 days behind.
        ChainFileInvalid: The fund is not of the second generation.
    """
    receipts = [
        *_subscribe(scenario),
        *_refuse(scenario),
        *_sell_a_voucher(scenario),
        *_run_short_of_cash(scenario),
        *_configure(scenario),
    ]
    scenario.restore_liquidity()
    return receipts


def ask(scenario: Scenario, assets: int, *, channel: int = 0) -> Requested:
    """One investor asks for redemption of so much USDT."""
    investor, shares = INVESTORS[1], scenario.shares_worth(assets)
    if channel == EMERGENCY:
        return scenario.request_emergency(investor, shares)
    return scenario.request_standard(investor, shares)


def approve_late(scenario: Scenario, asked: Requested, *, days: int) -> Receipt:
    """A keeper approves with a date so many days away: above seven, the owner gets a voucher."""
    settlement_time = scenario.now() + days * DAY_SECONDS
    return scenario.manager.send(APPROVER_1, "approveRedemptionWithDate", asked.id, settlement_time)


def _subscribe(scenario: Scenario) -> Iterator[Receipt]:
    missing = _ASSETS_MIN - scenario.state().total_assets
    yield scenario.subscribe(INVESTORS[0], max(missing, usdt(50_000)))
    yield scenario.subscribe(INVESTORS[1], 5 * _LARGE)
    scenario.restore_liquidity()


def _refuse(scenario: Scenario) -> Iterator[Receipt]:
    asked = ask(scenario, _LARGE)
    yield asked.receipt
    yield scenario.reject(asked.id, "Source of funds not documented")
    yield scenario.vault.send(ADMIN, "refreshEmergencyQuota", usdt(500_000))
    yield scenario.set_emergency_mode(True)
    urgent = ask(scenario, _LARGE, channel=EMERGENCY)
    yield urgent.receipt
    yield scenario.reject(urgent.id, "Not an emergency")
    yield scenario.set_emergency_mode(False)


def _sell_a_voucher(scenario: Scenario) -> Iterator[Receipt]:
    """The owner of a voucher sells it; the buyer settles, a day late, and is paid."""
    owner, buyer = INVESTORS[1], INVESTORS[2]
    asked = ask(scenario, _LARGE)
    yield asked.receipt
    minted = approve_late(scenario, asked, days=8)
    yield minted
    token_id = minted.event("VoucherMinted").args["tokenId"]
    yield scenario.voucher.send(owner, "transferFrom", owner.address, buyer.address, token_id)
    scenario.advance_time(9 * DAY_SECONDS)
    yield scenario.settle(asked.id, by=buyer)


def _run_short_of_cash(scenario: Scenario) -> Iterator[Receipt]:
    """One request is paid by selling L2, the next finds nothing left to sell."""
    first, second = ask(scenario, _SMALL), ask(scenario, _SMALL)
    yield from (first.receipt, second.receipt)
    scenario.advance_time(8 * DAY_SECONDS)
    scenario.rebalance_to(cash_bps=0, yield_bps=0, money_market_bps=1_000)
    yield scenario.settle(first.id)
    scenario.rebalance_to(cash_bps=0, yield_bps=0, money_market_bps=0)
    yield scenario.settle_batch(1)
    scenario.restore_liquidity()
    yield scenario.settle(second.id)


def _configure(scenario: Scenario) -> Iterator[Receipt]:
    """Every setting is set to what it is, so that the fund goes on working."""
    vault, manager = scenario.vault, scenario.manager
    yield vault.send(ADMIN, "resetLockedMintAssets")
    yield vault.send(ADMIN, "setStandardQuotaRatio", vault.read("standardQuotaRatio"))
    yield vault.send(ADMIN, "setRedemptionManager", manager.address)
    for setter, getter in _PARAMETERS.items():
        yield manager.send(ADMIN, setter, manager.read(getter))
