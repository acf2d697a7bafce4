"""The order and wording of a report: from the dataset to sections."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.reports.rules import Period

from .cells import Cell, Table, bps, count, instant, money, nav, shares, text, yes_no
from .flows import fees, redemptions, subscriptions
from .operations import alerts, approvals, transactions

Dataset = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with tables; ``name`` is the sheet's name in a workbook."""

    name: str
    title: str
    note: str
    tables: tuple[Table, ...]
    chart: str = ""  # "nav" or "tiers"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the cover; ``more`` stands below it, followed by ``words``."""

    label: str
    value: Cell
    more: Cell | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report. ``facts`` and ``figures`` are for the cover."""

    title: str
    period: Period
    generated_at: datetime
    facts: tuple[tuple[str, Cell], ...]
    figures: tuple[Figure, ...]
    missing: tuple[str, ...]
    sections: tuple[Section, ...]
    dataset: Dataset


TITLES = {"DAILY": "Daily report", "CUSTOM": "Report"}


def document(data: Dataset) -> Document:
    """Lay a dataset out."""
    start, end = (datetime.fromisoformat(data["period"][name]) for name in ("start", "end"))
    return Document(
        title=TITLES[data["kind"]],
        period=Period(start, end),
        generated_at=datetime.fromisoformat(data["generated_at"]),
        facts=_facts(data),
        figures=_figures(data),
        missing=tuple(data["missing"]),
        sections=(
            _overview(data),
            _nav(data),
            _tiers(data),
            Section(
                name="Subscriptions",
                title="Subscriptions",
                note="Assets received and shares minted, by the time of their block.",
                tables=subscriptions(data),
            ),
            Section(
                name="Redemptions",
                title="Redemptions",
                note="Asked for, by the time of the request; paid, by the time of the payment. "
                "Net = gross − fee. Fees of requests are the contract's estimates.",
                tables=redemptions(data),
            ),
            Section(
                name="Fees",
                title="Fees",
                note="Fees accrued are owed to the fund's operators; withdrawn are paid out. "
                "The contracts tell of withdrawals of redemption fees only.",
                tables=fees(data),
            ),
            Section(
                name="Risk",
                title="Liquidity alerts and switches",
                note="As the contracts raised them.",
                tables=alerts(data),
            ),
            Section(
                name="Approvals",
                title="Approvals",
                note="Tickets opened or decided in the period. In time means decided before the "
                "ticket's deadline.",
                tables=approvals(data),
            ),
            Section(
                name="Transactions",
                title="Transactions sent",
                note="Our own transactions that came to their end in the period.",
                tables=transactions(data),
            ),
        ),
        dataset=data,
    )


def _facts(data: Dataset) -> tuple[tuple[str, Cell], ...]:
    as_of = data["as_of"]

    def block(name: str) -> Cell:
        found = as_of[name]
        if found is None:
            return text(None)
        at = datetime.fromisoformat(found["block_time"])
        return text(f"block {found['block_number']:,} of {at:%Y-%m-%d %H:%M:%S} UTC")

    return (
        ("Chain", text(f"{data['chain']['name']} ({data['chain']['chain_id']})")),
        ("Opening as of", block("opening")),
        ("Closing as of", block("closing")),
        ("Final up to", block("final")),
        ("Made", instant(data["generated_at"])),
        ("Report", text(f"#{data['run_id']}")),
    )


def _figures(data: Dataset) -> tuple[Figure, ...]:
    fund, flows, came = data["fund"], data["flows"], data["subscriptions"]
    settled, asked = data["redemptions"]["settled"], data["redemptions"]["requested"]
    per_share, gross = fund["nav_per_share"], fund["aum_assets"]
    return (
        Figure("NAV per share", nav(per_share["closing"]), _change(per_share), "over the period"),
        Figure(
            "Assets under management", money(gross["closing"]), _change(gross), "over the period"
        ),
        Figure("Net flow", money(flows["net_flow_assets"], signed=True)),
        Figure(
            "Subscriptions",
            money(came["assets"]),
            count(came["count"]),
            _noun("subscription", came["count"]),
        ),
        Figure(
            "Redemptions asked for, gross",
            money(asked["gross_assets"]),
            count(asked["count"]),
            _noun("request", asked["count"]),
        ),
        Figure(
            "Redemptions paid, net",
            money(settled["net_assets"]),
            count(settled["count"]),
            _noun("payment", settled["count"]),
        ),
    )


def _noun(word: str, number: int) -> str:
    return word if number == 1 else f"{word}s"


def _change(row: Dataset) -> Cell:
    return bps(row["change_bps"], signed=True)


def _overview(data: Dataset) -> Section:
    fund = data["fund"]
    makers = {
        "nav_per_share": ("NAV per share (USDT)", nav),
        "aum_assets": ("Assets under management, gross", money),
        "total_assets": ("Total assets, net", money),
        "total_supply_shares": ("Shares outstanding", shares),
        "liability_assets": ("Redemption liability", money),
        "locked_shares": ("Shares locked for redemption", shares),
    }
    rows = [
        (
            text(label),
            make(fund[name]["opening"]),
            make(fund[name]["closing"]),
            make(fund[name]["change"], signed=True),
            _change(fund[name]),
        )
        for name, (label, make) in makers.items()
    ]
    holders, emergency = fund["holders"], fund["emergency_mode"]
    unknown = text("")
    rows.append(
        (text("Holders"), count(holders["opening"]), count(holders["closing"]), unknown, unknown)
    )
    rows.append(
        (
            text("Emergency mode"),
            yes_no(emergency["opening"], "On", "Off"),
            yes_no(emergency["closing"], "On", "Off"),
            unknown,
            unknown,
        )
    )
    flows = data["flows"]
    return Section(
        name="Overview",
        title="Overview",
        note="Gross assets are L1 + L2 + L3; net assets are less redemption liability and fees.",
        tables=(
            Table(
                title="The fund",
                headers=("Figure", "Opening", "Closing", "Change", "Change %"),
                rows=tuple(rows),
                widths=(0.27, 0.215, 0.215, 0.18, 0.12),
            ),
            Table(
                title="Flows",
                headers=("Flow", "Amount"),
                rows=(
                    (text("Subscriptions"), money(flows["subscribed_assets"])),
                    (text("Redemptions paid, net of fees"), money(flows["paid_net_assets"])),
                    (text("Net flow"), money(flows["net_flow_assets"], signed=True)),
                ),
                widths=(0.6, 0.4),
            ),
        ),
    )


def _nav(data: Dataset) -> Section:
    rows = tuple(
        (
            instant(point["at"]),
            nav(point["nav_per_share"]),
            count(point["block_number"]),
            text(point["source"].capitalize()),
        )
        for point in data["nav_points"]
    )
    return Section(
        name="NAV",
        title="NAV per share",
        note="The last value of each hour (of each day in periods over eight days), from "
        "snapshots and from the contract's own updates.",
        tables=(
            Table(
                title="NAV history",
                headers=("At", "NAV per share (USDT)", "Block", "Source"),
                rows=rows,
                empty="No value is known in this period.",
                widths=(0.28, 0.30, 0.22, 0.20),
            ),
        ),
        chart="nav",
    )


def _tiers(data: Dataset) -> Section:
    rows = tuple(
        (
            text(tier["tier"]),
            money(tier["opening_assets"]),
            money(tier["closing_assets"]),
            bps(tier["ratio_bps"]),
            bps(tier["target_bps"]),
            bps(tier["min_bps"]),
            bps(tier["max_bps"]),
            yes_no(tier["within_band"], "Within", "Outside"),
        )
        for tier in data["tiers"]
    )
    total = data["fund"]["aum_assets"]
    totals: dict[int, Cell] = {}
    if rows:
        totals = {2: money(total["closing"])}
        if all(tier["opening_assets"] is not None for tier in data["tiers"]):
            totals[1] = money(total["opening"])
    return Section(
        name="Tiers",
        title="Liquidity tiers",
        note="Ratios are of gross assets at the closing; the band is the contract's.",
        tables=(
            Table(
                title="Tiers",
                headers=("Tier", "Opening", "Closing", "Ratio", "Target", "Min", "Max", "Band"),
                rows=rows,
                totals=totals,
                empty="The closing of the period is not known.",
                widths=(0.07, 0.21, 0.21, 0.10, 0.10, 0.10, 0.10, 0.11),
            ),
        ),
        chart="tiers",
    )
