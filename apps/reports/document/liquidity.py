"""The liquidity report: short, for whoever watches the fund now."""

from datetime import datetime

from .cells import Cell, Table, bps, count, day, hexa, instant, money, ratio, score, text, word
from .cells import yes_no as truth
from .parts import (
    Bands,
    Dataset,
    Document,
    Figure,
    Section,
    block_cell,
    chain_cell,
    made_facts,
    noun,
    period_of,
    source_of,
)
from .risk import events, indicators, within

_REASONS_MAX = 5
"""On the first page; every indicator has its sentence in its table."""


def liquidity_document(data: Dataset) -> Document:
    """Lay the dataset of a liquidity report out."""
    made_at = datetime.fromisoformat(data["generated_at"])
    return Document(
        title="Liquidity report",
        run_id=data["run_id"],
        period=period_of(data),
        period_words=f"As of {made_at:%Y-%m-%d %H:%M} UTC",
        source=source_of(data),
        generated_at=made_at,
        facts=(
            ("Chain", chain_cell(data)),
            ("Fund as of", block_cell(data, "closing")),
            ("Risk as of", block_cell(data, "risk")),
            *made_facts(data),
        ),
        figures=_figures(data),
        missing=tuple(data["missing"]),
        summary=_summary(data),
        sections=(_liquidity(data), _due(data), _forecast(data), _risk(data)),
    )


def _summary(data: Dataset) -> str:
    verdict = data["verdict"]
    if not verdict:
        return ""
    shown = verdict["reasons"][:_REASONS_MAX]
    more = len(verdict["reasons"]) - len(shown)
    rest = [f"{more} more {noun('reason', more)} below, by indicator."] if more else []
    return " ".join([*shown, *rest])


def _figures(data: Dataset) -> tuple[Figure, ...]:
    verdict, week = data["verdict"], _forecast_for(data, "7d")
    overdue = [row for row in data["due_days"] if row["overdue"]]
    return (
        Figure(
            "Level of risk",
            word(verdict["level"] if verdict else None),
            score(verdict["score"] if verdict else None),
            "of 100",
        ),
        Figure("Available, L1 + L2", money(data["available_assets"])),
        Figure("Redemption liability", money(data["liability_assets"])),
        Figure(
            "Due on the days ahead",
            money(data["due_days_assets"]),
            count(len(overdue)),
            f"{noun('day', len(overdue))} overdue",
        ),
        Figure(
            "Probability of a shortfall within 7 days",
            ratio(week["shortfall_probability"] if week else None),
        ),
        Figure("Emergency mode", truth(data["emergency_mode"], "On", "Off")),
    )


def _forecast_for(data: Dataset, horizon: str) -> Dataset | None:
    return next((row for row in data["forecasts"] if row["horizon"] == horizon), None)


def _liquidity(data: Dataset) -> Section:
    rows = tuple(
        (
            text(tier["tier"]),
            money(tier["assets"]),
            bps(tier["ratio_bps"]),
            bps(tier["target_bps"]),
            bps(tier["min_bps"]),
            bps(tier["max_bps"]),
            within(tier["within_band"]),
        )
        for tier in data["tiers"]
    )
    return Section(
        name="Tiers",
        title="Liquidity tiers",
        note="Ratios are of gross assets; the band is the contract's.",
        tables=(
            Table(
                title="Tiers",
                headers=("Tier", "Value", "Ratio", "Target", "Min", "Max", "Band"),
                rows=rows,
                totals={1: money(data["aum_assets"])} if rows else {},
                empty="There is no reading of the fund.",
                widths=(0.08, 0.32, 0.12, 0.12, 0.12, 0.12, 0.12),
            ),
        ),
        charts=(
            Bands(
                title="Tiers, share of gross assets",
                tiers=tuple(data["tiers"]),
                column=2,
            ),
        ),
    )


