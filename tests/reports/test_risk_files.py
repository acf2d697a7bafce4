"""The files of the reports about risk: the figures of the data, in words, the same each time."""

import io
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from pypdf import PdfReader

from apps.core.units import format_amount
from apps.reports.document import Kind, document
from apps.reports.document.cells import Cell
from apps.reports.rendering import render
from apps.reports.rendering.words import in_words
from tests.reports.risk_samples import HASH, event, incident_dataset, levels, liquidity_dataset
from tests.reports.samples import FORMULA, dataset


def pages(data: dict[str, Any]) -> list[str]:
    reader = PdfReader(io.BytesIO(render(data, "pdf")[1]))
    return [" ".join(page.extract_text().split()) for page in reader.pages]


def workbook(data: dict[str, Any]) -> Workbook:
    return load_workbook(io.BytesIO(render(data, "xlsx")[1]))


@pytest.mark.parametrize("fmt", ["pdf", "xlsx"])
@pytest.mark.parametrize("made", [liquidity_dataset, incident_dataset])
def test_are_the_same_bytes_when_made_again(made: Any, fmt: str) -> None:
    assert render(made(), fmt) == render(made(), fmt)


class TestWords:
    @pytest.mark.parametrize(
        ("kind", "value", "words"),
        [
            (Kind.RATIO, Decimal("0.0799999"), "7.99 %"),
            (Kind.RATIO, Decimal("0.08"), "8.00 %"),
            (Kind.RATIO, Decimal("-0.12345"), "−12.34 %"),
            (Kind.FACTOR, Decimal("1.999"), "1.99 ×"),
            (Kind.SCORE, Decimal("77.25"), "77.2"),
        ],
    )
    def test_a_value_never_looks_better_than_it_is_by_rounding_up(
        self, kind: Kind, value: Decimal, words: str
    ) -> None:
        assert in_words(Cell(kind, value)) == words


class TestLiquidity:
    def test_is_short_and_says_how_things_stand(self) -> None:
        found = pages(liquidity_dataset())

        assert len(found) <= 3
        cover, text = found[0], " ".join(found)
        assert "Liquidity report As of 2026-11-21 11:00 UTC" in cover
        assert "High" in cover
        assert "L1 is 7.93 % of gross assets, below 8 %." in cover
        assert "31.25 %" in cover
        for part in ("Liquidity tiers", "Due by day", "By horizon", "Indicators", "Risk events"):
            assert part in text
        assert "4 more open requests are not listed" in text
        assert "Prepare liquidity" in text

    def test_paper_and_workbook_say_the_same(self) -> None:
        data = liquidity_dataset()
        text, sheet = " ".join(pages(data)), workbook(data)["Due - Due by day"]

        for number, row in enumerate(data["due_days"], start=2):
            assert sheet.cell(number, 4).value == row["due_assets"]
            assert sheet.cell(number, 6).value == row["due_so_far_assets"]
            assert format_amount(int(row["due_assets"])) in text
        assert sheet.cell(len(data["due_days"]) + 2, 3).value == "=SUM(C2:C7)"

    def test_an_indicator_without_a_bound_says_so(self) -> None:
        text = " ".join(pages(liquidity_dataset()))

        assert "Redemption coverage No bound" in text
        assert "Redemptions of a day — " in text

    def test_a_fund_of_which_nothing_is_known(self) -> None:
        data = liquidity_dataset(
            verdict=None, fund=None, forecasts=[], due_days=[], requests=[], events=[], levels=[]
        )

        text = " ".join(pages(data))

        assert "Some data was missing" in text
        assert "Risk was never measured." in text
        assert workbook(data)["Forecast - By horizon"]["A2"].value == "There is no forecast."


class TestIncident:
    def test_tells_what_happened_in_sentences(self) -> None:
        text = " ".join(pages(incident_dataset()))

        for sentence in (
            (
                "A contract raised the alarm. CriticalLiquidityAlert: L1 + L2 are 8.00 % of gross"
                " assets. The incident was opened at 10:04 UTC on 21 November 2026 by risk."
            ),
            (
                "The worst level was Critical; at the end it was Normal. It stood 2 h at"
                " Critical, 1 h at Elevated and 12 min at Normal."
            ),
            "1 ticket asked people to decide: 1 approved. ana and ben voted.",
            "emergency mode of the vault was switched on at 10:10 UTC on 21 November 2026.",
            "At its largest the liquidity gap was 1,700,000.00 USDT.",
            (
                "Plan R-12 was to move 1,700,000.00 USDT in 2 trades. It is partially completed and"
                " its sales brought 1,195,000.00 USDT."
            ),
            "From 30 minutes before on, investors neither asked for money nor brought any.",
            (
                "2 risk events were open in the time; people acknowledged 1 of them (rita). 1"
                " had to be told again, because nobody had answered. 5 messages went out."
            ),
            (
                "rita closed the incident at 13:16 UTC on 21 November 2026, after 3 h 12 min. 1"
                " item of the checklist was left undone."
            ),
            "Call the market maker earlier.",
        ):
            assert sentence in text

    def test_one_that_goes_on_does_not_pretend_to_be_over(self) -> None:
        data = incident_dataset(closed_at=None, closed_by="", phase="PEOPLE", lessons="")

        text = " ".join(pages(data))

        assert "It is not closed yet." in text
        assert "so far it has lasted 3 h 12 min" in text
        assert "None were written down." in text

    def test_hashes_are_whole_in_the_workbook(self) -> None:
        sheet = workbook(incident_dataset())["Actions - Transactions"]

        assert sheet["F2"].value == HASH
        assert sheet["E4"].value == "=SUM(E2:E3)"

    def test_a_note_is_text_and_no_formula(self) -> None:
        sheet = workbook(incident_dataset())["Checklist"]

        assert sheet["D2"].value == FORMULA
        assert sheet["D2"].data_type == "s"
        assert sheet["D2"].quotePrefix

    def test_each_indicator_has_its_readings_and_a_chart_in_the_workbook(self) -> None:
        data = incident_dataset()
        book = workbook(data)

        for row in data["history"]:
            sheet = book[f"Risk - {row['title']}"[:31]]
            assert sheet.max_row == len(row["points"]) + 1
            assert len(sheet._charts) == 1  # type: ignore[attr-defined]
        assert sheet["B2"].number_format == "[h]:mm:ss"

    def test_readings_are_drawn_on_paper_and_not_listed(self) -> None:
        found = [
            table for section in document(incident_dataset()).sections for table in section.tables
        ]

        assert sum(not table.on_paper for table in found) == 6
        assert all("Lag of events, At" not in page for page in pages(incident_dataset()))

    def test_a_single_reading_makes_no_line(self) -> None:
        data = incident_dataset()
        for row in data["history"]:
            del row["points"][1:]

        [section] = [item for item in document(data).sections if item.name == "Risk"]

        assert len(section.charts) == 1  # the level
        assert pages(data)


class TestDaily:
    def test_says_how_risk_stood(self) -> None:
        text = " ".join(pages(dataset(levels=levels(), events=[event()])))

        assert "Risk level and events" in text
        assert "Worst level Critical" in text
        assert "The redemption manager raised CriticalLiquidityAlert." in text

    def test_one_from_before_risk_was_measured_is_still_a_document(self) -> None:
        data = dataset()
        del data["risk"]

        assert "Risk level and events" not in " ".join(pages(data))
        assert "Level - In short" not in workbook(data).sheetnames
