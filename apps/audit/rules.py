"""The hash chain: what exactly is hashed, in which form. Plain Python.

Each sealed row's hash covers its place in the chain, the hash before it and all its content, so
that changing, removing, adding or swapping any row breaks every hash after it.
"""

import hashlib
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from enum import Enum
from typing import Any

FIRST_PREVIOUS_HASH = "0x" + "00" * 32


def chained_hash(*, sequence: int, previous_hash: str, content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a row at its place in the chain, as ``0x`` and 64 digits."""
    sealed = {"sequence": sequence, "previousHash": previous_hash, "content": content}
    return "0x" + hashlib.sha256(canonical_json(sealed).encode()).hexdigest()


def canonical_json(value: Any) -> str:
    """Write a value as JSON in the one form that is hashed: sorted keys and no spaces."""
    return json.dumps(
        plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of value
    """Turn anything into what JSON and PostgreSQL can hold without loss or surprise.

    Instants become ISO 8601 in UTC; decimals, floats, bytes and unknown objects become text; NUL
    characters and lone surrogates, which PostgreSQL refuses, become U+FFFD.
    """
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return plain(value.value)
        case str():
            return clean_text(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case bytes():
            return "0x" + value.hex()
        case Mapping():
            return {clean_text(str(key)): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case AbstractSet():
            return sorted((plain(item) for item in value), key=str)
        case _:
            return clean_text(str(value))


def clean_text(text: str) -> str:
    """Replace the characters that PostgreSQL cannot store."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
