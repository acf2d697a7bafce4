"""PDF and XLSX: the figures of the data, the same bytes each time, safe whatever is in them."""

import io
import json
import re
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter
from pypdf import PdfReader

from apps.core.units import format_amount, to_decimal
from apps.reports.document import document
from apps.reports.rendering import render
from tests.reports.samples import FORMULA, SCRIPT, dataset, empty_dataset

ROOT = Path(__file__).resolve().parents[2]


def pdf_text(data: dict[str, Any]) -> str:
    reader = PdfReader(io.BytesIO(render(data, "pdf")[1]))
    return "\n".join(page.extract_text() for page in reader.pages)


def workbook(data: dict[str, Any]) -> Workbook:
    return load_workbook(io.BytesIO(render(data, "xlsx")[1]))


class TestSameBytes:
    @pytest.mark.parametrize("fmt", ["pdf", "xlsx"])
    def test_in_this_process_and_in_another(self, fmt: str, tmp_path: Path) -> None:
        data = dataset()
        (tmp_path / "data.json").write_text(json.dumps(data))
        here = render(data, fmt)[1]

        subprocess.run(
            [sys.executable, "-c", _RENDER_AGAIN, str(tmp_path), fmt],
            cwd=ROOT,
            check=True,
            timeout=60,
        )

        assert (tmp_path / f"again.{fmt}").read_bytes() == here == render(data, fmt)[1]


class TestPdf:
    def test_has_a_cover_headers_and_numbered_pages(self) -> None:
        reader = PdfReader(io.BytesIO(render(dataset(rows=120), "pdf")[1]))
        texts = [page.extract_text() for page in reader.pages]

        assert "Daily report" in texts[0]
        assert "Saturday, 21 November 2026" in texts[0]
        for number, text in enumerate(texts, start=1):
            assert f"Page {number} of {len(texts)}" in text
        assert all("2026-11-21" in text for text in texts[1:])
        assert reader.metadata is not None
        assert "Daily report 2026-11-21" in str(reader.metadata.title)

    def test_long_tables_break_and_repeat_their_header(self) -> None:
        reader = PdfReader(io.BytesIO(render(dataset(rows=120), "pdf")[1]))

        pages = [text for page in reader.pages if "NAV paid" in (text := page.extract_text())]
        assert len(pages) >= 3

    def test_says_the_figures_of_the_data(self) -> None:
        data = dataset()
        text = pdf_text(data)

        for digits in (
            data["subscriptions"]["assets"],
            data["redemptions"]["requested"]["gross_assets"],
            data["redemptions"]["settled"]["net_assets"],
            data["fund"]["aum_assets"]["closing"],
            data["fees"]["accrued_assets"],
            *(row["net_assets"] for row in data["redemptions"]["settled"]["items"]),
        ):
            assert format_amount(int(digits)) in text
        assert "68,000,000" in text  # as of block

    def test_embeds_its_fonts(self) -> None:
        reader = PdfReader(io.BytesIO(render(dataset(), "pdf")[1]))

        names = {
            str(font.get_object()["/BaseFont"])
            for page in reader.pages
            for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
            if "FontDescriptor" in str(font.get_object())
        }
        assert any("DejaVuSans" in name for name in names)

    def test_hostile_text_is_only_text(self) -> None:
        text = pdf_text(dataset()).replace("\n", "")

        assert SCRIPT.replace(" ", "") in text.replace(" ", "")
        assert "\u202e" not in text
        assert "[U+202E]" in text
        assert "[U+4E2D]" in text  # a glyph the font lacks is written out
        assert "Заявка" in text

    def test_a_day_of_which_nothing_is_known_is_still_a_document(self) -> None:
        text = pdf_text(empty_dataset())

        assert "Some data was missing" in text
        assert "—" in text
        assert "0.00" in text  # nothing came in is a fact, not a gap


class TestXlsx:
    def test_numbers_are_numbers_and_instants_are_instants(self) -> None:
        sheet = workbook(dataset())["Subscriptions"]

        assert sheet.freeze_panes == "A2"
        at, receiver, amount, exact = (sheet.cell(2, column).value for column in range(1, 5))
        assert isinstance(at, datetime)
        assert isinstance(receiver, str)
        assert len(receiver) == 42
        assert isinstance(amount, int | float)
        assert isinstance(exact, str)
        assert sheet.cell(2, 3).number_format == "#,##0.00"

    def test_each_section_has_its_sheets(self) -> None:
        data = dataset()
        names = workbook(data).sheetnames

        assert names[0] == "Summary"
        assert len(names) == 1 + sum(len(item.tables) for item in document(data).sections)
        assert len(set(names)) == len(names)

    def test_totals_are_formulas_over_exactly_the_rows(self) -> None:
        data = dataset()
        book = workbook(data)
        seen = 0
        for sheet in book.worksheets:
            if sheet.cell(sheet.max_row, 1).value != "Total":
                continue
            for column in range(2, sheet.max_column + 1):
                formula = str(sheet.cell(sheet.max_row, column).value or "")
                if not formula.startswith("="):
                    continue
                letter = get_column_letter(column)
                assert formula == f"=SUM({letter}2:{letter}{sheet.max_row - 1})"
                seen += 1
                if "base units" in str(sheet.cell(1, column + 1).value):
                    rows = [sheet.cell(n, column + 1).value for n in range(2, sheet.max_row)]
                    assert str(sum(map(int, rows))) == sheet.cell(sheet.max_row, column + 1).value  # type: ignore[arg-type]
        assert seen >= 15

    def test_only_totals_are_formulas(self) -> None:
        for sheet in workbook(dataset()).worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        assert re.fullmatch(r"=SUM\(([A-Z]+)2:\1\d+\)", str(cell.value))

    def test_a_formula_of_somebody_s_is_text(self) -> None:
        sheet = workbook(dataset())["Approvals - Tickets"]

        [cell] = [cell for cell in sheet["B"] if cell.value == FORMULA]
        assert cell.data_type == "s"
        assert cell.quotePrefix

    def test_charts_are_there(self) -> None:
        book = workbook(dataset())

        assert len(book["NAV"]._charts) == 1  # type: ignore[attr-defined]
        assert len(book["Tiers"]._charts) == 1  # type: ignore[attr-defined]

    def test_a_day_of_which_nothing_is_known(self) -> None:
        book = workbook(empty_dataset())

        assert book["Subscriptions"]["A2"].value == "Nobody subscribed in this period."
        assert book["Overview - The fund"]["B2"].value == "—"


class TestAgreement:
    def test_paper_workbook_and_data_say_the_same(self) -> None:
        data = dataset(seed=7)
        text, sheet = pdf_text(data), workbook(data)["Redemptions - Payments"]

        for number, row in enumerate(data["redemptions"]["settled"]["items"], start=2):
            exact = [sheet.cell(number, column).value for column in (6, 8, 10)]
            assert exact == [row["gross_assets"], row["fee_assets"], row["net_assets"]]
            shown = Decimal(str(sheet.cell(number, 9).value))
            net = to_decimal(int(row["net_assets"]))
            assert abs(shown - net) < Decimal("0.000001")
            assert format_amount(int(row["net_assets"])) in text


_RENDER_AGAIN = """
import json, os, pathlib, sys
import django
django.setup()
from apps.reports.rendering import render
folder, fmt = pathlib.Path(sys.argv[1]), sys.argv[2]
data = json.loads((folder / "data.json").read_text())
(folder / f"again.{fmt}").write_bytes(render(data, fmt)[1])
"""
