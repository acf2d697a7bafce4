"""Keccak-256, straight from the library: a block's headers and blooms ask for thousands."""

from Crypto.Hash import keccak


def keccak256(data: bytes) -> bytes:
    """The 32-byte hash that Ethereum uses everywhere (not the later SHA3-256)."""
    return keccak.new(digest_bits=256, data=data).digest()
