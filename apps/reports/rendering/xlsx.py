"""A report as a workbook: a sheet per section, numbers as numbers, totals as formulas.

A spreadsheet keeps 15 digits, so each amount has its exact base units as text beside it. Text is
never a formula. The file's bytes depend on the dataset alone.
"""

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from apps.core.units import to_decimal
from apps.reports.document import Cell, Document, Kind, Section, Table

from .words import DASH, column_kinds, headers_with_units
from .workbook_charts import FORMATS, draw

_EXACT = frozenset({Kind.MONEY, Kind.SHARES, Kind.NAV})
_SUMMED = frozenset({Kind.MONEY, Kind.SHARES, Kind.COUNT})
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CELL_CHARACTERS_MAX = 32_000
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)

_TITLE = Font(name="Calibri", size=14, bold=True, color="1D3F72")
_HEAD = Font(name="Calibri", size=10, bold=True, color="FFFFFF")
_HEAD_FILL = PatternFill("solid", fgColor="1D3F72")
_BOLD = Font(name="Calibri", size=11, bold=True)
_NOTE = Font(name="Calibri", size=10, color="5B6A7E")
_TOTAL_LINE = Border(top=Side(style="thin", color="1D3F72"))


def xlsx(document: Document) -> bytes:
    """Write the document."""
    workbook = Workbook()
    workbook.remove(workbook.active)  # type: ignore[arg-type]
    workbook.properties.creator = "Paimon Prime Fund"
    workbook.properties.title = f"{document.title} {document.period.text}"
    _summary(workbook.create_sheet("Summary"), document)
    for section in document.sections:
        if section.paragraphs:
            _paragraphs(workbook.create_sheet(section.name), section)
        for number, (table, name) in enumerate(
            zip(section.tables, _sheet_names(section), strict=True)
        ):
            sheet = workbook.create_sheet(name)
            places = _table(sheet, table)
            for chart in section.charts:
                draw(sheet, chart, number, len(table.rows), places)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return _settled(buffer.getvalue(), document.generated_at)


def _sheet_names(section: Section) -> list[str]:
    """The section's name for its main table, longer ones for the rest; at most 31 characters."""
    if len(section.tables) == 1:
        return [section.name]
    return [f"{section.name} - {table.title}"[:31] for table in section.tables]


# -- Sheets ----------------------------------------------------------------------------------


def _summary(sheet: Worksheet, document: Document) -> None:
    _put(sheet, 1, 1, f"Paimon Prime Fund: {document.title}").font = _TITLE
    _put(sheet, 2, 1, f"{document.period.text} · all times in UTC").font = _NOTE
    if document.summary:
        _put(sheet, 3, 1, document.summary)
    row = 4
    for figure in document.figures:
        cell = figure.value
        _put(sheet, row, 1, figure.label)
        _write(sheet, row, 2, cell)
        _put(sheet, row, 3, _unit(cell))
        if cell.kind in _EXACT:
            _put(sheet, row, 4, DASH if cell.value is None else str(cell.value))
        if figure.more is not None:
            _write(sheet, row, 5, figure.more)
            _put(sheet, row, 6, figure.words)
        row += 1
    row += 1
    for label, cell in document.facts:
        _put(sheet, row, 1, label)
        _write(sheet, row, 2, cell)
        row += 1
    row += 1
    _put(sheet, row, 1, "Missing data").font = _BOLD
    for sentence in document.missing or ("None.",):
        row += 1
        _put(sheet, row, 1, sentence)
    for column, width in (("A", 34), ("B", 30), ("C", 10), ("D", 36), ("E", 14), ("F", 18)):
        sheet.column_dimensions[column].width = width


def _paragraphs(sheet: Worksheet, section: Section) -> None:
    _put(sheet, 1, 1, section.title).font = _TITLE
    for row, words in enumerate(section.paragraphs, start=2):
        _put(sheet, row, 1, words).alignment = Alignment(vertical="top", wrap_text=True)
    sheet.column_dimensions["A"].width = 110


def _unit(cell: Cell) -> str:
    return {Kind.MONEY: "USDT", Kind.NAV: "USDT", Kind.SHARES: "PPT"}.get(cell.kind, "")


