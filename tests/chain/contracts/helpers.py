"""Calls as they go out, and what came of them."""

from typing import Any

from apps.chain import contracts
from apps.chain.calls import Call
from apps.chain.contracts import abi
from devnet.accounts import Actor
from tests.chain_world import World


def send(world: World, sender: Actor, call: Call) -> list[tuple[str, dict[str, Any]]]:
    """Send a call from somebody's wallet; its contract's events, as our own ABI reads them."""
    contract = contracts.contract_of(call)
    receipt = world.scenario.chain.send(
        sender.address, contract.address, contracts.calldata_of(call)
    )
    block = hex(receipt.block_number)
    query = {"fromBlock": block, "toBlock": block, "address": contract.address}
    emitted = []
    for entry in world.scenario.chain.rpc.call("eth_getLogs", query):
        event = abi.event_for(contract, entry["topics"][0])
        assert event is not None
        emitted.append((event.name, event.decode(entry["topics"], entry["data"])))
    return emitted
