"""ABI ↔ facts and calls. ABI types end here: nothing above parses a topic or calldata."""

from collections.abc import Sequence
from typing import Any

from apps.chain import config as chain_config
from apps.chain.calls import CALLS
from apps.chain.config import ContractConfig
from apps.chain.contracts import abi, asset_controller, redemption_manager, vault, voucher
from apps.chain.contracts.asking import (
    WrongGeneration,
    calldata_of,
    calls_hash,
    contract_of,
    decode_call,
    hash_of_calldata,
    selector_of,
)
from apps.chain.contracts.common import Builder, Values, of_generation
from apps.chain.contracts.expecting import ExpectedEvent, expected_event
from apps.chain.events import ChainFact, Source

__all__ = [
    "CALLS",
    "CRITICAL_EVENTS",
    "ExpectedEvent",
    "WrongGeneration",
    "calldata_of",
    "calls_hash",
    "contract_of",
    "decode_call",
    "expected_event",
    "fact_of",
    "hash_of_calldata",
    "holds_at_any_block",
    "in_abi_order",
    "is_ignored",
    "key_of",
    "needs_reading",
    "reading_calls",
    "reading_values",
    "selector_of",
    "speaker",
]

_MODULES = {
    "vault": vault,
    "redemption_manager": redemption_manager,
    "asset_controller": asset_controller,
    "voucher": voucher,
}

CRITICAL_EVENTS = vault.CRITICAL | redemption_manager.CRITICAL | asset_controller.CRITICAL
"""People hear of these when seen, before they are final."""


def speaker(chain_id: int, address: str, kind: str) -> ContractConfig:
    """The contract that emitted a stored log, and so which generation its words are of.

    One that is no longer configured is taken for the first generation of its kind.
    """
    configured = _configured(chain_id, address)
    return configured or ContractConfig(kind=kind, address=address, start_block=0, generation="v1")


def is_ignored(contract: ContractConfig, event: str) -> bool:
    """Whether we know the event and mean to do nothing about it."""
    return event not in _facts(contract) or event in _ignored(contract)


def fact_of(
    contract: ContractConfig, event: str, source: Source, args: dict[str, Any], values: Values
) -> ChainFact:
    """The fact that a decoded log states; ``values`` are its readings."""
    return _facts(contract)[event](source, args, values)


def key_of(contract: ContractConfig, event: str, source: Source, args: dict[str, Any]) -> str:
    """The aggregate whose facts must stay in order."""
    if is_ignored(contract, event):
        return ""
    blank = {
        "locked_nav_per_share": "0",
        "derived": True,
        "name": "",
        "symbol": "",
        "decimals": "0",
    }
    return fact_of(contract, event, source, args, blank).key


def in_abi_order(
    chain_id: int, address: str, topics: Sequence[str], args: dict[str, Any] | None
) -> dict[str, Any] | None:
    """A log's arguments in the order its ABI names them; the database keeps none.

    As they are where the contract is no longer configured.
    """
    contract = _configured(chain_id, address)
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


def _configured(chain_id: int, address: str) -> ContractConfig | None:
    chain = next((c for c in chain_config.chains() if c.chain_id == chain_id), None)
    return chain.contract_at(address) if chain else None


def _facts(contract: ContractConfig) -> dict[str, Builder]:
    module = _MODULES.get(contract.kind)
    return of_generation(module.FACTS, contract.generation) if module else {}


def _ignored(contract: ContractConfig) -> frozenset[str]:
    return of_generation(_MODULES[contract.kind].IGNORED, contract.generation)
