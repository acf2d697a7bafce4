"""Spreadsheets: exact, and nothing in them runs."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from apps.core import exports
from apps.core.exports import Column, csv, download, money_columns, xlsx

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"]


def whole(row: Any) -> Any:
    return row


class TestCsv:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_neutralises_formulas(self, text: str) -> None:
        body = csv([text], [Column("Reason", whole)]).decode("utf-8-sig")

        cell = body.split("\r\n", 1)[1].lstrip('"')
        assert cell.startswith("'")

    def test_keeps_figures_exact(self) -> None:
        columns = money_columns("Net", whole)

        body = csv([2**256 - 1, 15 * 10**17, None], columns).decode("utf-8-sig")

        header, largest, small, nothing, _ = body.split("\r\n")
        assert header == "Net (USDT),Net (base units)"
        assert largest.split(",")[1] == str(2**256 - 1)
        assert small == "1.500000000000000000,1500000000000000000"
        assert nothing == ","

    def test_writes_instants_in_utc(self) -> None:
        assert b"2026-11-22T12:00:00Z" in csv([AT], [Column("At (UTC)", whole)])


class TestXlsx:
    def read(self, rows: list[Any], columns: list[Column]) -> Any:
        return load_workbook(io.BytesIO(xlsx(rows, columns))).active

    @pytest.mark.parametrize("text", [*HOSTILE, '=HYPERLINK("http://x")'])
    def test_text_is_never_a_formula(self, text: str) -> None:
        cell = self.read([text], [Column("Reason", whole)])["A2"]

        assert cell.data_type == "s"
        assert cell.value.strip() == text.strip()

    def test_integers_are_text_and_decimals_numbers(self) -> None:
        sheet = self.read([10**30 + 1], money_columns("Net", whole))

        assert sheet["A2"].data_type == "n"
        assert sheet["B2"].value == str(10**30 + 1)

    def test_survives_control_characters_and_long_text(self) -> None:
        sheet = self.read(["a\x00b\ud800", "x" * 40_000], [Column("Reason", whole)])

        assert sheet["A2"].value == "a\ufffdb\ufffd"
        assert len(sheet["A3"].value) == 32_000

    def test_dates_and_a_frozen_header(self) -> None:
        sheet = self.read([AT], [Column("At (UTC)", whole)])

        assert sheet["A2"].value == AT.replace(tzinfo=None)
        assert sheet.freeze_panes == "A2"

    def test_decimals_are_kept(self) -> None:
        assert self.read([Decimal("1.5")], [Column("Rate", whole)])["A2"].value == 1.5


class TestDownload:
    @pytest.mark.parametrize(
        ("file_format", "content_type"), [("csv", exports.CSV_TYPE), ("xlsx", exports.XLSX_TYPE)]
    )
    def test_is_a_file_with_a_name(self, file_format: str, content_type: str) -> None:
        columns = [Column("N", lambda row: row)]

        answer = download([1, 2], columns, count=2, file_format=file_format, name="numbers")

        assert answer["Content-Type"] == content_type
        assert answer["Content-Disposition"] == f'attachment; filename="numbers.{file_format}"'

    def test_refuses_more_rows_than_a_file_should_have(self) -> None:
        with pytest.raises(exports.TooMany, match="50,001 rows"):
            download([], [], count=exports.ROWS_MAX + 1, file_format="csv", name="numbers")
