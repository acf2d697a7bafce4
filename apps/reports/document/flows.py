"""Tables of money that came in and went out, and of fees."""

from typing import Any

from .cells import (
    Table,
    count,
    hexa,
    instant,
    money,
    nav,
    shares,
    text,
    word,
    yes_no,
)

Dataset = dict[str, Any]


def subscriptions(data: Dataset) -> tuple[Table, ...]:
    """Each subscription."""
    part = data["subscriptions"]
    return (
        Table(
            title="Subscriptions",
            headers=("At", "Receiver", "Amount", "Shares", "NAV paid", "Transaction"),
            rows=tuple(
                (
                    instant(row["at"]),
                    hexa(row["receiver"]),
                    money(row["assets"]),
                    shares(row["shares"]),
                    nav(row["nav_per_share"]),
                    hexa(row["tx_hash"]),
                )
                for row in part["items"]
            ),
            totals={2: money(part["assets"]), 3: shares(part["shares"])},
            empty="Nobody subscribed in this period.",
            widths=(0.17, 0.15, 0.20, 0.20, 0.13, 0.15),
        ),
    )


def redemptions(data: Dataset) -> tuple[Table, ...]:
    """Requests and payments, by channel and one by one."""
    asked, paid = data["redemptions"]["requested"], data["redemptions"]["settled"]
    return (
        Table(
            title="Asked for, by channel",
            headers=("Channel", "Count", "Shares", "Gross", "Estimated fee"),
            rows=tuple(
                (
                    word(row["channel"]),
                    count(row["count"]),
                    shares(row["shares"]),
                    money(row["gross_assets"]),
                    money(row["estimated_fee_assets"]),
                )
                for row in asked["by_channel"]
            ),
            totals={
                1: count(asked["count"]),
                2: shares(asked["shares"]),
                3: money(asked["gross_assets"]),
                4: money(asked["estimated_fee_assets"]),
            },
            widths=(0.18, 0.10, 0.24, 0.26, 0.22),
        ),
        Table(
            title="Paid, by channel",
            headers=("Channel", "Count", "Gross", "Fee", "Net"),
            rows=tuple(
                (
                    word(row["channel"]),
                    count(row["count"]),
                    money(row["gross_assets"]),
                    money(row["fee_assets"]),
                    money(row["net_assets"]),
                )
                for row in paid["by_channel"]
            ),
            totals={
                1: count(paid["count"]),
                2: money(paid["gross_assets"]),
                3: money(paid["fee_assets"]),
                4: money(paid["net_assets"]),
            },
            widths=(0.18, 0.10, 0.26, 0.20, 0.26),
        ),
        Table(
            title="Requests",
            headers=(
                "No.",
                "At",
                "Owner",
                "Channel",
                "Gross",
                "Estimated fee",
                "Approval",
                "Status",
            ),
            rows=tuple(
                (
                    text(f"#{row['request_id']}"),
                    instant(row["requested_at"]),
                    hexa(row["owner"]),
                    word(row["channel"]),
                    money(row["gross_assets"]),
                    money(row["estimated_fee_assets"]),
                    yes_no(row["requires_approval"], "Needed", "Not needed"),
                    word(row["status"]),
                )
                for row in asked["items"]
            ),
            totals={4: money(asked["gross_assets"]), 5: money(asked["estimated_fee_assets"])},
            empty="Nobody asked to redeem in this period.",
            widths=(0.07, 0.15, 0.12, 0.11, 0.15, 0.13, 0.11, 0.16),
        ),
        Table(
            title="Payments",
            headers=("No.", "At", "Receiver", "Channel", "Gross", "Fee", "Net", "Transaction"),
            rows=tuple(
                (
                    text(f"#{row['request_id']}"),
                    instant(row["at"]),
                    hexa(row["receiver"]),
                    word(row["channel"]),
                    money(row["gross_assets"]),
                    money(row["fee_assets"]),
                    money(row["net_assets"]),
                    hexa(row["tx_hash"]),
                )
                for row in paid["items"]
            ),
            totals={
                4: money(paid["gross_assets"]),
                5: money(paid["fee_assets"]),
                6: money(paid["net_assets"]),
            },
            empty="No redemption was paid in this period.",
            widths=(0.08, 0.15, 0.12, 0.11, 0.15, 0.12, 0.15, 0.12),
        ),
    )


def fees(data: Dataset) -> tuple[Table, ...]:
    """Accrued and withdrawn, by kind and line by line."""
    part = data["fees"]
    return (
        Table(
            title="Fees by kind",
            headers=("Kind", "Accrued", "Withdrawn"),
            rows=tuple(
                (word(row["kind"]), money(row["accrued_assets"]), money(row["withdrawn_assets"]))
                for row in part["by_kind"]
            ),
            totals={1: money(part["accrued_assets"]), 2: money(part["withdrawn_assets"])},
            widths=(0.34, 0.33, 0.33),
        ),
        Table(
            title="Fee ledger",
            headers=("At", "Kind", "Direction", "Amount", "Transaction"),
            rows=tuple(
                (
                    instant(row["at"]),
                    word(row["kind"]),
                    word(row["direction"]),
                    money(row["assets"]),
                    hexa(row["tx_hash"]),
                )
                for row in part["items"]
            ),
            empty="No fee was accrued or withdrawn in this period.",
            widths=(0.22, 0.18, 0.16, 0.26, 0.18),
        ),
    )
