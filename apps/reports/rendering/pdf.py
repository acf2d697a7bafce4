"""A report as PDF: cover, sections, page x of y. Invariant: no clock, no random identifiers."""

import io
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
)
from reportlab.platypus import Table as PdfTable

from apps.reports.document import Chart, Document, Figure, Section

from . import charts, tables
from .fonts import BOLD, PARAGRAPH_CHARACTERS_MAX, REGULAR, drawable, markup, register
from .look import BRAND, LINE, MARGIN, PALE, SOFT, WARN, WARN_PALE, style
from .words import in_words

FUND = "Paimon Prime Fund"
ROUNDING = (
    "Amounts are in whole units, rounded towards zero to the digits shown. Totals are of the exact "
    "figures, which the workbook of this report lists. All times are in UTC."
)
_WIDTH = A4[0] - 2 * MARGIN
_HEADING_ROOM = 70 * mm


def pdf(document: Document) -> bytes:
    """Draw the document."""
    register()
    buffer = io.BytesIO()
    template = BaseDocTemplate(
        buffer,
        pagesize=A4,
        invariant=1,
        title=f"{FUND}: {document.title} {document.period.text}",
        author=FUND,
        subject=f"Report #{document.run_id}",
        lang="en-GB",
        pageTemplates=[_cover_page(), _body_page(document)],
    )
    template.build(_story(document), canvasmaker=_NumberedCanvas)
    return buffer.getvalue()


def _story(document: Document) -> list[Flowable]:
    story = [NextPageTemplate("body"), *_cover(document), PageBreak()]
    for section in document.sections:
        story += _section(section)
    return story


# -- Cover -----------------------------------------------------------------------------------


def _cover(document: Document) -> list[Flowable]:
    story: list[Flowable] = [
        Spacer(1, 24 * mm),
        Paragraph(FUND, style("fund")),
        Spacer(1, 4 * mm),
        Paragraph(markup(document.title), style("cover-title")),
        Spacer(1, 3 * mm),
        Paragraph(markup(document.period_words), style("cover-period")),
        *_summary(document),
        Spacer(1, 14 * mm),
        _figures(document),
        Spacer(1, 10 * mm),
    ]
    if document.missing:
        story += [_missing(document), Spacer(1, 8 * mm)]
    story += [_facts(document), Spacer(1, 6 * mm), Paragraph(ROUNDING, style("note"))]
    return story


def _summary(document: Document) -> list[Flowable]:
    if not document.summary:
        return []
    words = markup(document.summary, characters_max=PARAGRAPH_CHARACTERS_MAX)
    return [Spacer(1, 6 * mm), Paragraph(words, style("summary"))]


def _figures(document: Document) -> PdfTable:
    cells = [_figure(figure) for figure in document.figures]
    rows = [cells[n : n + 2] for n in range(0, len(cells), 2)]
    return PdfTable(
        rows,
        colWidths=[_WIDTH / 2] * 2,
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEABOVE", (0, 0), (-1, -1), 0.6, LINE),
            ("LINEBELOW", (0, -1), (-1, -1), 0.6, LINE),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 8),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
        ],
    )


def _figure(figure: Figure) -> list[Flowable]:
    words = ""
    if figure.more is not None and figure.more.value is not None:
        words = f"{in_words(figure.more)} {figure.words}"
    return [
        Paragraph(markup(figure.label), style("figure-label")),
        Paragraph(markup(in_words(figure.value, with_unit=True)), style("figure")),
        Paragraph(markup(words) or "&nbsp;", style("figure-more")),
    ]


def _missing(document: Document) -> PdfTable:
    head = Paragraph("Some data was missing", style("warn-head"))
    shown = document.missing[:12]
    lines = [Paragraph(markup(sentence), style("warn")) for sentence in shown]
    if len(document.missing) > len(shown):
        more = f"And {len(document.missing) - len(shown)} more, listed in the workbook."
        lines.append(Paragraph(more, style("warn")))
    return PdfTable(
        [[[head, *lines]]],
        colWidths=[_WIDTH],
        style=[
            ("BACKGROUND", (0, 0), (-1, -1), WARN_PALE),
            ("LINEBEFORE", (0, 0), (0, -1), 2, WARN),
            ("LEFTPADDING", (0, 0), (-1, -1), 10),
            ("TOPPADDING", (0, 0), (-1, -1), 7),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
        ],
    )


