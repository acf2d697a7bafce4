"""What stands for an endpoint where people look."""

import pytest

from apps.chain.client.node import key_of, label_of, secrets_of


class TestLabel:
    @pytest.mark.parametrize(
        ("url", "label"),
        [
            ("https://bsc.example/v3/SECRET", "https://bsc.example"),
            ("https://user:SECRET@bsc.example:8545/", "https://bsc.example:8545"),
            ("https://bsc.example?key=SECRET", "https://bsc.example"),
            ("https://bsc.example#SECRET", "https://bsc.example"),
            ("https://SECRET@[::1]:8545", "https://[::1]:8545"),
            ("wss://bsc.example/SECRET", "wss://bsc.example"),
            ("http://[", "http://["),
        ],
    )
    def test_holds_no_secret(self, url: str, label: str) -> None:
        assert label_of(url) == label


class TestSecrets:
    @pytest.mark.parametrize(
        ("url", "secrets"),
        [
            ("https://bsc.example/v3/SESAME", ("SESAME",)),
            ("https://user:SESAME@bsc.example:8545/", ("SESAME",)),
            ("https://bsc.example?key=SESAME&x=1", ("SESAME",)),
            ("https://bsc.example:8545", ()),
        ],
    )
    def test_are_its_parts_that_may_be_keys(self, url: str, secrets: tuple[str, ...]) -> None:
        assert secrets_of(url) == secrets


class TestKey:
    def test_tells_two_doors_of_a_host_apart(self) -> None:
        keys = {key_of(f"https://bsc.example/{name}") for name in ("a", "b", "b")}

        assert len(keys) == 2
        assert all(len(key) == 16 for key in keys)
