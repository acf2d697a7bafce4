"""What a token says of itself is taken to the byte, whatever it says."""

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from apps.chain.client import RpcRefused
from apps.chain.contracts.asset_controller import metadata_values
from apps.chain.contracts.tokens import decimals_of, read_token, text_of
from tests.chain.contracts.test_returned import HASH, TOKEN, Node

BIDI = "\u202eTDSU".encode()


def string(text: bytes) -> str:
    return "0x" + encode(["bytes"], [text]).hex()


def word(text: bytes) -> str:
    return "0x" + text.ljust(32, b"\x00").hex()


class TestText:
    @given(text=st.binary(max_size=200))
    def test_a_string_is_its_bytes(self, text: bytes) -> None:
        assert text_of(string(text)) == text

    @pytest.mark.parametrize("text", [b"a\x00b\x00", BIDI, b"\xff\xfe", b"A" * 10_240, b""])
    def test_hostile_ones_too(self, text: bytes) -> None:
        assert text_of(string(text)) == text

    def test_the_oldest_tokens_answer_one_word(self) -> None:
        assert text_of(word(b"MKR")) == b"MKR"
        assert text_of(word(b"")) == b""
        assert text_of(word(b"A" * 32)) == b"A" * 32

    @pytest.mark.parametrize(
        "data",
        [
            None,
            "0x",
            "0x00",
            "0xzz",
            "0x" + "ff" * 64,
            "0x" + "00" * 31 + "20" + "ff" * 32,
            string(b"A" * 100)[:-80],
        ],
    )
    def test_what_is_no_text_is_none(self, data: str | None) -> None:
        assert text_of(data) is None


class TestDecimals:
    @pytest.mark.parametrize(
        ("data", "said"),
        [(word(b"")[:-2] + "12", 18), (word(b""), 0), (None, None), ("0x12", None)],
    )
    def test_are_a_byte(self, data: str | None, said: int | None) -> None:
        assert decimals_of(data) == said

    def test_more_than_a_byte_are_none(self) -> None:
        assert decimals_of("0x" + "00" * 30 + "0100") is None


class TestReading:
    def test_what_is_not_answered_is_none(self) -> None:
        node = Node(string(BIDI), RpcRefused(3, "execution reverted", "0x"), "0x")

        said = read_token(node, TOKEN, HASH)

        assert (said.name, said.symbol, said.decimals) == (BIDI, None, None)
        assert all(params[1] == {"blockHash": HASH} for _, params in node.asked)
        assert [params[0]["data"] for _, params in node.asked] == [
            "0x06fdde03",
            "0x95d89b41",
            "0x313ce567",
        ]


class TestMetadataOfTheRegister:
    def values(self, *returned: str | None) -> dict[str, Any]:
        return metadata_values(TOKEN, returned)

    def test_is_kept_as_json_holds_it(self) -> None:
        assert self.values(string(b"Ma\x00ker"), word(b"MKR"), word(b"")[:-2] + "12") == {
            "name": "Ma\ufffdker",
            "symbol": "MKR",
            "decimals": "18",
            "derived": False,
        }

    def test_the_address_stands_for_what_is_missing(self) -> None:
        assert self.values(None, string(b"\xff"), None) == {
            "name": TOKEN,
            "symbol": "\ufffd",
            "decimals": None,
            "derived": True,
        }
