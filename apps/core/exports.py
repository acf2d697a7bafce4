"""Tables for spreadsheets: exact figures, and nothing that a spreadsheet would execute."""

import csv as csv_module
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from apps.core.errors import Invalid
from apps.core.units import to_decimal

_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CELL_CHARACTERS_MAX = 32_000

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv; charset=utf-8"
ROWS_MAX = 50_000


class TooMany(Invalid):
    """More rows than one file should have."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, and how a row's value is found.

    Integers are written as text (a spreadsheet keeps 15 digits), Decimals as numbers, instants in
    UTC; put the unit or "(UTC)" into the title.
    """

    title: str
    value: Callable[[Any], Any]


def money_columns(
    title: str, value: Callable[[Any], int | None], symbol: str = "USDT", decimals: int = 18
) -> list[Column]:
    """Two columns for one amount: the scaled Decimal, and the exact base units as text."""

    def scaled(row: Any) -> Decimal | None:
        base_units = value(row)
        return None if base_units is None else to_decimal(base_units, decimals)

    return [Column(f"{title} ({symbol})", scaled), Column(f"{title} (base units)", value)]


def download(
    rows: Iterable[Any], columns: Sequence[Column], *, count: int, file_format: str, name: str
) -> HttpResponse:
    """The answer that brings ``count`` rows as a file, ``name`` with the format as its ending.

    Raises:
        TooMany: over 50,000 rows.
    """
    if count > ROWS_MAX:
        raise TooMany(f"{count:,} rows are too many for one file; narrow the list to {ROWS_MAX:,}.")
    write, content_type = _FORMATS[file_format]
    response = HttpResponse(write(rows, columns), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}.{file_format}"'
    return response


def csv(rows: Iterable[Any], columns: Sequence[Column]) -> bytes:
    """A CSV file as UTF-8 with a byte order mark, so that Excel reads it rightly."""
    text = io.StringIO()
    writer = csv_module.writer(text)
    writer.writerow([neutral(column.title) for column in columns])
    for row in rows:
        writer.writerow([_csv_cell(column.value(row)) for column in columns])
    return text.getvalue().encode("utf-8-sig")


def xlsx(rows: Iterable[Any], columns: Sequence[Column], *, title: str = "Export") -> bytes:
    """An XLSX file of one sheet with a frozen header; text is never a formula."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for index, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = max(14, len(column.title) + 2)
    sheet.append([_header(sheet, column.title) for column in columns])
    for row in rows:
        sheet.append([_xlsx_cell(sheet, column.value(row)) for column in columns])
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


_FORMATS = {"csv": (csv, CSV_TYPE), "xlsx": (xlsx, XLSX_TYPE)}
FORMATS = tuple(_FORMATS)


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe goes before what could be one."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return neutral(_NOT_XML.sub("\ufffd", str(value)))


def _xlsx_cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        value = value.astimezone(UTC).replace(tzinfo=None)
    if value is None or isinstance(value, Decimal | date | bool):
        cell: Any = WriteOnlyCell(sheet)
        cell.value = value
        if isinstance(value, Decimal):
            cell.number_format = "#,##0.00"
        if isinstance(value, datetime):
            cell.number_format = "yyyy-mm-dd hh:mm:ss"
        return cell
    text = _NOT_XML.sub("\ufffd", str(value))[:_CELL_CHARACTERS_MAX]
    cell = WriteOnlyCell(sheet)
    cell.value = text
    cell.data_type = "s"
    cell.quotePrefix = text.startswith(_FORMULA_STARTS)
    return cell


def _header(sheet: Any, title: str) -> Any:
    cell = _xlsx_cell(sheet, title)
    cell.font = Font(bold=True)
    return cell
