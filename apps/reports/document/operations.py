"""Tables of what happened: alerts, tickets, transactions."""

from typing import Any

from .cells import Cell, Table, bps, count, hexa, instant, money, seconds, text, word, yes_no

Dataset = dict[str, Any]


def alerts(data: Dataset) -> tuple[Table, ...]:
    """Liquidity alarms, and switches thrown."""
    return (
        Table(
            title="Liquidity alerts",
            headers=("At", "Level", "Liquidity", "Threshold", "Available", "Transaction"),
            rows=tuple(
                (
                    instant(row["at"]),
                    word(row["level"]),
                    bps(row["ratio_bps"]),
                    bps(row["threshold_bps"]),
                    money(row["available_assets"]),
                    hexa(row["tx_hash"]),
                )
                for row in data["alerts"]
            ),
            empty="The contracts raised no liquidity alert.",
            widths=(0.20, 0.12, 0.13, 0.13, 0.25, 0.17),
        ),
        Table(
            title="Switches",
            headers=("At", "Contract", "Switch", "Position", "Transaction"),
            rows=tuple(
                (
                    instant(row["at"]),
                    word(row["contract"]),
                    word(row["name"]),
                    yes_no(row["is_on"], "On", "Off"),
                    hexa(row["tx_hash"]),
                )
                for row in data["switches"]
            ),
            empty="Emergency mode and pauses were not switched.",
            widths=(0.22, 0.26, 0.20, 0.14, 0.18),
        ),
    )


def approvals(data: Dataset) -> tuple[Table, ...]:
    """Tickets by kind with the share decided in time, and one by one."""
    part = data["approvals"]

    def row_of(label: str, row: Dataset) -> tuple[Cell, ...]:
        return (
            word(label),
            count(row["opened"]),
            count(row["decided"]),
            count(row["approved"]),
            count(row["rejected"]),
            count(row["within_sla"]),
            bps(row["within_sla_bps"]),
            seconds(row["median_decide_seconds"]),
        )

    return (
        Table(
            title="Tickets by kind",
            headers=(
                "Kind",
                "Opened",
                "Decided",
                "Approved",
                "Rejected",
                "In time",
                "Share",
                "Median",
            ),
            rows=tuple(row_of(row["kind"], row) for row in part["by_kind"]),
            totals={n: cell for n, cell in enumerate(row_of("", part)) if n > 0 and part["items"]},
            empty="No ticket was opened or decided.",
            widths=(0.25, 0.09, 0.10, 0.11, 0.11, 0.10, 0.11, 0.13),
        ),
        Table(
            title="Tickets",
            headers=("Ticket", "Title", "Status", "Opened", "Decided", "In time", "Took"),
            rows=tuple(
                (
                    text(f"#{row['id']}"),
                    text(row["title"]),
                    word(row["status"]),
                    instant(row["opened_at"]),
                    instant(row["decided_at"]),
                    yes_no(row["within_sla"]),
                    seconds(row["decide_seconds"]),
                )
                for row in part["items"]
            ),
            empty="No ticket was opened or decided.",
            widths=(0.08, 0.28, 0.13, 0.16, 0.16, 0.08, 0.11),
        ),
    )


def transactions(data: Dataset) -> tuple[Table, ...]:
    """By outcome, and one by one."""
    part = data["transactions"]
    return (
        Table(
            title="By outcome",
            headers=("Outcome", "Count"),
            rows=tuple((word(row["status"]), count(row["count"])) for row in part["by_status"]),
            totals={1: count(part["count"])} if part["items"] else {},
            empty="No transaction of ours ended.",
            widths=(0.6, 0.4),
        ),
        Table(
            title="Transactions",
            headers=("No.", "What", "Outcome", "Ended", "Hash", "Error"),
            rows=tuple(
                (
                    text(f"#{row['id']}"),
                    text(row["sentence"]),
                    word(row["status"]),
                    instant(row["finished_at"]),
                    hexa(row["tx_hash"]),
                    text(row["error"]),
                )
                for row in part["items"]
            ),
            empty="No transaction of ours ended.",
            widths=(0.08, 0.26, 0.12, 0.17, 0.15, 0.22),
        ),
    )
