"""Typed cells: a value that knows its unit, before anyone decides how it looks."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a value is."""

    TEXT = "text"
    HEX = "hex"  # addresses and hashes
    MONEY = "money"  # int, USDT base units
    SHARES = "shares"  # int, PPT base units
    NAV = "nav"  # int, 1e18 fixed point
    COUNT = "count"  # int
    BPS = "bps"  # int, basis points
    INSTANT = "instant"  # aware datetime, UTC
    SECONDS = "seconds"  # int
    RATIO = "ratio"  # Decimal share of the whole: 0.08 is 8 %
    FACTOR = "factor"  # Decimal: 1.5 is 1.5 times
    SCORE = "score"  # Decimal, 0 to 100
    DAY = "day"  # date


@dataclass(frozen=True, slots=True)
class Cell:
    """One value; None is unknown. ``signed`` shows a plus sign: it is a change."""

    kind: Kind
    value: Any
    signed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns by header and kind, rows of cells, and the totals of the columns that have one.

    ``totals`` holds the index of a column and the exact total as the dataset says it. One that is
    not ``on_paper`` is in the workbook only, where there is room.
    """

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: dict[int, Cell] = field(default_factory=dict)
    empty: str = "Nothing in this period."
    widths: tuple[float, ...] = ()
    on_paper: bool = True


def text(value: str | None) -> Cell:
    """Text of anybody."""
    return Cell(Kind.TEXT, value)


def word(value: str | None) -> Cell:
    """A constant such as PENDING_APPROVAL, for people."""
    return Cell(Kind.TEXT, None if value is None else value.replace("_", " ").capitalize())


def hexa(value: str | None) -> Cell:
    """An address or hash."""
    return Cell(Kind.HEX, value or None)


def money(value: str | None, *, signed: bool = False) -> Cell:
    """Digits of USDT base units."""
    return Cell(Kind.MONEY, None if value is None else int(value), signed)


def shares(value: str | None, *, signed: bool = False) -> Cell:
    """Digits of PPT base units."""
    return Cell(Kind.SHARES, None if value is None else int(value), signed)


def nav(value: str | None, *, signed: bool = False) -> Cell:
    """Digits of NAV per share, 1e18 fixed point."""
    return Cell(Kind.NAV, None if value is None else int(value), signed)


def count(value: int | None) -> Cell:
    """A count."""
    return Cell(Kind.COUNT, value)


def bps(value: int | None, *, signed: bool = False) -> Cell:
    """Basis points."""
    return Cell(Kind.BPS, value, signed)


def seconds(value: int | None) -> Cell:
    """A span."""
    return Cell(Kind.SECONDS, value)


def instant(value: str | None) -> Cell:
    """An ISO 8601 instant."""
    return Cell(Kind.INSTANT, None if value is None else datetime.fromisoformat(value))


def day(value: str | None) -> Cell:
    """An ISO 8601 day."""
    return Cell(Kind.DAY, None if value is None else date.fromisoformat(value))


def ratio(value: str | None) -> Cell:
    """A share of the whole."""
    return Cell(Kind.RATIO, None if value is None else Decimal(value))


def score(value: str | None) -> Cell:
    """A score of risk."""
    return Cell(Kind.SCORE, None if value is None else Decimal(value))


def measured(value: str | None, unit: str) -> Cell:
    """A value of an indicator, which is a SHARE, SECONDS or a FACTOR."""
    if value is None:
        return text(None)
    if unit == "SECONDS":
        return seconds(int(Decimal(value)))
    return Cell(Kind.RATIO if unit == "SHARE" else Kind.FACTOR, Decimal(value))


def yes_no(value: bool | None, yes: str = "Yes", no: str = "No") -> Cell:
    """A truth in words."""
    return Cell(Kind.TEXT, None if value is None else yes if value else no)
