"""What a token says of itself, which may be anything: exactly the bytes, for whoever shows them."""

from dataclasses import dataclass

from eth_abi.exceptions import DecodingError

from apps.chain.client import Reader
from apps.chain.contracts import abi
from apps.chain.contracts.returned import returned_at

_WORD_BYTES = 32
_TEXTS = (abi.function("erc20", "name"), abi.function("erc20", "symbol"))
_DECIMALS = abi.function("erc20", "decimals")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenWords:
    """``name()`` and ``symbol()`` as the bytes they are, of any length and any content, and
    ``decimals()``; None for what the address does not answer."""

    name: bytes | None
    symbol: bytes | None
    decimals: int | None


def read_token(client: Reader, token: str, block_hash: str) -> TokenWords:
    """What a token says of itself after a block.

    Raises:
        ChainUnavailable: no node answers.
    """
    asked = [(token, function.encode()) for function in (*_TEXTS, _DECIMALS)]
    name, symbol, decimals = returned_at(client, block_hash, asked)
    return TokenWords(name=text_of(name), symbol=text_of(symbol), decimals=decimals_of(decimals))


def text_of(data: str | None) -> bytes | None:
    """The text that a token answered: an ABI string, or one word as the oldest tokens do (the
    zeros that fill it are none of it). None when it is neither."""
    if data is None:
        return None
    try:
        raw = bytes.fromhex(data[2:])
        if len(raw) == _WORD_BYTES:
            return raw.rstrip(b"\x00")
        [text] = abi.CODEC.decode(["bytes"], raw)  # a string lies in ABI data as its bytes do
    except (DecodingError, ValueError, OverflowError):
        return None
    return bytes(text)


def decimals_of(data: str | None) -> int | None:
    """The decimals that a token answered; None when that is no ``uint8``."""
    if data is None:
        return None
    try:
        return int(_DECIMALS.decode_output(data)[0])
    except abi.Undecodable:
        return None
