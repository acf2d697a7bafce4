"""Tables and charts of risk: levels, indicators, events."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from .cells import (
    Cell,
    Kind,
    Table,
    count,
    instant,
    measured,
    score,
    seconds,
    text,
    word,
    yes_no,
)
from .parts import Dataset, Line, Section, Steps

LEVELS = ("NORMAL", "ELEVATED", "HIGH", "CRITICAL")
_KINDS = {"SHARE": Kind.RATIO, "SECONDS": Kind.SECONDS, "FACTOR": Kind.FACTOR}


def levels_and_events(part: Dataset) -> Section:
    """How risk stood over the period."""
    return Section(
        name="Level",
        title="Risk level and events",
        note="The level as it held after three better measurements in a row. Events are those "
        "that were open in the period.",
        tables=(_summary(part), levels(part), events(part)),
        charts=level_steps(part["levels"]),
    )


def _summary(part: Dataset) -> Table:
    at = part["seconds_at"]
    rows: list[tuple[Cell, ...]] = [
        (text("Level at the opening"), word(part["opening_level"])),
        (text("Level at the closing"), word(part["closing_level"])),
        (text("Worst level"), word(part["worst_level"])),
        (text("Highest score, 0 to 100"), score(part["worst_score"])),
        *((text(f"Time at {level.capitalize()}"), seconds(at[level])) for level in LEVELS),
        (text("Time not measured"), seconds(part["unknown_seconds"])),
        (text("Events opened"), count(part["events_opened"])),
        (text("Events acknowledged by people"), count(part["events_acknowledged"])),
        (text("Events resolved"), count(part["events_resolved"])),
        (text("Events told again because nobody answered"), count(part["events_escalated"])),
    ]
    return Table(title="In short", headers=("Figure", "Value"), rows=tuple(rows), widths=(0.6, 0.4))


def levels(part: Dataset) -> Table:
    """Each stretch at one level, with what set it."""
    return Table(
        title="Levels",
        headers=("From", "Until", "Level", "Lasted", "Score", "Why"),
        rows=tuple(
            (
                instant(row["from"]),
                instant(row["until"]),
                word(row["level"]),
                seconds(row["seconds"]),
                score(row["score"]),
                text(row["reason"] or None),
            )
            for row in part["levels"]
        ),
        empty="Risk was not measured in this period.",
        widths=(0.16, 0.16, 0.11, 0.11, 0.08, 0.38),
    )


def level_steps(rows: list[Dataset]) -> tuple[Steps, ...]:
    """The level over time; none when it was not measured."""
    if not rows:
        return ()
    return (
        Steps(
            title="Level of risk",
            levels=LEVELS,
            points=tuple((datetime.fromisoformat(row["from"]), row["level"]) for row in rows),
            until=datetime.fromisoformat(rows[-1]["until"]),
        ),
    )


def events(part: Dataset) -> Table:
    """Each event, who answered and how it ended."""
    return Table(
        title="Risk events",
        headers=("No.", "Opened", "Severity", "What", "Acknowledged", "Told again", "Resolved"),
        rows=tuple(
            (
                text(f"#{row['id']}"),
                instant(row["opened_at"]),
                word(row["severity"]),
                text(row["message"]),
                text(_answered(row)),
                text(_told_again(row["escalations"])),
                text(_ended(row)),
            )
            for row in part["events"]
        ),
        empty="No risk event was open in this period.",
        widths=(0.06, 0.145, 0.09, 0.285, 0.155, 0.095, 0.17),
    )


def _answered(row: Dataset) -> str:
    if row["acknowledged_at"] is None:
        return "By nobody"
    return f"{_clock(row['acknowledged_at'])} by {row['acknowledged_by']}"


def _told_again(times: int) -> str:
    return {0: "No", 1: "Once"}.get(times, f"{times} times")


def _ended(row: Dataset) -> str:
    if row["resolved_at"] is None:
        return "Still open"
    return f"{_clock(row['resolved_at'])} {row['resolution'] or 'by itself'}"


def _clock(value: str) -> str:
    return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M}"


# -- Indicators ------------------------------------------------------------------------------


def indicators(readings: list[Dataset]) -> Table:
    """Every indicator against its thresholds."""
    return Table(
        title="Indicators",
        headers=("Indicator", "Value", "Warning", "Critical", "Status", "Score", "In words"),
        rows=tuple(
            (
                text(row["title"]),
                _value_cell(row),
                measured(row["warning"], row["unit"]),
                measured(row["critical"], row["unit"]),
                word(row["status"]),
                score(row["score_share"]),
                text(row["unknown"] or row["meaning"]),
            )
            for row in readings
        ),
        empty="Risk was never measured.",
        widths=(0.19, 0.10, 0.10, 0.10, 0.10, 0.07, 0.34),
    )


def _value_cell(row: Dataset) -> Cell:
    return text("No bound") if row["infinite"] else measured(row["value"], row["unit"])


def history_lines(history: list[Dataset], *, first_table: int) -> tuple[Line, ...]:
    """A chart of each indicator with its limits; their tables begin at ``first_table``."""
    return tuple(
        Line(
            title=row["title"],
            kind=_KINDS[row["unit"]],
            points=tuple(
                (datetime.fromisoformat(point["at"]), _drawn(point["value"], row["unit"]))
                for point in row["points"]
            ),
            limits=tuple(
                (name, _drawn(row[name], row["unit"])) for name in ("warning", "critical")
            ),
            table=first_table + number,
        )
        for number, row in enumerate(history)
        if sum(point["value"] is not None for point in row["points"]) > 1
    )


def history_tables(history: list[Dataset]) -> tuple[Table, ...]:
    """The readings behind the charts, for the workbook."""
    return tuple(
        Table(
            title=row["title"],
            headers=("At", row["title"], "Status"),
            rows=tuple(
                (
                    instant(point["at"]),
                    measured(point["value"], row["unit"]),
                    word(point["status"]),
                )
                for point in row["points"]
            ),
            empty="It was not measured in this period.",
            on_paper=False,
        )
        for row in history
    )


def _drawn(value: str | None, unit: str) -> Any:
    if value is None:
        return None
    return int(Decimal(value)) if unit == "SECONDS" else Decimal(value)


def within(value: bool | None) -> Cell:
    """Whether a tier lies in its band."""
    return yes_no(value, "Within", "Outside")
