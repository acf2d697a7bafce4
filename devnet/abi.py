"""Compiled contracts: their ABI, how to call them, and what their errors and events say.

`artifact("FundVault")` loads one; `ERRORS` and `decode_event` know all of them at once, because an
error bubbles up from whichever contract raised it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypedDict, cast

from eth_abi.abi import decode, encode
from eth_utils.abi import (
    collapse_if_tuple,
    event_abi_to_log_topic,
    function_abi_to_4byte_selector,
)
from eth_utils.address import to_checksum_address

ARTIFACTS = Path(__file__).parent / "artifacts"

Entry = dict[str, Any]


class RawLog(TypedDict):
    """A log as a node reports it; only what decoding needs."""

    address: str
    topics: list[str]
    data: str


@dataclass(frozen=True)
class Event:
    """A decoded log: who emitted it, its name and its arguments by name."""

    address: str
    name: str
    args: dict[str, Any]


@dataclass(frozen=True)
class Artifact:
    """One compiled contract."""

    name: str
    abi: list[Entry]
    bytecode: str

    def encode_deployment(self, *args: Any) -> str:
        """Hex of the creation code with its constructor's arguments."""
        constructor = next((e for e in self.abi if e["type"] == "constructor"), None)
        types = _types(constructor["inputs"]) if constructor else []
        return self.bytecode + encode(types, args).hex()

    def encode_call(self, function: str, *args: Any) -> str:
        """Hex of the call data."""
        entry = self._function(function, len(args))
        return "0x" + _selector(entry).hex() + encode(_types(entry["inputs"]), args).hex()

    def decode_result(self, function: str, data: str, *, args_count: int) -> Any:
        """What a call answered: a dict by name when all outputs have names, else a tuple or value.

        Structs become dicts as well.
        """
        outputs = self._function(function, args_count)["outputs"]
        values = decode(_types(outputs), bytes.fromhex(data[2:]))
        named = [_named(output, value) for output, value in zip(outputs, values, strict=True)]
        if len(outputs) == 1:
            return named[0]
        if all(output["name"] for output in outputs):
            return {o["name"].rstrip("_"): v for o, v in zip(outputs, named, strict=True)}
        return tuple(named)

    def _function(self, name: str, args_count: int) -> Entry:
        for entry in self.abi:
            if entry["type"] == "function" and entry["name"] == name:
                if len(entry["inputs"]) != args_count:
                    raise TypeError(f"{self.name}.{name} takes {len(entry['inputs'])} arguments")
                return entry
        raise AttributeError(f"{self.name} has no function {name}")


@cache
def artifact(name: str) -> Artifact:
    """Loads a compiled contract by its name."""
    stored = json.loads((ARTIFACTS / f"{name}.json").read_text())
    return Artifact(stored["contractName"], stored["abi"], stored["bytecode"])


def custom_errors() -> list[Entry]:
    """ABI entries of every custom error that any of the contracts can raise, without repeats."""
    return list(_errors().values())


def decode_error(data: str) -> tuple[str, tuple[Any, ...]]:
    """Name and arguments of revert data; unknown selectors are named by their hex."""
    raw = bytes.fromhex(data.removeprefix("0x"))
    entry = _errors().get(raw[:4])
    if entry is None:
        return "0x" + raw[:4].hex(), ()
    return entry["name"], decode(_types(entry["inputs"]), raw[4:])


def decode_event(log: RawLog) -> Event | None:
    """The event behind a log, or None when no contract here declares its topic."""
    topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
    entry = _events().get((topics[0], len(topics)))
    if entry is None:
        return None
    inputs = entry["inputs"]
    indexed = [i for i in inputs if i["indexed"]]
    plain = [i for i in inputs if not i["indexed"]]
    values: dict[str, Any] = {}
    for declared, topic in zip(indexed, topics[1:], strict=True):
        values[declared["name"]] = decode([declared["type"]], topic)[0]
    data = decode(_types(plain), bytes.fromhex(log["data"][2:]))
    values.update({i["name"]: value for i, value in zip(plain, data, strict=True)})
    args = {i["name"]: _named(i, values[i["name"]]) for i in inputs}
    return Event(to_checksum_address(log["address"]), entry["name"], args)


@cache
def _all_entries() -> list[Entry]:
    return [entry for path in sorted(ARTIFACTS.glob("*.json")) for entry in artifact(path.stem).abi]


@cache
def _errors() -> dict[bytes, Entry]:
    builtin = {"type": "error", "name": "Error", "inputs": [{"name": "reason", "type": "string"}]}
    panic = {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]}
    declared = [entry for entry in _all_entries() if entry["type"] == "error"]
    return {_selector(entry): entry for entry in [builtin, panic, *declared]}


@cache
def _events() -> dict[tuple[bytes, int], Entry]:
    events = [entry for entry in _all_entries() if entry["type"] == "event"]
    return {(event_abi_to_log_topic(cast("Any", e)), 1 + _indexed(e)): e for e in events}


def _indexed(event: Entry) -> int:
    return sum(1 for declared in event["inputs"] if declared["indexed"])


def _types(parameters: list[Entry]) -> list[str]:
    return [collapse_if_tuple(cast("Any", parameter)) for parameter in parameters]


def _selector(entry: Entry) -> bytes:
    return function_abi_to_4byte_selector(cast("Any", {**entry, "type": "function"}))


def _named(parameter: Entry, value: Any) -> Any:
    kind: str = parameter["type"]
    if kind.endswith("[]"):
        return [_named({**parameter, "type": kind[:-2]}, item) for item in value]
    if kind == "tuple":
        return {
            c["name"]: _named(c, v) for c, v in zip(parameter["components"], value, strict=True)
        }
    if kind == "address":
        return to_checksum_address(value)
    return value
