"""ABI JSON ↔ Python: events decoded, functions encoded, revert data put into words.

The JSON files beside this module are the generations of contracts that we know; a chain file can
add entries for a contract (its own custom errors, or events with other indexing).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from eth_abi.codec import ABICodec
from eth_abi.decoding import StringDecoder
from eth_abi.exceptions import DecodingError
from eth_abi.registry import BaseEquals
from eth_abi.registry import registry as default_registry
from eth_typing import ABIFunction
from eth_utils.abi import (
    collapse_if_tuple,
    event_abi_to_log_topic,
    function_abi_to_4byte_selector,
)
from eth_utils.crypto import keccak

from apps.chain.config import ContractConfig

_ABI_DIR = Path(__file__).parent / "abi"
_ERROR_STRING = "08c379a0"  # Error(string)
_PANIC = "4e487b71"  # Panic(uint256)
_PANICS = {
    0x01: "an assertion failed",
    0x11: "an arithmetic overflow",
    0x12: "a division by zero",
    0x21: "a value outside its enumeration",
    0x32: "an index outside its list",
    0x41: "too much memory",
}

# A contract may emit any bytes as a string; they must neither stop us nor be lost (the raw data is
# kept), so undecodable bytes become the replacement character.
_registry: Any = default_registry.copy()  # type: ignore[no-untyped-call]
_registry.unregister_decoder("string")
_registry.register_decoder(
    BaseEquals("string", with_sub=False),  # type: ignore[no-untyped-call]
    StringDecoder(handle_string_errors="replace"),  # type: ignore[no-untyped-call]
    "string",
)
CODEC = ABICodec(_registry)


class Undecodable(ValueError):
    """The log has the topic of a known event but not its shape."""


@dataclass(frozen=True, slots=True)
class EventAbi:
    """One event's shape."""

    name: str
    topic0: str
    inputs: tuple[tuple[str, str, bool], ...]
    """(name, type, indexed) in order."""

    def decode(self, topics: Sequence[str], data: str) -> dict[str, Any]:
        """Arguments by name: integers as decimal strings (exact in JSON), addresses lower-case.

        Raises:
            Undecodable: topics or data do not fit.
        """
        indexed = [item for item in self.inputs if item[2]]
        plain = [item for item in self.inputs if not item[2]]
        if len(topics) != len(indexed) + 1:
            raise Undecodable(
                f"{self.name} has {len(indexed)} indexed arguments, the log {len(topics) - 1}"
            )
        try:
            values = [
                CODEC.decode([kind], bytes.fromhex(topic[2:]))[0]
                for (_, kind, _), topic in zip(indexed, topics[1:], strict=True)
            ]
            rest = CODEC.decode([kind for _, kind, _ in plain], bytes.fromhex(data[2:]))
        except (DecodingError, ValueError, OverflowError) as error:
            raise Undecodable(f"{self.name}: {error}") from error
        by_index, by_data = iter(values), iter(rest)
        return {
            name: to_json(next(by_index) if is_indexed else next(by_data))
            for name, _, is_indexed in self.inputs
        }


@dataclass(frozen=True, slots=True)
class FunctionAbi:
    """One function's shape."""

    name: str
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def encode(self, *args: Any) -> str:
        """Calldata as 0x-hex."""
        return "0x" + (self.selector + CODEC.encode(self.inputs, args)).hex()

    def decode_output(self, data: str) -> tuple[Any, ...]:
        """What the function returned.

        Raises:
            Undecodable: the bytes do not fit (no contract there, or another one).
        """
        try:
            return CODEC.decode(self.outputs, bytes.fromhex(data[2:]))
        except (DecodingError, ValueError, OverflowError) as error:
            raise Undecodable(f"{self.name} returned {data[:74]}: {error}") from error


def event_for(contract: ContractConfig, topic0: str) -> EventAbi | None:
    """The event of that topic on that contract, None when we do not know it."""
    return _events(contract.kind, contract.generation, _freeze(contract.extra_abi)).get(topic0)


