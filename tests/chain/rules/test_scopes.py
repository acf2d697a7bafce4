"""Scopes of stops."""

import pytest

from apps.chain.rules import scopes

ADDRESS = "0x" + "ab" * 20


class TestCover:
    def test_a_transaction_stands_under_everything_above_it(self) -> None:
        assert scopes.that_cover(56, ADDRESS, "SETTLE_REDEMPTION") == [
            scopes.ALL,
            scopes.of_chain(56),
            scopes.of_signer(56, ADDRESS.upper().replace("X", "x")),
            scopes.of_stream(56, "SETTLE_REDEMPTION"),
        ]

    def test_without_a_signer_none_is_meant(self) -> None:
        assert not any(map(scopes.is_signers, scopes.that_cover(56, "", "SETTLE_REDEMPTION")))


class TestChainOf:
    @pytest.mark.parametrize(
        ("scope", "chain_id"),
        [
            (scopes.ALL, None),
            (scopes.of_chain(56), 56),
            (scopes.of_signer(56, ADDRESS), 56),
            (scopes.of_stream(56, "X"), 56),
        ],
    )
    def test_reads_what_was_written(self, scope: str, chain_id: int | None) -> None:
        assert scopes.chain_of(scope) == chain_id

    @pytest.mark.parametrize("scope", ["", "some", "chain:", "chain:x", "signer:56:", "all:1"])
    def test_refuses_what_is_none(self, scope: str) -> None:
        with pytest.raises(scopes.UnknownScope):
            scopes.chain_of(scope)


class TestWords:
    @pytest.mark.parametrize(
        ("scope", "words"),
        [
            (scopes.ALL, "everything"),
            (scopes.of_chain(56), "everything on chain 56"),
            (scopes.of_signer(56, ADDRESS), f"signer {ADDRESS} on chain 56"),
            (scopes.of_stream(56, "SETTLE_REDEMPTION"), "settle redemption on chain 56"),
        ],
    )
    def test_name_it_for_people(self, scope: str, words: str) -> None:
        assert scopes.in_words(scope) == words
