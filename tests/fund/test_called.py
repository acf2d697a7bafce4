"""What a token calls itself: shown as one line, agreed to as bytes."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.fund.rules.called import NAME_MAX, SYMBOL_MAX, Called, exact

BOOK = b"A" * 10_240


def called(name: bytes | None = b"Larch Bills", symbol: bytes | None = b"LRCB") -> Called:
    return Called(name=name, symbol=symbol, decimals=6)


class TestShown:
    @given(name=st.binary(max_size=400), symbol=st.binary(max_size=400))
    def test_is_one_short_printable_line(self, name: bytes, symbol: bytes) -> None:
        words = called(name, symbol)

        for text, length in ((words.shown_name, NAME_MAX), (words.shown_symbol, SYMBOL_MAX)):
            assert text.isprintable()
            assert len(text) <= length
            assert text == text.strip()

    def test_a_book_is_cut_and_says_so(self) -> None:
        assert called(BOOK).shown_name == "A" * (NAME_MAX - 1) + "…"
        assert called(b"A" * NAME_MAX).shown_name == "A" * NAME_MAX

    def test_letters_that_turn_the_line_are_left_out(self) -> None:
        assert called("\u202eslliB\u2066 hcraL".encode()).shown_name == "slliB hcraL"

    @pytest.mark.parametrize("nothing", [None, b"", b"\x00" * 32, "\u200b".encode(), b" \n"])
    def test_nothing_to_show_is_incomplete(self, nothing: bytes | None) -> None:
        assert called().is_complete
        assert not called(name=nothing).is_complete
        assert not called(symbol=nothing).is_complete


class TestExact:
    @given(one=st.binary(max_size=600), other=st.binary(max_size=600))
    def test_tells_all_bytes_apart(self, one: bytes, other: bytes) -> None:
        assert (exact(one) == exact(other)) == (one == other)

    def test_is_bounded(self) -> None:
        assert exact(b"\x00L") == "0x004c"
        assert exact(BOOK) == f"sha256 {hashlib.sha256(BOOK).hexdigest()} of 10240 bytes"
        assert exact(None) == ""
        assert exact(b"") == "0x"

    def test_other_words_are_not_those_agreed_to(self) -> None:
        facts = {name: str(value) for name, value in called().as_facts().items()}

        assert called().says_the_same_as(facts)
        assert not called(name=b"Larch Bills\x00").says_the_same_as(facts)
        assert not called(symbol=b"LRCB ").says_the_same_as(facts)
        words = Called(name=b"Larch Bills", symbol=b"LRCB", decimals=18)
        assert not words.says_the_same_as(facts)
