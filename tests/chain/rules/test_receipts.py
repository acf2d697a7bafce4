"""Roots recomputed from the receipts of real blocks of every size."""

import copy
from typing import Any

import pytest

from apps.chain.rules.receipts import receipts_root
from devnet.accounts import ADMIN, INVESTORS
from devnet.fund import usdt
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def block_and_receipts(world: World, number: str = "latest") -> tuple[Any, Any]:
    rpc = world.scenario.chain.rpc
    return (
        rpc.call("eth_getBlockByNumber", number, False),
        rpc.call("eth_getBlockReceipts", number),
    )


@pytest.mark.parametrize("count", [0, 1, 2, 16, 17, 127, 128, 129, 300])
def test_a_block_of_any_size_has_its_root(world: World, count: int) -> None:
    rpc = world.scenario.chain.rpc
    rpc.call("evm_setAutomine", False)
    for index in range(count):
        to = f"0x{index + 1_000:040x}"
        sent = {"from": ADMIN.address, "to": to, "value": "0x1", "gas": hex(21_000)}
        rpc.call("eth_sendTransaction", sent)
    rpc.call("anvil_mine", "0x1")
    world.scenario.chain.automine()

    block, receipts = block_and_receipts(world)

    assert len(receipts) == count
    assert receipts_root(receipts) == block["receiptsRoot"]


def test_receipts_with_logs_have_their_root_and_no_other(world: World) -> None:
    world.scenario.subscribe(INVESTORS[0], usdt(1_000))
    block, receipts = block_and_receipts(world)
    without_one = copy.deepcopy(receipts)
    without_one[0]["logs"].pop()
    changed = copy.deepcopy(receipts)
    changed[0]["logs"][0]["data"] = "0x" + "00" * 32

    assert receipts[0]["logs"]
    assert receipts_root(receipts) == block["receiptsRoot"]
    assert receipts_root(without_one) != block["receiptsRoot"]
    assert receipts_root(changed) != block["receiptsRoot"]


def test_malformed_receipts_are_refused() -> None:
    with pytest.raises(ValueError, match="malformed"):
        receipts_root([{"logs": [{}]}])
