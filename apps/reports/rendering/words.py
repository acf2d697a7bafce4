"""How values look on paper: grouped, with their unit, rounded towards zero."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from apps.core.display import duration_text
from apps.core.units import format_amount, format_bps
from apps.reports.document import Cell, Kind, Table

UNITS = {Kind.MONEY: "USDT", Kind.SHARES: "PPT", Kind.NAV: "USDT", Kind.INSTANT: "UTC"}
PLACES = {Kind.MONEY: 2, Kind.SHARES: 4, Kind.NAV: 6}
NUMBERS = frozenset(
    {
        Kind.MONEY,
        Kind.SHARES,
        Kind.NAV,
        Kind.COUNT,
        Kind.BPS,
        Kind.SECONDS,
        Kind.RATIO,
        Kind.FACTOR,
        Kind.SCORE,
    }
)
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


def short_hex(value: str) -> str:
    """The ends of an address or hash; the workbook has all of it."""
    return value if len(value) <= 14 else f"{value[:6]}…{value[-4:]}"


def _amount(places: int) -> Callable[[int], str]:
    def words(value: int) -> str:
        sign = "−" if value < 0 else ""
        return sign + format_amount(abs(value), places=places)

    return words


def _decimal(places: int, *, times: int = 1, unit: str = "") -> Callable[[Decimal], str]:
    step = Decimal(1).scaleb(-places)

    def words(value: Decimal) -> str:
        shown = (value * times).quantize(step, rounding=ROUND_DOWN)
        return f"{shown:,}".replace("-", "−") + unit

    return words


def _day(value: date) -> str:
    return value.isoformat()


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
    Kind.SECONDS: duration_text,
    Kind.RATIO: _decimal(2, times=100, unit=" %"),
    Kind.FACTOR: _decimal(2, unit=" ×"),
    Kind.SCORE: _decimal(1),
    Kind.DAY: _day,
}