def function(kind: str, name: str, generation: str = "v1") -> FunctionAbi:
    """A function of a contract kind (``erc20`` for any token)."""
    return _functions(kind, generation)[name]


def revert_in_words(data: str | None, message: str, extra: Sequence[dict[str, Any]] = ()) -> str:
    """Revert data as a sentence: custom errors by name and arguments, else what the node said."""
    raw = (data or "0x").removeprefix("0x")
    selector, body = raw[:8], raw[8:]
    if selector == _ERROR_STRING:
        return str(_decode(["string"], body, message)[0])
    if selector == _PANIC:
        code = int(_decode(["uint256"], body, "0")[0])
        return f"The contract stopped on {_PANICS.get(code, f'panic {code:#x}')}"
    error = _errors(_freeze(tuple(extra))).get(selector)
    if error is not None:
        name, inputs = error
        values = _decode([kind for _, kind in inputs], body, "")
        shown = ", ".join(
            f"{label}={to_json(value)}" if label else str(to_json(value))
            for (label, _), value in zip(inputs, values, strict=False)
        )
        return f"{name}({shown})"
    if selector:
        return f"Unknown error 0x{selector} (data 0x{raw[:400]})"
    return message or "The contract refused without saying why"


def to_json(value: Any) -> Any:
    """A decoded value as JSON holds it exactly: integers as decimal strings, bytes as hex."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, str):
        # PostgreSQL cannot hold NUL; the raw data keeps the exact bytes.
        return value.lower() if _is_address(value) else value.replace("\x00", "\ufffd")
    return [to_json(item) for item in value]


def keccak_hex(data: bytes) -> str:
    """Keccak-256 as 0x-hex."""
    return "0x" + keccak(data).hex()


def _is_address(value: str) -> bool:
    return len(value) == 42 and value.startswith("0x")


def _decode(types: list[str], body: str, fallback: str) -> Sequence[Any]:
    try:
        return CODEC.decode(types, bytes.fromhex(body))
    except (DecodingError, ValueError, OverflowError):
        return [fallback] * len(types)


def _types(inputs: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(collapse_if_tuple(item) for item in inputs)


def _freeze(abi: tuple[dict[str, Any], ...]) -> str:
    return json.dumps(abi)


@cache
def _file(name: str, generation: str) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads((_ABI_DIR / generation / f"{name}.json").read_text()))


@cache
def _events(kind: str, generation: str, extra: str) -> dict[str, EventAbi]:
    # Own entries last: they win over ours for the same topic.
    entries = [*_file(kind, generation), *json.loads(extra)]
    events = {}
    for entry in entries:
        if entry.get("type") != "event" or entry.get("anonymous"):
            continue
        inputs = tuple(
            (item["name"] or f"arg{index}", type_name, bool(item["indexed"]))
            for index, (item, type_name) in enumerate(
                zip(entry["inputs"], _types(entry["inputs"]), strict=True)
            )
        )
        topic0 = "0x" + event_abi_to_log_topic(entry).hex()
        events[topic0] = EventAbi(entry["name"], topic0, inputs)
    return events


@cache
def _functions(kind: str, generation: str) -> dict[str, FunctionAbi]:
    return {
        entry["name"]: FunctionAbi(
            entry["name"],
            function_abi_to_4byte_selector(cast("ABIFunction", entry)),
            _types(entry["inputs"]),
            _types(entry["outputs"]),
        )
        for entry in _file(kind, generation)
        if entry["type"] == "function"
    }


@cache
def _errors(extra: str) -> dict[str, tuple[str, tuple[tuple[str, str], ...]]]:
    entries = [*_file("errors", "v1"), *json.loads(extra)]
    errors = {}
    for entry in entries:
        if entry.get("type") == "error":
            kinds = _types(entry["inputs"])
            names = [item["name"] for item in entry["inputs"]]
            signature = f"{entry['name']}({','.join(kinds)})"
            errors[keccak(text=signature)[:4].hex()] = (
                entry["name"],
                tuple(zip(names, kinds, strict=True)),
            )
    return errors
