"""The quick way with single words says what the general codec says, and refuses what it refuses."""

from typing import Any

import pytest
from eth_abi.exceptions import DecodingError
from hypothesis import example, given
from hypothesis import strategies as st

from apps.chain.contracts import abi, words

KINDS = ("address", "bool", "bytes32", "uint8", "uint64", "uint128", "uint256")

one_word = st.one_of(
    st.binary(min_size=32, max_size=32),
    st.integers(0, 300).map(lambda value: value.to_bytes(32, "big")),
    st.binary(min_size=20, max_size=20).map(lambda raw: raw.rjust(32, b"\0")),
)


def by_codec(kind: str, word: bytes) -> Any:
    try:
        return abi.to_json(abi.CODEC.decode([kind], word)[0])
    except (DecodingError, ValueError):
        return None


def by_word(kind: str, word: bytes) -> Any:
    reader = words.reader_of(kind)
    assert reader is not None
    try:
        return reader(word)
    except ValueError:
        return None


@pytest.mark.parametrize("kind", KINDS)
@given(word=one_word)
@example(word=b"\xff" * 32)
@example(word=b"\0" * 32)
def test_a_word_is_read_as_the_codec_reads_it(kind: str, word: bytes) -> None:
    assert by_word(kind, word) == by_codec(kind, word)


@pytest.mark.parametrize("kind", ["string", "bytes", "uint256[]", "int256", "bytes4", "(address)"])
def test_everything_else_is_left_to_the_codec(kind: str) -> None:
    assert words.reader_of(kind) is None