def _due(data: Dataset) -> Section:
    left_out = data["requests_left_out"]
    note = "Left is L1 + L2 as they are now, less all that is due up to the end of the day."
    if left_out:
        note += (
            f" {left_out} more open {noun('request', left_out)} are not listed;"
            " what waits for approval has no day yet."
        )
    return Section(
        name="Due",
        title="What is due, and what there is to pay it with",
        note=note,
        tables=(
            Table(
                title="Due by day",
                headers=("Day", "State", "Due", "Due up to then", "Left of L1 + L2", "Covered"),
                rows=tuple(
                    (
                        day(row["day"]),
                        text("Overdue" if row["overdue"] else "Ahead"),
                        money(row["due_assets"]),
                        money(row["due_so_far_assets"]),
                        money(row["left_assets"]),
                        truth(row["covered"]),
                    )
                    for row in data["due_days"]
                ),
                totals={2: money(data["due_days_assets"])} if data["due_days"] else {},
                empty="Nothing is due.",
                widths=(0.14, 0.12, 0.21, 0.21, 0.21, 0.11),
            ),
            Table(
                title="Redemptions, the next first",
                headers=("No.", "Settles", "Owner", "Channel", "Gross", "Status"),
                rows=tuple(
                    (
                        text(f"#{row['request_id']}"),
                        instant(row["settles_at"]),
                        hexa(row["owner"]),
                        word(row["channel"]),
                        money(row["gross_assets"]),
                        word(row["status"]),
                    )
                    for row in data["requests"]
                ),
                totals={4: money(data["requests_assets"])} if data["requests"] else {},
                empty="No redemption is open.",
                widths=(0.08, 0.19, 0.16, 0.15, 0.23, 0.19),
            ),
        ),
    )


def _forecast(data: Dataset) -> Section:
    return Section(
        name="Forecast",
        title="Liquidity forecast",
        note=_made_words(data)
        + "Outflow is expected redemptions; inflow counts half of what history suggests. "
        "Available is L1 + L2 and what matures or opens in time.",
        tables=(
            Table(
                title="By horizon",
                headers=("Horizon", "Outflow", "Inflow", "Available", "Shortfall", "Advice"),
                rows=tuple(_forecast_row(row) for row in data["forecasts"]),
                empty="There is no forecast.",
                widths=(0.10, 0.20, 0.20, 0.20, 0.11, 0.19),
            ),
            Table(
                title="If liquidity falls short",
                headers=("Horizon", "Expected shortfall", "First day", "Advised amount", "Why"),
                rows=tuple(
                    (
                        _horizon(row["horizon"]),
                        money(row["shortfall_assets"]),
                        day(row["first_gap_day"]),
                        money(row["advice_assets"]),
                        text(row["advice_reason"]),
                    )
                    for row in data["forecasts"]
                ),
                empty="There is no forecast.",
                widths=(0.10, 0.20, 0.13, 0.20, 0.37),
            ),
        ),
    )


def _horizon(name: str) -> Cell:
    days = int(name.removesuffix("d"))
    return text(f"{days} {noun('day', days)}")


def _made_words(data: Dataset) -> str:
    """How old the forecast is: what happened since is not in it."""
    times = [datetime.fromisoformat(row["made_at"]) for row in data["forecasts"]]
    return f"Made {min(times):%Y-%m-%d %H:%M} UTC. " if times else ""


def _forecast_row(row: Dataset) -> tuple[Cell, ...]:
    return (
        _horizon(row["horizon"]),
        money(row["outflow_assets"]),
        money(row["inflow_assets"]),
        money(row["available_assets"]),
        ratio(row["shortfall_probability"]),
        word(row["advice"]),
    )


def _risk(data: Dataset) -> Section:
    verdict = data["verdict"]
    return Section(
        name="Risk",
        title="Indicators and open events",
        note="What each indicator adds to the score explains it; the level is set by the limits.",
        tables=(
            indicators(verdict["readings"] if verdict else []),
            events(data["risk"]),
        ),
    )
