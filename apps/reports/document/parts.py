"""What a report consists of: a cover, and sections of paragraphs, charts and tables."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.reports.rules import Period

from .cells import Cell, Kind, Table, instant, text

Dataset = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A figure over time, with the limits it was held against.

    A point without a value parts the line. ``table`` and ``column`` say where in the section the
    same values stand, from which a workbook draws its own.
    """

    title: str
    kind: Kind
    points: tuple[tuple[datetime, Any], ...]
    limits: tuple[tuple[str, Any], ...] = ()
    table: int = 0
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Levels over time: from each instant on the one beside it, until ``until``."""

    title: str
    levels: tuple[str, ...]
    points: tuple[tuple[datetime, str], ...]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Tiers against their bands, as the dataset has them; their ratios are in ``column`` of the
    section's first table."""

    title: str
    tiers: tuple[Dataset, ...]
    column: int = 3


Chart = Line | Steps | Bands


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with paragraphs, charts and tables; ``name`` is the sheet's name in a workbook."""

    name: str
    title: str
    note: str
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    paragraphs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the cover; ``more`` stands below it, followed by ``words``."""

    label: str
    value: Cell
    more: Cell | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report. ``period_words`` is what stands below its title; ``source`` at each page's
    foot; ``summary``, ``facts`` and ``figures`` are for the cover."""

    title: str
    run_id: int
    period: Period
    period_words: str
    source: str
    generated_at: datetime
    facts: tuple[tuple[str, Cell], ...]
    figures: tuple[Figure, ...]
    missing: tuple[str, ...]
    sections: tuple[Section, ...]
    summary: str = ""


def period_of(data: Dataset) -> Period:
    """The dataset's period."""
    return Period(*(datetime.fromisoformat(data["period"][name]) for name in ("start", "end")))


def source_of(data: Dataset) -> str:
    """Up to which block the figures go."""
    closing = data["as_of"]["closing"]
    return f"As of block {closing['block_number']:,}" if closing else "Closing not known"


def block_cell(data: Dataset, name: str) -> Cell:
    """A block that figures are of, in words."""
    found = data["as_of"].get(name)
    if found is None:
        return text(None)
    at = datetime.fromisoformat(found["block_time"])
    return text(f"block {found['block_number']:,} of {at:%Y-%m-%d %H:%M:%S} UTC")


def chain_cell(data: Dataset) -> Cell:
    """The chain by name and number."""
    return text(f"{data['chain']['name']} ({data['chain']['chain_id']})")


def made_facts(data: Dataset) -> tuple[tuple[str, Cell], ...]:
    """When it was made, and its number."""
    return (("Made", instant(data["generated_at"])), ("Report", text(f"#{data['run_id']}")))


def noun(word: str, number: int) -> str:
    """The word for that many."""
    return word if number == 1 else f"{word}s"
