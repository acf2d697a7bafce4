"""The written record of an incident: its timeline, its alerts, its checklist."""

from .cells import Table, count, instant, text, word
from .operations import alerts
from .parts import Dataset, Section
from .risk import events
from .story import who


def timeline(data: Dataset) -> Section:
    """Every step, as it was written down."""
    return Section(
        name="Timeline",
        title="Timeline",
        note="Every step as it was recorded.",
        tables=(
            Table(
                title="Timeline",
                headers=("At", "What", "About", "By"),
                rows=tuple(
                    (
                        instant(row["at"]),
                        text(row["text"]),
                        word(row["kind"]),
                        text(who(row["actor"])),
                    )
                    for row in data["entries"]
                ),
                empty="Nothing was recorded.",
                widths=(0.16, 0.55, 0.12, 0.17),
            ),
        ),
    )


def alarms(data: Dataset) -> Section:
    """What was wrong, what people were told, and what the contracts raised."""
    return Section(
        name="Alerts",
        title="Alerts, and who answered them",
        note="An alert that nobody acknowledges is told again after a while, then to more people.",
        tables=(
            events(data["risk"]),
            Table(
                title="What people were told",
                headers=("At", "Subject", "Severity", "Channels", "Sent", "Failed"),
                rows=tuple(
                    (
                        instant(row["at"]),
                        text(row["subject"]),
                        word(row["severity"]),
                        text(", ".join(row["channels"])),
                        count(row["sent"]),
                        count(row["failed"]),
                    )
                    for row in data["messages"]
                ),
                totals={
                    4: count(sum(row["sent"] for row in data["messages"])),
                    5: count(sum(row["failed"] for row in data["messages"])),
                }
                if data["messages"]
                else {},
                empty="Nobody was told anything.",
                widths=(0.16, 0.40, 0.10, 0.18, 0.08, 0.08),
            ),
            *alerts(data),
        ),
    )


def checklist(data: Dataset) -> Section:
    """What people had to see to, and who did when."""
    return Section(
        name="Checklist",
        title="Checklist",
        note="What people had to see to; each line was ticked once, with a name and a time.",
        tables=(
            Table(
                title="Checklist",
                headers=("What", "Done", "By", "Note"),
                rows=tuple(
                    (
                        text(row["title"]),
                        instant(row["done_at"]),
                        text(row["done_by"] or None),
                        text(row["note"] or None),
                    )
                    for row in data["checklist"]
                ),
                empty="There was no checklist.",
                widths=(0.40, 0.17, 0.16, 0.27),
            ),
        ),
    )
