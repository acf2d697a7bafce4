"""What to pay for a place in a block, in wei for each unit of gas (EIP-1559)."""

from dataclasses import dataclass

WEI_PER_GWEI = 10**9
PRIORITY_WEI = WEI_PER_GWEI
"""Where the node suggests nothing."""
_RAISE_PER_MILLE = 1_125
"""Nodes take a replacement only if both fees are at least an eighth higher."""


class AboveCap(Exception):
    """The chain, or a replacement, wants more than we may pay; the message says how much."""


@dataclass(frozen=True, slots=True)
class Fees:
    """``max_fee`` is the most paid in all, ``priority`` the part of it that the validator gets."""

    max_fee: int
    priority: int


@dataclass(frozen=True, slots=True)
class Market:
    """What the newest block says: its base fee, and the priority fee that a node suggests."""

    base_fee: int
    priority: int

    @property
    def price(self) -> int:
        """What a unit of gas costs in such a block."""
        return self.base_fee + (self.priority or PRIORITY_WEI)


def first(market: Market, *, cap: int) -> Fees:
    """Fees of a new transaction: they still cover the base fee after it has doubled.

    Raises:
        AboveCap: even now it would not be taken within the cap.
    """
    priority = market.priority or PRIORITY_WEI
    _refuse_above(cap, market.price, "The chain wants")
    return Fees(max_fee=min(2 * market.base_fee + priority, cap), priority=priority)


def replacing(last: Fees, market: Market, *, cap: int) -> Fees:
    """Fees of a transaction that replaces another of the same nonce: an eighth more, rounded up, or
    what a new one would pay where that is more.

    Raises:
        AboveCap: an eighth more is above the cap, or the chain wants more than the cap.
    """
    lowest = Fees(max_fee=_raised(last.max_fee), priority=_raised(last.priority))
    _refuse_above(cap, lowest.max_fee, "A replacement needs")
    new = first(market, cap=cap)
    max_fee = max(lowest.max_fee, new.max_fee)
    return Fees(max_fee=max_fee, priority=min(max(lowest.priority, new.priority), max_fee))


def _raised(fee: int) -> int:
    return -(-fee * _RAISE_PER_MILLE // 1_000)


def _refuse_above(cap: int, fee: int, what: str) -> None:
    if fee > cap:
        raise AboveCap(f"{what} {_gwei(fee)} gwei for a unit of gas; the cap is {_gwei(cap)}.")


def _gwei(wei: int) -> str:
    whole, rest = divmod(wei, WEI_PER_GWEI)
    return f"{whole:,}.{rest:09d}".rstrip("0").rstrip(".")