def _facts(document: Document) -> PdfTable:
    rows = [
        [
            Paragraph(markup(label), style("fact-label")),
            Paragraph(markup(in_words(cell, with_unit=True)), style("fact")),
        ]
        for label, cell in document.facts
    ]
    return PdfTable(
        rows,
        colWidths=[32 * mm, _WIDTH - 32 * mm],
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ],
    )


# -- Sections --------------------------------------------------------------------------------


def _section(section: Section) -> list[Flowable]:
    # A heading never stands alone at a page's foot.
    story: list[Flowable] = [
        CondPageBreak(_HEADING_ROOM),
        Paragraph(markup(section.title), style("h1")),
    ]
    if section.note:
        story.append(Paragraph(markup(section.note), style("note")))
    for words in section.paragraphs:
        text = markup(words, characters_max=PARAGRAPH_CHARACTERS_MAX)
        story.append(Paragraph(text or "&nbsp;", style("text")))
    for chart in section.charts:
        story += _chart(chart, titled=len(section.charts) > 1)
    on_paper = [table for table in section.tables if table.on_paper]
    for number, table in enumerate(on_paper):
        flow = tables.flow(table, _WIDTH)
        if number == 0 and not section.charts and not section.paragraphs:
            story, flow = _kept(story, flow)
        story += flow
    return [*story, Spacer(1, 9 * mm)]


def _kept(heading: list[Flowable], flow: list[Flowable]) -> tuple[list[Flowable], list[Flowable]]:
    """A heading goes with a short table to the next page when that has to go there."""
    first, *others = flow
    if not isinstance(first, KeepTogether):
        return heading, flow
    together: Any = first
    return [KeepTogether([*heading[1:], *together._content])], others  # noqa: SLF001


def _chart(chart: Chart, *, titled: bool) -> list[Flowable]:
    """A chart, with its title where a section has several."""
    drawing = charts.draw(chart, _WIDTH)
    if drawing is None:
        return []
    drawn: list[Flowable] = [drawing, Spacer(1, 2 * mm)]
    if not titled:
        return drawn
    return [KeepTogether([Paragraph(markup(chart.title), style("chart")), *drawn])]


# -- Pages -----------------------------------------------------------------------------------


def _cover_page() -> PageTemplate:
    def draw(canvas: Canvas, _template: BaseDocTemplate) -> None:
        canvas.setFillColor(BRAND)
        canvas.rect(0, A4[1] - 9 * mm, A4[0], 9 * mm, stroke=0, fill=1)
        canvas.setFillColor(PALE)
        canvas.rect(0, 0, A4[0], 12 * mm, stroke=0, fill=1)

    frame = Frame(MARGIN, 20 * mm, _WIDTH, A4[1] - 32 * mm, 0, 0, 0, 0, id="cover")
    return PageTemplate("cover", [frame], onPage=draw)


def _body_page(document: Document) -> PageTemplate:
    title = drawable(f"{FUND} · {document.title}")
    period = drawable(document.period.text)

    def draw(canvas: Canvas, _template: BaseDocTemplate) -> None:
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.6)
        canvas.line(MARGIN, A4[1] - 15 * mm, A4[0] - MARGIN, A4[1] - 15 * mm)
        canvas.setFillColor(BRAND)
        canvas.setFont(BOLD, 7.5)
        canvas.drawString(MARGIN, A4[1] - 13 * mm, title)
        canvas.setFillColor(SOFT)
        canvas.setFont(REGULAR, 7.5)
        canvas.drawRightString(A4[0] - MARGIN, A4[1] - 13 * mm, period)
        canvas.drawString(MARGIN, 10 * mm, f"{document.source} · times in UTC")

    frame = Frame(MARGIN, 17 * mm, _WIDTH, A4[1] - 37 * mm, 0, 0, 0, 0, id="body")
    return PageTemplate("body", [frame], onPage=draw)


class _NumberedCanvas(Canvas):
    """Keeps the pages until their number is known, then writes "page x of y" on each."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        for page in self._pages:
            self.__dict__.update(page)
            self.setFillColor(SOFT)
            self.setFont(REGULAR, 7.5)
            number = page["_pageNumber"]
            words = f"Page {number} of {len(self._pages)}"
            y = 5 * mm if number == 1 else 10 * mm
            self.drawRightString(A4[0] - MARGIN, y, words)
            super().showPage()
        super().save()
