"""How values look on paper: grouped, with their unit, rounded towards zero."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from apps.core.units import format_amount, format_bps
from apps.reports.document import Cell, Kind, Table

UNITS = {Kind.MONEY: "USDT", Kind.SHARES: "PPT", Kind.NAV: "USDT", Kind.INSTANT: "UTC"}
PLACES = {Kind.MONEY: 2, Kind.SHARES: 4, Kind.NAV: 6}
NUMBERS = frozenset({Kind.MONEY, Kind.SHARES, Kind.NAV, Kind.COUNT, Kind.BPS, Kind.SECONDS})
DASH = "—"


def in_words(cell: Cell, *, with_unit: bool = False) -> str:
    """A cell as text; unknown is a dash."""
    if cell.value is None:
        return DASH
    words = _WORDS[cell.kind](cell.value)
    if cell.signed and cell.value > 0:
        words = f"+{words}"
    unit = UNITS.get(cell.kind, "") if with_unit else ""
    return f"{words} {unit}".rstrip()


def column_kinds(table: Table) -> list[Kind | None]:
    """Each column's kind, when its cells agree on one; None where they differ."""
    kinds: list[Kind | None] = []
    for column in zip(*table.rows, strict=True):
        found = {cell.kind for cell in column}
        kinds.append(found.pop() if len(found) == 1 else None)
    return kinds or [None] * len(table.headers)


def headers_with_units(table: Table, kinds: list[Kind | None]) -> list[str]:
    """Headers that say the unit of a column that has one."""
    return [
        f"{header}, {UNITS[kind]}" if kind in UNITS and UNITS[kind] not in header else header
        for header, kind in zip(table.headers, kinds, strict=True)
    ]


def duration(total_seconds: int) -> str:
    """A span: ``"45 s"``, ``"12 min"``, ``"3 h 05 min"``, ``"2 d 4 h"``."""
    minutes, seconds = divmod(total_seconds, 60)
    if not minutes:
        return f"{seconds} s"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    days, hours_left = divmod(hours, 24)
    return f"{days} d {hours_left} h" if days else f"{hours} h {minutes:02d} min"


def short_hex(value: str) -> str:
    """The ends of an address or hash; the workbook has all of it."""
    return value if len(value) <= 14 else f"{value[:6]}…{value[-4:]}"


def _amount(places: int) -> Callable[[int], str]:
    def words(value: int) -> str:
        sign = "−" if value < 0 else ""
        return sign + format_amount(abs(value), places=places)

    return words


def _instant(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"


_WORDS: dict[Kind, Callable[[Any], str]] = {
    Kind.TEXT: str,
    Kind.HEX: short_hex,
    Kind.MONEY: _amount(PLACES[Kind.MONEY]),
    Kind.SHARES: _amount(PLACES[Kind.SHARES]),
    Kind.NAV: _amount(PLACES[Kind.NAV]),
    Kind.COUNT: lambda value: f"{value:,}",
    Kind.BPS: lambda value: format_bps(value).replace("-", "−"),
    Kind.INSTANT: _instant,
    Kind.SECONDS: duration,
}
