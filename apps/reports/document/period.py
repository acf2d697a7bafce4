"""The report about a period, such as a day: its order and wording."""

from datetime import datetime

from .cells import Cell, Kind, Table, bps, count, instant, money, nav, shares, text, yes_no
from .flows import fees, redemptions, subscriptions
from .operations import alerts, approvals, transactions
from .parts import (
    Bands,
    Dataset,
    Document,
    Figure,
    Line,
    Section,
    block_cell,
    chain_cell,
    made_facts,
    noun,
    period_of,
    source_of,
)
from .risk import levels_and_events

TITLES = {"DAILY": "Daily report", "CUSTOM": "Report"}


def period_document(data: Dataset) -> Document:
    """Lay the dataset of a period out."""
    period = period_of(data)
    start = period.start
    return Document(
        title=TITLES[data["kind"]],
        run_id=data["run_id"],
        period=period,
        period_words=f"{start:%A}, {start.day} {start:%B %Y}" if period.is_one_day else period.text,
        source=source_of(data),
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
            *_risk(data),
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
    )


def _risk(data: Dataset) -> tuple[Section, ...]:
    """The level and the events; reports from before risk was measured have none."""
    return (levels_and_events(data["risk"]),) if "risk" in data else ()


def _facts(data: Dataset) -> tuple[tuple[str, Cell], ...]:
    return (
        ("Chain", chain_cell(data)),
        ("Opening as of", block_cell(data, "opening")),
        ("Closing as of", block_cell(data, "closing")),
        ("Final up to", block_cell(data, "final")),
        *made_facts(data),
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
            noun("subscription", came["count"]),
        ),
        Figure(
            "Redemptions asked for, gross",
            money(asked["gross_assets"]),
            count(asked["count"]),
            noun("request", asked["count"]),
        ),
        Figure(
            "Redemptions paid, net",
            money(settled["net_assets"]),
            count(settled["count"]),
            noun("payment", settled["count"]),
        ),
    )


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
        charts=(
            Line(
                title="NAV per share",
                kind=Kind.NAV,
                points=tuple((row[0].value, row[1].value) for row in rows),
            ),
        ),
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
        charts=(Bands(title="Tiers, share of gross assets", tiers=tuple(data["tiers"])),),
    )
