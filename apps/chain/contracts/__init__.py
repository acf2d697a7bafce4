"""ABI ↔ facts and calls. ABI types end here: nothing above parses a topic or calldata."""

from collections.abc import Sequence
from typing import Any

from eth_abi.abi import encode

from apps.chain import config as chain_config
from apps.chain.calls import Call
from apps.chain.config import ContractConfig
from apps.chain.contracts import abi, asset_controller, redemption_manager, vault
from apps.chain.contracts.common import Builder, Values
from apps.chain.events import ChainFact, Source

_MODULES = {
    "vault": vault,
    "redemption_manager": redemption_manager,
    "asset_controller": asset_controller,
}

IGNORED_EVENTS = vault.IGNORED | redemption_manager.IGNORED | asset_controller.IGNORED
CRITICAL_EVENTS = vault.CRITICAL | redemption_manager.CRITICAL | asset_controller.CRITICAL


def is_ignored(contract_kind: str, event: str) -> bool:
    """Whether we know the event and mean to do nothing about it."""
    module = _MODULES.get(contract_kind)
    return module is None or event in module.IGNORED or event not in module.FACTS


def fact_of(event: str, source: Source, args: dict[str, Any], values: Values) -> ChainFact:
    """The fact that a decoded log states; ``values`` are its readings."""
    build: Builder = _MODULES[source.contract_kind].FACTS[event]
    return build(source, args, values)


def key_of(contract_kind: str, event: str, source: Source, args: dict[str, Any]) -> str:
    """The aggregate whose facts must stay in order."""
    if is_ignored(contract_kind, event):
        return ""
    blank = {
        "locked_nav_per_share": "0",
        "derived": True,
        "name": "",
        "symbol": "",
        "decimals": "0",
    }
    return fact_of(event, source, args, blank).key


def in_abi_order(
    chain_id: int, address: str, topics: Sequence[str], args: dict[str, Any] | None
) -> dict[str, Any] | None:
    """A log's arguments in the order its ABI names them; the database keeps none.

    As they are where the contract is no longer configured.
    """
    contract = next(
        (c.contract_at(address) for c in chain_config.chains() if c.chain_id == chain_id), None
    )
    event = abi.event_for(contract, topics[0]) if contract and topics else None
    if args is None or event is None:
        return args
    return {name: args[name] for name, _, _ in event.inputs if name in args}


def needs_reading(event: str) -> bool:
    """Whether the fact needs more than its log says."""
    return event in {"RedemptionRequested", "AssetAdded"}


def reading_calls(event: str, address: str, args: dict[str, Any]) -> list[tuple[str, str]]:
    """(contract, calldata) pairs to read at the log's block."""
    if event == "RedemptionRequested":
        return [(address, redemption_manager.reading_call(args))]
    return [(args["token"], data) for data in asset_controller.metadata_calls()]


def holds_at_any_block(event: str) -> bool:
    """Whether what is read does not change: the newest block may answer for a log's own, which a
    node without old states cannot."""
    return event == "AssetAdded"


def reading_values(
    event: str, args: dict[str, Any], returned: Sequence[str | None]
) -> Values | None:
    """What the reading says, derived from the log where the node could not answer; None where
    nothing can stand for what is missing."""
    if event == "RedemptionRequested":
        return redemption_manager.reading_values(args, returned[0])
    values = asset_controller.metadata_values(args["token"], tuple(returned))
    return None if values["decimals"] is None else values


def contract_of(call: Call) -> ContractConfig:
    """The contract a call goes to, by configuration."""
    return chain_config.chain(call.chain_id).contract(call.contract_kind)


def calldata_of(call: Call) -> str:
    """The call's bytes as 0x-hex."""
    contract = contract_of(call)
    return abi.function(call.contract_kind, call.function, contract.generation).encode(*call.args)


def calls_hash(calls: Sequence[Call]) -> str:
    """The ordered hash of planned calls: what a vote signs and what must be executed.

    keccak256 over abi.encode((uint256 chainId, address to, bytes calldata)[]).
    """
    items = [
        (call.chain_id, contract_of(call).address, bytes.fromhex(calldata_of(call)[2:]))
        for call in calls
    ]
    return abi.keccak_hex(encode(["(uint256,address,bytes)[]"], [items]))


def expected_event(call: Call) -> tuple[str, dict[str, str]]:
    """The event that proves a call did what it says, with the arguments it must carry."""
    return redemption_manager.expected_event(call)
