"""ABI JSON ↔ Python: events decoded, functions encoded, revert data put into words.

The JSON files beside this module are the generations of contracts that we know; a chain file can
add entries for a contract (its own custom errors, or events with other indexing).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast

from eth_abi.codec import ABICodec
from eth_abi.decoding import StringDecoder
from eth_abi.exceptions import DecodingError, EncodingError
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
from apps.chain.contracts import words

_ABI_DIR = Path(__file__).parent / "abi"
_SAME_AS = {"stablecoin": "erc20"}
"""Kinds without a file of their own."""
_ERROR_STRING = "08c379a0"  # Error(string)
_PANIC = "4e487b71"  # Panic(uint256)
_REVERT_WORDS_MAX = 500
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


class UnknownFunction(LookupError):
    """Contracts of that generation have no function of that name."""


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
        plan = _plan(self.inputs)
        if len(topics) != len(plan.indexed) + 1:
            raise Undecodable(
                f"{self.name} has {len(plan.indexed)} indexed arguments, the log {len(topics) - 1}"
            )
        try:
            values = [
                _value(kind, bytes.fromhex(topic[2:]))
                for kind, topic in zip(plan.indexed, topics[1:], strict=True)
            ]
            rest = _values(plan, bytes.fromhex(data[2:]))
        except (DecodingError, ValueError, OverflowError) as error:
            raise Undecodable(f"{self.name}: {error}") from error
        by_index, by_data = iter(values), iter(rest)
        return {
            name: next(by_index) if is_indexed else next(by_data)
            for name, _, is_indexed in self.inputs
        }


@dataclass(frozen=True, slots=True)
class _Plan:
    """How an event's arguments lie in a log: types of the topics, types of the data, and the
    readers of the data where every argument in it is one word."""

    indexed: tuple[str, ...]
    plain: tuple[str, ...]
    words: tuple[words.Reader, ...] | None


@cache
def _plan(inputs: tuple[tuple[str, str, bool], ...]) -> _Plan:
    plain = tuple(kind for _, kind, is_indexed in inputs if not is_indexed)
    readers = tuple(reader for kind in plain if (reader := words.reader_of(kind)) is not None)
    return _Plan(
        indexed=tuple(kind for _, kind, is_indexed in inputs if is_indexed),
        plain=plain,
        words=readers if len(readers) == len(plain) else None,
    )


def _value(kind: str, word: bytes) -> Any:
    reader = words.reader_of(kind)
    if reader is None or len(word) != words.WORD_BYTES:
        return to_json(CODEC.decode([kind], word)[0])
    return reader(word)


def _values(plan: _Plan, data: bytes) -> list[Any]:
    if plan.words is None or len(data) < words.WORD_BYTES * len(plan.words):
        return [to_json(value) for value in CODEC.decode(plan.plain, data)]
    return [
        reader(data[start : start + words.WORD_BYTES])
        for reader, start in zip(plan.words, range(0, len(data), words.WORD_BYTES), strict=False)
    ]


@dataclass(frozen=True, slots=True)
class FunctionAbi:
    """One function's shape."""

    name: str
    selector: bytes
    inputs: tuple[tuple[str, str], ...]
    """(name, type) in order."""
    outputs: tuple[str, ...]

    def encode(self, *args: Any) -> str:
        """Calldata as 0x-hex."""
        return "0x" + (self.selector + CODEC.encode(self._input_types, args)).hex()

    def decode(self, calldata: str) -> dict[str, Any]:
        """Arguments by name, as JSON holds them, from calldata with this function's selector.

        Raises:
            Undecodable: the bytes are not exactly what these arguments encode to.
        """
        try:
            raw = bytes.fromhex(calldata[2:])
            values = CODEC.decode(self._input_types, raw[4:])
            if CODEC.encode(self._input_types, values) != raw[4:]:
                raise Undecodable(f"{self.name}: calldata holds more than its arguments")
        except (DecodingError, EncodingError, ValueError, OverflowError) as error:
            raise Undecodable(f"{self.name}: {error}") from error
        names = (name for name, _ in self.inputs)
        return {name: to_json(value) for name, value in zip(names, values, strict=True)}

    @property
    def _input_types(self) -> tuple[str, ...]:
        return tuple(kind for _, kind in self.inputs)

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
    """A function of a contract kind (``erc20`` for any token).

    Raises:
        UnknownFunction: that generation has none of the name.
    """
    found = _functions(kind, generation).get(name)
    if found is None:
        raise UnknownFunction(f"A {kind} of generation {generation} has no function {name}.")
    return found


def function_at(kind: str, selector: bytes, generation: str) -> FunctionAbi | None:
    """The function of a contract kind with that selector, None when we do not know it."""
    functions = _functions(kind, generation).values()
    return next((known for known in functions if known.selector == selector), None)


def revert_in_words(data: str | None, message: str, extra: Sequence[dict[str, Any]] = ()) -> str:
    """Revert data as a sentence: custom errors by name and arguments, else what the node said.

    A contract may say anything: what cannot be stored or shown is replaced, and the rest cut short.
    """
    words = _revert_in_words(data, message, extra)[:_REVERT_WORDS_MAX]
    return "".join(c if c.isprintable() else "\ufffd" for c in words)


def _revert_in_words(data: str | None, message: str, extra: Sequence[dict[str, Any]]) -> str:
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


class _Same:
    """A value that equals only itself: what a cache knows an unhashable one by."""

    def __init__(self, value: tuple[dict[str, Any], ...]) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value


def _freeze(abi: tuple[dict[str, Any], ...]) -> str:
    return _frozen(_Same(abi))


@lru_cache(maxsize=256)
def _frozen(same: _Same) -> str:
    return json.dumps(same.value)


@cache
def _file(name: str, generation: str) -> tuple[dict[str, Any], ...]:
    """A kind's ABI in a generation; a kind with one file only speaks the same in all."""
    name = _SAME_AS.get(name, name)
    path = _ABI_DIR / generation / f"{name}.json"
    if not path.exists():
        [path] = _ABI_DIR.glob(f"*/{name}.json")
    return _read(path)


def _read(path: Path) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(path.read_text()))


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
            tuple(
                (item["name"], type_name)
                for item, type_name in zip(entry["inputs"], _types(entry["inputs"]), strict=True)
            ),
            _types(entry["outputs"]),
        )
        for entry in _file(kind, generation)
        if entry["type"] == "function"
    }


@cache
def _errors(extra: str) -> dict[str, tuple[str, tuple[tuple[str, str], ...]]]:
    # An error bubbles up from whichever contract raised it: all generations at once.
    known = (entry for path in sorted(_ABI_DIR.glob("*/errors.json")) for entry in _read(path))
    errors = {}
    for entry in [*known, *json.loads(extra)]:
        if entry.get("type") == "error":
            kinds = _types(entry["inputs"])
            names = [item["name"] for item in entry["inputs"]]
            signature = f"{entry['name']}({','.join(kinds)})"
            errors[keccak(text=signature)[:4].hex()] = (
                entry["name"],
                tuple(zip(names, kinds, strict=True)),
            )
    return errors
