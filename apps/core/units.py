"""Money and ratios: integers of base units, with rounding that says its direction.

Everything here is plain Python: no Django, no clock, no float.
"""

from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import NewType

Assets = NewType("Assets", int)
"""USDT base units (18 decimals on BSC)."""

Shares = NewType("Shares", int)
"""PPT base units (18 decimals)."""

NavPerShare = NewType("NavPerShare", int)
"""Assets per whole share, 18-decimals fixed point (1e18 = 1.00 USDT a share)."""

Bps = NewType("Bps", int)
"""Basis points: 1 bp = 0.0001."""

WAD = 10**18
BPS_ONE = 10_000
UINT256_MAX = 2**256 - 1

_PRECISION = 120  # digits: enough for any uint256 (78) with 36 decimals


class AmountOutOfRange(ValueError):
    """The number does not fit a uint256."""


class DivisionByNothing(ZeroDivisionError):
    """A ratio was asked against a total of zero."""


def uint256(value: int) -> int:
    """Return ``value`` unchanged.

    Raises:
        AmountOutOfRange: it is negative or at least 2**256.
    """
    if not 0 <= value <= UINT256_MAX:
        raise AmountOutOfRange(f"{value} is not a uint256")
    return value


def mul_div_floor(a: int, b: int, divisor: int) -> int:
    """``a * b / divisor`` rounded towards zero for non-negative inputs (what we pay, what we mint).

    Raises:
        DivisionByNothing: the divisor is zero.
    """
    if divisor == 0:
        raise DivisionByNothing("division by a total of zero")
    return a * b // divisor


def bps_of(part: int, whole: int) -> Bps | None:
    """``part / whole`` in basis points, rounded down; None when the whole is zero (unknown)."""
    if whole == 0:
        return None
    return Bps(part * BPS_ONE // whole)


def to_decimal(base_units: int, decimals: int = 18) -> Decimal:
    """Base units as an exact Decimal of whole units: 15 * 10**17 gives ``Decimal("1.5")``."""
    with localcontext() as context:
        context.prec = _PRECISION
        return Decimal(base_units).scaleb(-decimals)


def from_decimal(amount: Decimal | str, decimals: int = 18) -> int:
    """A decimal amount of whole units as base units.

    Raises:
        AmountOutOfRange: not a finite number, negative, finer than one base unit, or too large.
    """
    with localcontext() as context:
        context.prec = _PRECISION
        try:
            value = Decimal(amount)
        except ArithmeticError as error:
            raise AmountOutOfRange(f"{amount!r} is not a number") from error
        if not value.is_finite():
            raise AmountOutOfRange(f"{amount!r} is not a finite number")
        if value.adjusted() > 60:
            raise AmountOutOfRange(f"{amount!r} is too large")
        scaled = value.scaleb(decimals)
        if scaled != scaled.to_integral_value():
            raise AmountOutOfRange(f"{amount} has more than {decimals} decimals")
        return uint256(int(scaled))


def format_amount(base_units: int, *, decimals: int = 18, places: int = 2) -> str:
    """Grouped text of whole units, rounded down to ``places``: ``"1,234,567.89"``."""
    with localcontext() as context:
        context.prec = _PRECISION
        value = to_decimal(base_units, decimals).quantize(
            Decimal(1).scaleb(-places), rounding=ROUND_FLOOR
        )
        return f"{value:,.{places}f}"


def format_bps(bps: int | None) -> str:
    """Basis points as a percentage, ``1250`` → ``"12.50 %"``; a dash when unknown."""
    if bps is None:
        return "—"
    sign = "-" if bps < 0 else ""
    whole, rest = divmod(abs(bps), 100)
    return f"{sign}{whole}.{rest:02d} %"
