"""Block hashes recomputed from the fields of real headers."""

from typing import Any

import pytest

from apps.chain.rules.headers import header_hash
from devnet.rpc import Rpc
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

# Block 1 of Ethereum's main network: no field that a fork appended later.
FRONTIER = {
    "parentHash": "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
    "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
    "miner": "0x05a56e2d52c817161883f50c441c3228cfe54d9f",
    "stateRoot": "0xd67e4d450343046425ae4271474353857ab860dbc0a1dde64b41b5cd3a532bf3",
    "transactionsRoot": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    "receiptsRoot": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    "logsBloom": "0x" + "00" * 256,
    "difficulty": "0x3ff800000",
    "number": "0x1",
    "gasLimit": "0x1388",
    "gasUsed": "0x0",
    "timestamp": "0x55ba4224",
    "extraData": "0x476574682f76312e302e302f6c696e75782f676f312e342e32",
    "mixHash": "0x969b900de27b6ac6a67742365dd65f55a0526c41fd18e1b16f1a1215c2e66f59",
    "nonce": "0x539bd4979fef1ec4",
}
FRONTIER_HASH = "0x88e96d4537bea4d9c05d12549907b32561d3bf31f45aae734cdc119f13406cb6"


def blocks(rpc: Rpc) -> list[dict[str, Any]]:
    head = int(rpc.call("eth_blockNumber"), 16)
    return [rpc.call("eth_getBlockByNumber", hex(n), False) for n in range(head - 20, head + 1)]


def test_a_header_of_the_first_fork_hashes_to_its_hash() -> None:
    assert header_hash(FRONTIER) == FRONTIER_HASH


def test_headers_of_the_newest_fork_hash_to_their_hashes(world: World) -> None:
    found = blocks(world.scenario.chain.rpc)

    assert all(header_hash(block) == block["hash"] for block in found)
    assert any("requestsHash" in block for block in found)


@pytest.mark.parametrize("name", ["logsBloom", "receiptsRoot", "timestamp", "requestsHash"])
def test_another_field_is_another_hash(world: World, name: str) -> None:
    block = blocks(world.scenario.chain.rpc)[-1]
    changed = block | {name: hex(int(block[name], 16) ^ 1)}
    changed[name] = "0x" + changed[name][2:].rjust(len(block[name]) - 2, "0")

    assert header_hash(changed) not in {None, block["hash"]}


def test_a_header_without_a_field_has_no_hash() -> None:
    assert header_hash({k: v for k, v in FRONTIER.items() if k != "nonce"}) is None
    assert header_hash(FRONTIER | {"miner": 5}) is None
