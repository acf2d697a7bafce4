"""Recursive Length Prefix, the encoding under every hash of a block (Yellow Paper, appendix B)."""

from collections.abc import Sequence

Item = bytes | Sequence["Item"]


def encode(item: Item) -> bytes:
    """An item's encoding: a string of bytes, or a list of items."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _prefix(len(item), 0x80) + item
    body = b"".join(map(encode, item))
    return _prefix(len(body), 0xC0) + body


def encode_int(value: int) -> bytes:
    """The shortest big-endian bytes of a whole number, none for zero: RLP's way with numbers."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _prefix(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes([offset + length])
    size = encode_int(length)
    return bytes([offset + 55 + len(size)]) + size
