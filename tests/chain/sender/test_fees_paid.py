"""Collecting fees of which none is new: no event of the controller tells, only the payment does."""

from dataclasses import replace

import pytest

from apps.chain import contracts
from apps.chain.calls import CollectFees
from apps.chain.contracts import simulated
from apps.chain.models import TransactionStatus
from devnet.accounts import ADMIN, INVESTORS
from devnet.fund import usdt
from devnet.scenario import DAY_SECONDS
from tests.chain.sender.helpers import CHAIN, again, mine_by_hand, new_sender, submit_call
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

CALL = CollectFees(chain_id=CHAIN, expected_assets=10**18)
PAYMENT = {"stablecoin"}


@pytest.fixture
def world(world: World) -> World:
    """A fund whose fees could not be paid when they accrued; now there is cash again."""
    fund = world.scenario
    fund.subscribe(INVESTORS[0], usdt(1_000_000))
    fund.rebalance_to(cash_bps=0, yield_bps=0, money_market_bps=0)
    fund.advance_time(30 * DAY_SECONDS)
    world.finalise()
    return world


def test_the_payment_proves_it(world: World) -> None:
    """In one block, so that no time passes in which a fee could accrue."""
    fund, rpc = world.scenario, world.scenario.chain.rpc
    row = submit_call(CALL)
    mine_by_hand(world)
    first = rpc.call(
        "eth_sendTransaction",
        fund.controller.transaction(ADMIN, "collectFees") | {"gasPrice": hex(90 * 10**9)},
    )
    fund_again(world, price=80 * 10**9)
    new_sender(world).step()
    assert again(row).status == TransactionStatus.BROADCAST
    fund.mine(1)
    world.finalise()

    new_sender(world).step()
    new_sender(world).step()

    before = rpc.call("eth_getTransactionReceipt", first)
    collected = rpc.call("eth_getTransactionReceipt", again(row).mined_hash)
    own = simulated.effects_in(world.config, collected["logs"], {"asset_controller"})
    [paid] = simulated.effects_in(world.config, collected["logs"], PAYMENT)
    assert before["blockNumber"] == collected["blockNumber"]
    assert own == ()
    assert int(paid.args["value"]) > 0
    assert (again(row).status, again(row).error) == (TransactionStatus.FINAL, "")


def fund_again(world: World, *, price: int) -> None:
    """Cash comes back: somebody gives it to the vault."""
    fund = world.scenario
    sent = fund.usdt.transaction(ADMIN, "mint", fund.vault.address, usdt(50_000))
    fund.chain.rpc.call("eth_sendTransaction", sent | {"gasPrice": hex(price)})


def test_nothing_paid_and_nothing_accrued_proves_nothing(world: World) -> None:
    expected = contracts.expected_event(CALL)
    vault, nobody = world.config.contract("vault").address, "0x" + "11" * 20
    payment = simulated.Effect(
        contract="stablecoin",
        address=world.config.contract("stablecoin").address,
        event="Transfer",
        args={"from": vault, "to": nobody, "value": "5"},
    )
    to = contracts.contract_of(CALL).address

    def proven(effect: simulated.Effect) -> bool:
        return simulated.is_proven(world.config, expected, to, [effect])

    assert proven(payment)
    assert not proven(replace(payment, args=payment.args | {"value": "0"}))
    assert not proven(replace(payment, args=payment.args | {"from": nobody}))
    assert not proven(replace(payment, address=vault))  # its shares', not the currency's
    assert not proven(replace(payment, event="Approval"))


def test_each_fee_that_accrued_proves_it(world: World) -> None:
    expected = contracts.expected_event(CALL)
    to = contracts.contract_of(CALL).address
    for event in ("ManagementFeeCollected", "PerformanceFeeCollected"):
        effect = simulated.Effect(contract="asset_controller", address=to, event=event, args={})

        assert simulated.is_proven(world.config, expected, to, [effect])
        assert not simulated.is_proven(
            world.config, expected, to, [replace(effect, address="0x" + "22" * 20)]
        )
