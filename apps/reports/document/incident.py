"""The incident report: what happened, what was done about it, what it cost."""

from datetime import datetime
from typing import Any

from .cells import (
    Cell,
    Table,
    count,
    instant,
    measured,
    money,
    seconds,
    text,
    word,
)
from .incident_actions import actions, costs, plans, tickets, transactions
from .incident_record import alarms, checklist, timeline
from .parts import (
    Dataset,
    Document,
    Figure,
    Section,
    block_cell,
    chain_cell,
    made_facts,
    noun,
    period_of,
)
from .risk import history_lines, history_tables, level_steps, levels
from .story import cause_in_words, story, who

_PHASES = {
    "ALARM": "Alarm",
    "LIQUIDITY": "Raising liquidity",
    "PEOPLE": "People at work",
    "RECOVERY": "Recovery",
    "CLOSED": "Closed",
}


def incident_document(data: Dataset) -> Document:
    """Lay the dataset of an incident report out."""
    incident, period = data["incident"], period_of(data)
    return Document(
        title=f"Incident {incident['id']}",
        run_id=data["run_id"],
        period=period,
        period_words=period.text,
        source=f"Incident {incident['id']}, {_PHASES[incident['phase']].lower()}",
        generated_at=datetime.fromisoformat(data["generated_at"]),
        facts=_facts(data),
        figures=_figures(data),
        missing=tuple(data["missing"]),
        summary=incident["summary"],
        sections=(
            Section(
                name="Story",
                title="What happened",
                note="",
                paragraphs=tuple(story(data)),
            ),
            timeline(data),
            _risk(data),
            Section(
                name="Actions",
                title="What was done",
                note="What the protocol asked for, who decided, and what was sent.",
                tables=(actions(data), *tickets(data), transactions(data)),
            ),
            _liquidity(data),
            costs(data),
            alarms(data),
            checklist(data),
            Section(
                name="Lessons",
                title="Lessons",
                note="As written by the person who closed the incident.",
                paragraphs=tuple(incident["lessons"].splitlines()) or ("None were written down.",),
            ),
        ),
    )


def _facts(data: Dataset) -> tuple[tuple[str, Cell], ...]:
    incident = data["incident"]
    closed = "It is not closed yet."
    if incident["closed_at"]:
        closed = f"{_words(incident['closed_at'])}, by {incident['closed_by']}"
    return (
        ("Chain", chain_cell(data)),
        ("Cause", text(cause_in_words(incident["cause"]))),
        ("Opened", text(f"{_words(incident['opened_at'])}, by {who(incident['opened_by'])}")),
        ("Closed", text(closed)),
        ("Final up to", block_cell(data, "closing")),
        *made_facts(data),
    )


def _figures(data: Dataset) -> tuple[Figure, ...]:
    incident, part = data["incident"], data["risk"]
    done = sum(tick["done_at"] is not None for tick in data["checklist"])
    raised, gap = incident["raised_assets"], incident["gap_assets"]
    return (
        Figure("Lasted", seconds(incident["seconds"])),
        Figure("Worst level", word(part["worst_level"])),
        Figure("Largest liquidity gap", money(gap)),
        Figure(
            "Brought by sales",
            money(raised),
            count(len(data["plans"])),
            noun("plan", len(data["plans"])),
        ),
        Figure(
            "Slippage paid",
            money(data["costs"]["slippage_assets"]),
            count(data["costs"]["transactions"]),
            noun("transaction", data["costs"]["transactions"]),
        ),
        Figure(
            "Checklist",
            text(f"{done} of {len(data['checklist'])} done"),
        ),
    )


def _risk(data: Dataset) -> Section:
    history = data["history"]
    return Section(
        name="Risk",
        title="Risk over the incident",
        note="Dashed lines are the limits of warning and critical as they were at the end.",
        tables=(
            Table(
                title="Main indicators",
                headers=(
                    "Indicator",
                    "At the start",
                    "Worst",
                    "Worst at",
                    "At the end",
                    "Critical",
                ),
                rows=tuple(_indicator_row(row) for row in history),
                empty="Risk was not measured during the incident.",
                widths=(0.28, 0.14, 0.14, 0.18, 0.13, 0.13),
            ),
            levels(data["risk"]),
            *history_tables(history),
        ),
        charts=(
            *level_steps(data["levels_before_and_after"]),
            *history_lines(history, first_table=2),
        ),
    )


def _indicator_row(row: Dataset) -> tuple[Cell, ...]:
    unit = row["unit"]
    return (
        text(row["title"]),
        measured(row["first_value"], unit),
        measured(row["worst_value"], unit),
        instant(row["worst_at"]),
        measured(row["last_value"], unit),
        measured(row["critical"], unit),
    )


def _liquidity(data: Dataset) -> Section:
    incident, flows = data["incident"], data["flows"]
    figures: list[tuple[Cell, ...]] = [
        *((text(row["label"]), money(row["assets"])) for row in data["figures"]),
        (text("Largest liquidity gap"), money(incident["gap_assets"])),
        (text("Brought by sales of plans"), money(incident["raised_assets"])),
    ]
    moved: list[tuple[Any, ...]] = [
        ("Redemptions asked for, gross", "requested"),
        ("Redemptions paid, net of fees", "paid"),
        ("Subscriptions", "subscribed"),
    ]
    return Section(
        name="Liquidity",
        title="Liquidity: the gap, and what closed it",
        note=incident["gap_words"],
        tables=(
            Table(
                title="At the opening, and what was raised",
                headers=("Figure", "Amount"),
                rows=tuple(figures),
                widths=(0.6, 0.4),
            ),
            *plans(data),
            Table(
                title="What investors did, from 30 minutes before on",
                headers=("Flow", "Count", "Amount"),
                rows=tuple(
                    (
                        text(label),
                        count(flows[f"{name}_count"]),
                        money(flows[f"{name}_assets"]),
                    )
                    for label, name in moved
                ),
                widths=(0.5, 0.15, 0.35),
            ),
            Table(
                title="Whom to ask off the market",
                headers=("Asset", "Issuer", "Contact"),
                rows=tuple(
                    (text(row["symbol"]), text(row["issuer"]), text(row["contact"]))
                    for row in data["contacts"]
                ),
                empty="No contact is written down for any asset.",
                widths=(0.2, 0.35, 0.45),
            ),
        ),
    )


def _words(value: str) -> str:
    return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M:%S} UTC"
