"""EIP-1271: what a wallet that is a contract is asked about a signature, and what it answers."""

from eth_abi.abi import encode

_IS_VALID_SIGNATURE = bytes.fromhex("1626ba7e")
"""``isValidSignature(bytes32,bytes)``; the same four bytes are its yes."""
_WORD_BYTES = 32


def question(digest: bytes, signature: bytes) -> str:
    """The call data of ``isValidSignature``."""
    return "0x" + (_IS_VALID_SIGNATURE + encode(["bytes32", "bytes"], [digest, signature])).hex()


def is_yes(answer: str) -> bool:
    """Whether the returned bytes are exactly the yes.

    An account without code returns nothing, and a contract that is no wallet may return anything.
    """
    return answer.lower() == "0x" + _IS_VALID_SIGNATURE.ljust(_WORD_BYTES, b"\0").hex()
