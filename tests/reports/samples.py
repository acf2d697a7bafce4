"""A day of the fund as inputs of a report, with hostile text in it."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from apps.reports.datasets import build
from apps.reports.datasets.inputs import (
    Alert,
    Fee,
    FundPoint,
    Gap,
    Inputs,
    NavPoint,
    Payout,
    Request,
    Subscription,
    Switch,
    Ticket,
    TierPoint,
    Transaction,
)
from apps.reports.rules import day

UNIT = 10**18
DAY = day(date(2026, 11, 21))
START = DAY.start
SCRIPT = "<script>alert(1)</script> & <b>bold</b>"
FORMULA = '=HYPERLINK("http://evil.example","click")'
REVERSED = "invoice\u202efdp.exe"
MANY_TONGUES = "中文 Заявка שלום עולם Ελληνικά 😀"
ENDLESS = "x" * 10_000


def inputs(seed: int = 1, rows: int = 9, **changes: Any) -> Inputs:
    """Random but repeatable amounts, down to the last base unit."""
    dice = random.Random(seed)  # noqa: S311 - test data

    def amount(most: int = 40_000) -> int:
        return dice.randint(1, most * UNIT)

    def hexa(digits: int) -> str:
        return f"0x{dice.getrandbits(4 * digits):0{digits}x}"

    def at(number: int, minute: int) -> datetime:
        return START + timedelta(minutes=(number * 53 + minute) % 1440)

    titles = [SCRIPT, FORMULA, REVERSED, MANY_TONGUES, ENDLESS, "Redemption 7 of 31,200.00 USDT"]
    payouts = []
    for number in range(rows):
        gross = amount()
        fee = gross * 5 // 1000
        payouts.append(
            Payout(
                request_id=100 + number,
                at=at(number, 7),
                receiver=hexa(40),
                channel=dice.choice(["STANDARD", "EMERGENCY", "SCHEDULED"]),
                gross_assets=gross,
                fee_assets=fee,
                net_assets=gross - fee,
                tx_hash=hexa(64),
            )
        )
    made = Inputs(
        period=DAY,
        chain_id=56,
        chain_name="BNB Smart Chain",
        read_at=DAY.end + timedelta(minutes=10),
        final_block_number=68_200_000,
        final_block_time=DAY.end + timedelta(minutes=9),
        unapplied_logs=0,
        opening=fund_point(DAY.start, amount(12_000_000), 1_024_318 * 10**12),
        closing=fund_point(DAY.end, amount(12_000_000), 1_026_749 * 10**12 + 3),
        nav_points=[
            NavPoint(
                at=START + timedelta(hours=hour, minutes=58),
                nav_per_share=1_024_318 * 10**12 + hour * 10**14,
                block_number=68_000_000 + hour,
                source="event",
            )
            for hour in range(24)
        ],
        subscriptions=[
            Subscription(
                at=at(number, 3),
                receiver=hexa(40),
                assets=amount(),
                shares=amount(),
                block_number=68_000_000 + number,
                tx_hash=hexa(64),
            )
            for number in range(rows)
        ],
        requests=[
            Request(
                request_id=2**255 + number,
                requested_at=at(number, 11),
                owner=hexa(40),
                channel=dice.choice(["STANDARD", "EMERGENCY", "SCHEDULED"]),
                shares=amount(),
                gross_assets=amount(),
                estimated_fee_assets=amount(100),
                requires_approval=bool(number % 2),
                status=dice.choice(["PENDING", "PENDING_APPROVAL", "SETTLED"]),
            )
            for number in range(rows)
        ],
        payouts=payouts,
        tickets=[
            Ticket(
                id=70 + number,
                kind=["STANDARD_REDEMPTION", "EMERGENCY_REDEMPTION"][number % 2],
                title=title,
                status=["APPROVED", "REJECTED", "PENDING"][number % 3],
                opened_at=START + timedelta(hours=number),
                deadline_at=START + timedelta(hours=number + 4),
                decided_at=None
                if number % 3 == 2
                else START + timedelta(hours=number, minutes=90 + 120 * number),
            )
            for number, title in enumerate(titles)
        ],
        transactions=[
            Transaction(
                id=300 + number,
                sentence=f"Settle redemption {100 + number}",
                status="FAILED" if number == 1 else "FINAL",
                error=FORMULA if number == 1 else "",
                finished_at=at(number, 13),
                tx_hash="" if number == 1 else hexa(64),
            )
            for number in range(rows)
        ],
        alerts=[
            Alert(
                at=at(4, 0),
                level="LOW",
                ratio_bps=871,
                threshold_bps=1000,
                available_assets=amount(),
                tx_hash=hexa(64),
            )
        ],
        switches=[
            Switch(at=at(5, 0), contract="vault", name="PAUSED", is_on=True, tx_hash=hexa(64))
        ],
        fees=[
            Fee(at=at(n, 1), kind=kind, direction=direction, assets=amount(), tx_hash=hexa(64))
            for n, (kind, direction) in enumerate(
                [
                    ("MANAGEMENT", "ACCRUED"),
                    ("PERFORMANCE", "ACCRUED"),
                    ("REDEMPTION", "ACCRUED"),
                    ("REDEMPTION", "WITHDRAWN"),
                ]
            )
        ],
    )
    return replace(made, **changes)


def fund_point(slot: datetime, aum: int, nav: int) -> FundPoint:
    """The fund with a tenth in L1, three in L2, the rest in L3."""
    l1, l2 = aum // 10, aum * 3 // 10
    tiers = (
        ("L1", l1, 1000, 800, 2000),
        ("L2", l2, 3000, 2000, 4000),
        ("L3", aum - l1 - l2, 6000, 5000, 5500),
    )
    return FundPoint(
        slot=slot,
        block_number=68_000_000,
        block_time=slot - timedelta(seconds=7),
        nav_per_share=nav,
        aum_assets=aum,
        total_assets=aum - 5 * UNIT,
        total_supply_shares=11_800_000 * UNIT + 123,
        liability_assets=380_000 * UNIT,
        locked_shares=372_000 * UNIT,
        emergency_mode=False,
        holders=214,
        tiers=tuple(
            TierPoint(
                tier=name,
                assets=assets,
                ratio_bps=assets * 10_000 // aum,
                target_bps=target,
                min_bps=low,
                max_bps=high,
            )
            for name, assets, target, low, high in tiers
        ),
    )


def dataset(seed: int = 1, rows: int = 9, **changes: Any) -> dict[str, Any]:
    """The dataset of that day."""
    return build(inputs(seed, rows, **changes), kind="DAILY", run_id=41)


def empty_dataset() -> dict[str, Any]:
    """A day of which nothing is known."""
    return build(
        Inputs(
            period=DAY,
            chain_id=56,
            chain_name="BNB Smart Chain",
            read_at=datetime(2026, 11, 22, 0, 10, tzinfo=UTC),
            final_block_number=None,
            final_block_time=None,
            unapplied_logs=3,
            opening=None,
            closing=None,
            gaps=[Gap(slot=START, reason="No node has it.")],
        ),
        kind="DAILY",
        run_id=1,
    )
