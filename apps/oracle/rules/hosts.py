"""Which hosts may be asked for prices: public ones, so that a URL never reaches what is ours."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
_V4_COMPATIBLE = IPv6Network("::/96")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the internet's: not private, loopback, link-local, shared,
    multicast or reserved; an IPv4 address within an IPv6 one counts as itself."""
    inner = _inside(address)
    if inner is not None:
        return is_public(inner)
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
    )


def _inside(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or address in _V4_COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
