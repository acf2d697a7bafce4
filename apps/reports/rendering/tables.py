"""Tables of the PDF: they break across pages and repeat their headers."""

from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph
from reportlab.platypus import Table as PdfTable

from apps.reports.document import Cell, Kind, Table

from .fonts import markup
from .look import BRAND, LINE, PALE, style
from .words import NUMBERS, column_kinds, headers_with_units, in_words

_ROWS_KEPT_MAX = 8
_TITLE_ROOM = 35 * mm
_RULES: list[Any] = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ("TOPPADDING", (0, 0), (-1, -1), 3),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ("BACKGROUND", (0, 0), (-1, 0), PALE),
    ("LINEBELOW", (0, 0), (-1, 0), 0.8, BRAND),
    ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
]


def flow(table: Table, width: float) -> list[Flowable]:
    """A table with its title, or the sentence that says why there is none."""
    title = Paragraph(markup(table.title), style("h2"))
    if not table.rows:
        return [KeepTogether([title, Paragraph(markup(table.empty), style("note"))])]
    kinds = column_kinds(table)
    numeric = [_is_numeric(table, n) for n in range(len(table.headers))]
    rows: list[list[Any]] = [
        [
            Paragraph(markup(header), style("head-number" if right else "head"))
            for header, right in zip(headers_with_units(table, kinds), numeric, strict=True)
        ]
    ]
    rows += [
        [
            _cell(cell, kind, numeric=right)
            for cell, kind, right in zip(row, kinds, numeric, strict=True)
        ]
        for row in table.rows
    ]
    rules = list(_RULES)
    if table.totals:
        rows.append(_totals(table, kinds))
        rules.append(("LINEABOVE", (0, -1), (-1, -1), 0.8, BRAND))
        rules.append(("NOSPLIT", (0, -2), (-1, -1)))
    pdf_table = PdfTable(
        rows, colWidths=_widths(table, width), repeatRows=1, hAlign="LEFT", style=rules
    )
    # A title never stands alone at a page's foot: it keeps with the first rows.
    if len(rows) <= _ROWS_KEPT_MAX:
        return [KeepTogether([title, pdf_table])]
    return [CondPageBreak(_TITLE_ROOM), title, pdf_table]


def _cell(cell: Cell, kind: Kind | None, *, numeric: bool) -> Paragraph:
    words = in_words(cell, with_unit=kind is None)
    if cell.kind is Kind.HEX:
        return Paragraph(markup(words), style("hex"))
    return Paragraph(markup(words), style("number" if numeric else "cell"))


def _totals(table: Table, kinds: list[Kind | None]) -> list[Any]:
    row: list[Any] = [""] * len(table.headers)
    row[0] = Paragraph("Total", style("cell-bold"))
    for n, cell in table.totals.items():
        row[n] = Paragraph(markup(in_words(cell, with_unit=kinds[n] is None)), style("number-bold"))
    return row


def _is_numeric(table: Table, column: int) -> bool:
    return any(row[column].kind in NUMBERS for row in table.rows)


def _widths(table: Table, width: float) -> list[float]:
    shares = table.widths or (1 / len(table.headers),) * len(table.headers)
    return [width * share / sum(shares) for share in shares]
