"""The 2048-bit filter in a block's header: which addresses and topics its logs cannot hold.

A miss proves absence; a hit proves nothing (Yellow Paper, 4.3.1).
"""

from collections.abc import Iterable
from functools import lru_cache

from apps.chain.rules.keccak import keccak256


@lru_cache(maxsize=65_536)
def bits_of(value: str) -> int:
    """The three bits that an address or a topic (0x-hex) sets."""
    digest = keccak256(bytes.fromhex(value[2:]))
    bits = 0
    for index in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[index : index + 2], "big") & 2047)
    return bits


def bloom_of(values: Iterable[str]) -> int:
    """The filter over addresses and topics."""
    bloom = 0
    for value in values:
        bloom |= bits_of(value)
    return bloom


def may_hold(bloom: int, value: str) -> bool:
    """Whether a log with that address or topic can be under the filter; False is proof."""
    bits = bits_of(value)
    return bloom & bits == bits


def may_hold_any(bloom: int, values: Iterable[str]) -> bool:
    """Whether any of them can."""
    return any(may_hold(bloom, value) for value in values)
