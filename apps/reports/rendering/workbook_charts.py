"""Charts of the workbook, drawn by the spreadsheet from the cells beside them."""

from typing import Any

from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from apps.reports.document import Bands, Chart, Kind, Steps

FORMATS = {
    Kind.MONEY: "#,##0.00",
    Kind.SHARES: "#,##0.0000",
    Kind.NAV: "#,##0.000000",
    Kind.COUNT: "#,##0",
    Kind.BPS: "0.00%",
    Kind.INSTANT: "yyyy-mm-dd hh:mm:ss",
    Kind.SECONDS: "[h]:mm:ss",
    Kind.RATIO: "0.00%",
    Kind.FACTOR: "0.00",
    Kind.SCORE: "0.0",
    Kind.DAY: "yyyy-mm-dd",
}
"""How a spreadsheet shows each kind of number."""


def draw(sheet: Worksheet, chart: Chart, table: int, rows: int, places: list[int]) -> None:
    """Draw the chart beside its table, if this is the one and it has enough rows.

    ``table`` is the number of the sheet's table in its section, ``places`` the sheet's column of
    each of its columns. Levels have no chart: words cannot be drawn from.
    """
    if isinstance(chart, Steps) or table != (0 if isinstance(chart, Bands) else chart.table):
        return
    drawn: Any
    if isinstance(chart, Bands):
        if not rows:
            return
        drawn = BarChart()
        drawn.y_axis.number_format = "0%"
    else:
        if rows < 2:
            return
        drawn = LineChart()
        drawn.y_axis.number_format = FORMATS[chart.kind]
        drawn.x_axis.number_format = "mm-dd hh:mm"
    drawn.title = chart.title
    value, label, last = places[chart.column], places[0], rows + 1
    drawn.add_data(Reference(sheet, min_col=value, min_row=1, max_row=last), titles_from_data=True)
    drawn.set_categories(Reference(sheet, min_col=label, min_row=2, max_row=last))
    drawn.legend, drawn.width, drawn.height = None, 24, 10
    drawn.x_axis.delete = drawn.y_axis.delete = False
    sheet.add_chart(drawn, f"{get_column_letter(sheet.max_column + 2)}2")
