"""Tables of an incident report: actions, tickets with votes, plans, transactions, costs."""

from .cells import Table, bps, count, hexa, instant, money, text, word
from .parts import Dataset, Section


def actions(data: Dataset) -> Table:
    """What the protocol asked for."""
    return Table(
        title="Asked for",
        headers=("At", "What", "Ticket", "Plan", "State", "Remark"),
        rows=tuple(
            (
                instant(row["at"]),
                text(row["title"]),
                text(f"#{row['ticket_id']}" if row["ticket_id"] else None),
                text(f"R-{row['plan_id']}" if row["plan_id"] else None),
                text(row["state"]),
                text(row["explanation"] or None),
            )
            for row in data["actions"]
        ),
        empty="Nothing was asked for.",
        widths=(0.16, 0.22, 0.09, 0.09, 0.15, 0.29),
    )


def tickets(data: Dataset) -> tuple[Table, ...]:
    """Each ticket, and each vote on it."""
    return (
        Table(
            title="Tickets",
            headers=("Ticket", "Title", "Status", "Votes needed", "Opened", "Decided", "Outcome"),
            rows=tuple(
                (
                    text(f"#{row['id']}"),
                    text(row["title"]),
                    word(row["status"]),
                    count(row["required_approvals"]),
                    instant(row["opened_at"]),
                    instant(row["decided_at"]),
                    text(row["outcome"] or None),
                )
                for row in data["tickets"]
            ),
            empty="No ticket was opened.",
            widths=(0.08, 0.26, 0.11, 0.09, 0.15, 0.15, 0.16),
        ),
        Table(
            title="Votes",
            headers=("At", "Ticket", "Voter", "Vote", "Comment"),
            rows=tuple(
                (
                    instant(vote["at"]),
                    text(f"#{row['id']}"),
                    text(vote["voter"]),
                    word(vote["decision"]),
                    text(vote["comment"] or None),
                )
                for row in data["tickets"]
                for vote in row["votes"]
            ),
            empty="Nobody voted.",
            widths=(0.18, 0.10, 0.20, 0.14, 0.38),
        ),
    )


def transactions(data: Dataset) -> Table:
    """Each transaction that carried an action out, with its hash."""
    return Table(
        title="Transactions",
        headers=("No.", "What", "Outcome", "Ended", "Gas used", "Hash", "Error"),
        rows=tuple(
            (
                text(f"#{row['id']}"),
                text(row["sentence"]),
                word(row["status"]),
                instant(row["finished_at"]),
                count(row["gas_used"]),
                hexa(row["tx_hash"]),
                text(row["error"] or None),
            )
            for row in data["transactions"]
        ),
        totals={4: count(data["costs"]["gas_used"])} if data["transactions"] else {},
        empty="No transaction was sent.",
        widths=(0.07, 0.30, 0.10, 0.15, 0.11, 0.13, 0.14),
    )


def plans(data: Dataset) -> tuple[Table, ...]:
    """Plans that were to raise liquidity, and each of their trades."""
    rows = data["plans"]
    return (
        Table(
            title="Plans",
            headers=("Plan", "Why", "Status", "Planned", "From sales", "Slippage", "Outcome"),
            rows=tuple(
                (
                    text(f"R-{row['id']}"),
                    text(row["reason"]),
                    word(row["status"]),
                    money(row["planned_assets"]),
                    money(row["raised_assets"]),
                    money(row["slippage_assets"]),
                    text(row["outcome"] or None),
                )
                for row in rows
            ),
            totals={
                4: money(data["incident"]["raised_assets"]),
                5: money(data["costs"]["slippage_assets"]),
            }
            if rows and data["incident"]["raised_assets"] is not None
            else {},
            empty="No plan was made.",
            widths=(0.06, 0.15, 0.11, 0.15, 0.15, 0.10, 0.28),
        ),
        Table(
            title="Trades of the plans",
            headers=("Plan", "No.", "What", "Status", "Planned", "Brought", "Slippage", "Hash"),
            rows=tuple(
                (
                    text(f"R-{row['id']}"),
                    count(leg["position"]),
                    text(leg["sentence"]),
                    word(leg["status"]),
                    money(leg["planned_assets"]),
                    money(leg["realised_assets"]),
                    bps(leg["slippage_bps"]),
                    hexa(leg["tx_hash"]),
                )
                for row in rows
                for leg in row["legs"]
            ),
            empty="No trade was planned.",
            widths=(0.07, 0.06, 0.20, 0.10, 0.16, 0.16, 0.11, 0.14),
        ),
    )


def costs(data: Dataset) -> Section:
    """What it cost, as far as it is known."""
    part = data["costs"]
    return Section(
        name="Costs",
        title="Costs",
        note="Slippage is what trades brought less than the prices of planning; negative is a "
        "gain. Gas in USDT is the expectation of the plans; gas used is in units of the chain.",
        tables=(
            Table(
                title="Costs",
                headers=("What", "Value"),
                rows=(
                    (text("Slippage"), money(part["slippage_assets"])),
                    (text("Gas of the trades, expected"), money(part["expected_gas_assets"])),
                    (text("Gas used, units"), count(part["gas_used"])),
                    (text("Transactions"), count(part["transactions"])),
                    (text("Transactions that failed"), count(part["transactions_failed"])),
                ),
                widths=(0.6, 0.4),
            ),
        ),
    )
