"""Which addresses are the internet's, however an inner one is wrapped."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.oracle.rules.hosts import is_public
from apps.oracle.rules.sources import is_subject, source_of, subject_of

OURS = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1"),  # noqa: S104
    *("192.168.1.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
]
WRAPPED = ["::ffff:{}", "::{}", "64:ff9b::{}"]


class TestPublic:
    @pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
    def test_the_internets(self, address: str) -> None:
        assert is_public(ip_address(address))

    @pytest.mark.parametrize("address", OURS)
    def test_not_ours(self, address: str) -> None:
        assert not is_public(ip_address(address))

    @pytest.mark.parametrize("address", OURS)
    @pytest.mark.parametrize("wrap", WRAPPED)
    def test_not_ours_inside_another(self, address: str, wrap: str) -> None:
        assert not is_public(ip_address(wrap.format(address)))

    @pytest.mark.parametrize(
        "address",
        ["::", "::1", "fe80::1", "fc00::1", "fd00::1", "ff02::1", "2001:db8::1", "2002:7f00:1::"],
    )
    def test_not_ours_of_the_new_kind(self, address: str) -> None:
        assert not is_public(ip_address(address))

    @given(st.ip_addresses(v=4))
    def test_wrapping_makes_nothing_public(self, address: IPv4Address) -> None:
        mapped = IPv6Address(f"::ffff:{address}")
        sixtofour = IPv6Address((0x2002 << 112) | (int(address) << 80))

        assert is_public(mapped) is is_public(address)
        assert not is_public(sixtofour) or is_public(address)


class TestSubjects:
    @given(st.integers(1, 10**9), st.text("abc (9)._/-:", min_size=1, max_size=32))
    def test_go_there_and_back(self, chain_id: int, name: str) -> None:
        token = "0x" + "11" * 20
        subject = subject_of(chain_id, token, name)

        assert is_subject(subject)
        assert source_of(subject) == (chain_id, token, name)
        assert len(subject) <= 100
