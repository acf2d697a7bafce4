"""A report's tables on screen, in the words that are on paper."""

from typing import Any

from apps.reports.document import Cell, Kind, Section, Table, document
from apps.reports.rendering.words import NUMBERS, column_kinds, headers_with_units, in_words

ROWS_SHOWN_MAX = 50

Shown = list[tuple[str, bool]]
"""Words, and whether they are a number, which is set to the right."""


def on_screen(dataset: dict[str, Any]) -> list[dict[str, Any]]:
    """Each section with its tables, long ones cut after their first rows."""
    return [
        {
            "title": section.title,
            "note": section.note,
            "paragraphs": section.paragraphs,
            "tables": _tables(section),
        }
        for section in document(dataset).sections
    ]


def figures_on_screen(dataset: dict[str, Any]) -> list[dict[str, str]]:
    """The cover's figures in words."""
    return [
        {
            "label": figure.label,
            "value": in_words(figure.value, with_unit=True),
            "more": ""
            if figure.more is None or figure.more.value is None
            else f"{in_words(figure.more)} {figure.words}",
        }
        for figure in document(dataset).figures
    ]


def _tables(section: Section) -> list[dict[str, Any]]:
    return [_table(table) for table in section.tables if table.on_paper]


def _table(table: Table) -> dict[str, Any]:
    kinds = column_kinds(table)
    right = [any(row[n].kind in NUMBERS for row in table.rows) for n in range(len(kinds))]
    return {
        "title": table.title,
        "empty": table.empty,
        "headers": list(zip(headers_with_units(table, kinds), right, strict=True)),
        "rows": [_row(row, kinds, right) for row in table.rows[:ROWS_SHOWN_MAX]],
        "more": max(len(table.rows) - ROWS_SHOWN_MAX, 0),
        "totals": _totals(table, kinds) if table.rows else [],
    }


def _row(row: tuple[Cell, ...], kinds: list[Kind | None], right: list[bool]) -> Shown:
    return [
        (in_words(cell, with_unit=kind is None), is_right)
        for cell, kind, is_right in zip(row, kinds, right, strict=True)
    ]


def _totals(table: Table, kinds: list[Kind | None]) -> Shown:
    if not table.totals:
        return []
    words = ["Total", *[""] * (len(table.headers) - 1)]
    for n, cell in table.totals.items():
        words[n] = in_words(cell, with_unit=kinds[n] is None)
    return [(word, n > 0) for n, word in enumerate(words)]