def _table(sheet: Worksheet, table: Table) -> list[int]:
    """Write headers, rows and totals; return the sheet's column of each of the table's columns."""
    kinds = column_kinds(table)
    exact = [any(row[n].kind in _EXACT for row in table.rows) for n in range(len(table.headers))]
    places, column = [], 1
    for n, header in enumerate(headers_with_units(table, kinds)):
        places.append(column)
        _header(sheet, column, header)
        column += 1
        if exact[n]:
            _header(sheet, column, f"{table.headers[n]} (base units)")
            column += 1
    sheet.freeze_panes = "A2"
    if not table.rows:
        _put(sheet, 2, 1, table.empty).font = _NOTE
        return places
    for row_number, row in enumerate(table.rows, start=2):
        for n, cell in enumerate(row):
            _write(sheet, row_number, places[n], cell)
            if exact[n]:
                _write_exact(sheet, row_number, places[n] + 1, cell)
    if table.totals:
        _totals(sheet, table, places, exact)
    return places


def _totals(sheet: Worksheet, table: Table, places: list[int], exact: list[bool]) -> None:
    last = len(table.rows) + 1
    row = last + 1
    _put(sheet, row, 1, "Total")
    for n, cell in table.totals.items():
        place = sheet.cell(row, places[n])
        if cell.kind in _SUMMED:
            letter = get_column_letter(places[n])
            place.value = f"=SUM({letter}2:{letter}{last})"
            place.number_format = FORMATS[cell.kind]
        else:
            _write(sheet, row, places[n], cell)
        if exact[n]:
            _write_exact(sheet, row, places[n] + 1, cell)
    for column in range(1, sheet.max_column + 1):
        sheet.cell(row, column).font = _BOLD
        sheet.cell(row, column).border = _TOTAL_LINE


def _header(sheet: Worksheet, column: int, text: str) -> None:
    cell = _put(sheet, 1, column, text)
    cell.font, cell.fill = _HEAD, _HEAD_FILL
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    sheet.column_dimensions[get_column_letter(column)].width = max(15, min(len(text) + 4, 34))


# -- Cells -----------------------------------------------------------------------------------


def _write(sheet: Worksheet, row: int, column: int, cell: Cell) -> None:
    if cell.value is None:
        _put(sheet, row, column, DASH)
        return
    if cell.kind in {Kind.TEXT, Kind.HEX}:
        _put(sheet, row, column, str(cell.value))
        return
    place = sheet.cell(row, column)
    place.value = _number(cell)
    place.number_format = FORMATS[cell.kind]


def _number(cell: Cell) -> Any:
    if cell.kind in _EXACT:
        return to_decimal(cell.value)
    if cell.kind is Kind.BPS:
        return Decimal(cell.value) / 10_000
    if cell.kind in {Kind.RATIO, Kind.FACTOR, Kind.SCORE, Kind.DAY}:
        return cell.value
    if cell.kind is Kind.INSTANT:
        return cell.value.astimezone(UTC).replace(tzinfo=None)
    if cell.kind is Kind.SECONDS:
        return timedelta(seconds=cell.value)
    return cell.value


def _write_exact(sheet: Worksheet, row: int, column: int, cell: Cell) -> None:
    if cell.kind in _EXACT:
        _put(sheet, row, column, DASH if cell.value is None else str(cell.value))


def _put(sheet: Worksheet, row: int, column: int, text: str) -> Any:
    """Text, whatever it looks like."""
    place = sheet.cell(row, column)
    text = _NOT_XML.sub("\ufffd", text)[:_CELL_CHARACTERS_MAX]
    place.value = text
    place.data_type = "s"
    place.quotePrefix = text.startswith(_FORMULA_STARTS)
    return place


# -- The same bytes every time ---------------------------------------------------------------


def _settled(content: bytes, made_at: datetime) -> bytes:
    """The archive with the times that openpyxl took from the clock replaced by fixed ones."""
    stamp = f"{made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}".encode()
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "docProps/core.xml":
                data = re.sub(
                    rb"(<dcterms:\w+[^>]*>)[^<]*(</dcterms)", rb"\g<1>" + stamp + rb"\2", data
                )
            info = zipfile.ZipInfo(entry.filename, _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, data)
    return buffer.getvalue()
