"""Calls ↔ calldata: what we may send, put into bytes and read back from them."""

import re
from collections.abc import Sequence
from typing import Any

from eth_abi.abi import encode

from apps.chain import config as chain_config
from apps.chain.calls import Call
from apps.chain.config import ContractConfig
from apps.chain.contracts import abi
from apps.core.errors import Refused

_HEX = re.compile(r"0x[0-9a-fA-F]*")


class WrongGeneration(Refused):
    """The contract that is configured has no such function; nothing can be sent."""


def contract_of(call: Call) -> ContractConfig:
    """The contract a call goes to, by configuration."""
    return chain_config.chain(call.chain_id).contract(call.contract_kind)


def calldata_of(call: Call) -> str:
    """The call's bytes as 0x-hex.

    Raises:
        WrongGeneration: the configured contract does not know the function.
    """
    contract = contract_of(call)
    try:
        function = abi.function(call.contract_kind, call.function, contract.generation)
    except abi.UnknownFunction as unknown:
        raise WrongGeneration(str(unknown)) from unknown
    return function.encode(*call.args)


def calls_hash(calls: Sequence[Call]) -> str:
    """The ordered hash of planned calls: what a vote signs and what must be executed.

    keccak256 over abi.encode((uint256 chainId, address to, bytes calldata)[]).
    """
    return _hash([(call.chain_id, contract_of(call).address, calldata_of(call)) for call in calls])


def hash_of_calldata(chain_id: int, to: str, calldata: str) -> str:
    """``calls_hash`` of one call that is known by its bytes alone."""
    return _hash([(chain_id, to, calldata)])


def _hash(calls: Sequence[tuple[int, str, str]]) -> str:
    items = [(chain_id, to, bytes.fromhex(data[2:])) for chain_id, to, data in calls]
    return abi.keccak_hex(encode(["(uint256,address,bytes)[]"], [items]))


def selector_of(call_class: type[Call], generation: str) -> str:
    """The four bytes, 0x-hex, by which contracts of a generation know a call's function.

    Raises:
        abi.UnknownFunction: that generation has no such function.
    """
    kind, name = call_class.contract_kind, call_class.function
    return "0x" + abi.function(kind, name, generation).selector.hex()


def decode_call(contract: ContractConfig, calldata: str) -> tuple[str, dict[str, Any]] | None:
    """The function and the arguments by name that calldata asks of a contract.

    Integers as decimal strings, addresses lower-case. None when we do not know the function, or the
    bytes are not exactly what its arguments encode to.
    """
    if not _HEX.fullmatch(calldata):  # ``fromhex`` would pass over spaces
        return None
    try:
        selector = bytes.fromhex(calldata[2:10])
        function = abi.function_at(contract.kind, selector, contract.generation)
        return (function.name, function.decode(calldata)) if function else None
    except ValueError:  # half a byte, or Undecodable
        return None
