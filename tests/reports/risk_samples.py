"""A run on the fund as inputs of the reports about it, with hostile text in it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.reports.datasets.incident import build_incident
from apps.reports.datasets.incident_inputs import (
    Action,
    ActionTicket,
    Carried,
    Contact,
    Entry,
    IncidentInputs,
    LiquidationPlan,
    Message,
    PlanLeg,
    Tick,
    Vote,
)
from apps.reports.datasets.inputs import Alert, Switch
from apps.reports.datasets.liquidity import build_liquidity
from apps.reports.datasets.liquidity_inputs import LiquidityInputs, Verdict
from apps.reports.datasets.risk_inputs import (
    DueDay,
    DueRequest,
    Forecast,
    History,
    HistoryPoint,
    LevelPoint,
    Reading,
    RiskEvent,
)
from apps.reports.rules import Period
from tests.reports.samples import FORMULA, SCRIPT, UNIT, fund_point

BEGAN = datetime(2026, 11, 21, 10, 4, 12, tzinfo=UTC)
ENDED = BEGAN + timedelta(hours=3, minutes=12)
PERIOD = Period(BEGAN, ENDED)
SLOT = Period(datetime(2026, 11, 21, 10, tzinfo=UTC), datetime(2026, 11, 21, 11, tzinfo=UTC))
HASH = f"0x{'ab' * 32}"
OWNER = f"0x{'cd' * 20}"
INDICATORS = (
    ("l1_ratio", "L1 ratio", "SHARE", "below", "0.1", "0.08"),
    ("l1_l2_ratio", "L1 + L2 ratio", "SHARE", "below", "0.4", "0.35"),
    ("redemption_coverage", "Redemption coverage", "SHARE", "below", "1.5", "1"),
    ("daily_redemption_rate", "Redemptions of a day", "SHARE", "above", "0.03", "0.05"),
    ("redemption_velocity", "Pace of redemptions", "FACTOR", "above", "1.5", "2"),
    ("event_lag", "Lag of events", "SECONDS", "above", "30", "300"),
)


def reading(number: int = 0, **changes: Any) -> Reading:
    """An indicator that is critical."""
    name, title, unit, _worse, warning, critical = INDICATORS[number]
    row = Reading(
        indicator=name,
        title=title,
        unit=unit,
        value=Decimal("0.0793123456"),
        infinite=False,
        warning=Decimal(warning),
        critical=Decimal(critical),
        status="CRITICAL",
        score_share=Decimal("14.2857"),
        meaning="L1 is 7.93 % of gross assets, below the critical limit of 8 %.",
    )
    return replace(row, **changes)


def event(number: int = 1, **changes: Any) -> RiskEvent:
    """An event that somebody acknowledged and that resolved itself."""
    row = RiskEvent(
        id=number,
        type="INDICATOR",
        indicator="l1_ratio",
        severity="CRITICAL",
        message="L1 is 7.93 % of gross assets, below the critical limit of 8 %.",
        status="RESOLVED",
        opened_at=BEGAN,
        acknowledged_at=BEGAN + timedelta(minutes=41),
        acknowledged_by="rita",
        escalations=1,
        resolved_at=BEGAN + timedelta(hours=2),
        resolved_by="",
        resolution="",
    )
    return replace(row, **changes)


def histories(start: datetime = BEGAN, minutes: int = 192) -> list[History]:
    """Indicators that fall, have a hole, and rise again."""
    found = []
    for name, title, unit, worse, warning, critical in INDICATORS:
        top, low = Decimal(warning) * 2, Decimal(critical) / 2
        if worse == "above":
            top, low = Decimal(warning) / 2, Decimal(critical) * 2
        points = []
        for minute in range(0, minutes, 4):
            depth = Decimal(max(0, 100 - abs(minute - 80))) / 100
            value: Decimal | None = top + (low - top) * depth
            if 30 <= minute < 40:
                value = None
            points.append(
                HistoryPoint(
                    at=start + timedelta(minutes=minute),
                    value=value,
                    status="UNKNOWN" if value is None else "WARNING",
                )
            )
        found.append(
            History(
                indicator=name,
                title=title,
                unit=unit,
                worse=worse,
                warning=Decimal(warning),
                critical=Decimal(critical),
                points=tuple(points),
            )
        )
    return found


def levels() -> list[LevelPoint]:
    """Normal, then up to critical, then back."""
    said = (
        (-40, "NORMAL", "3.2", ""),
        (-20, "ELEVATED", "18.5", "L1 is 9.50 % of gross assets, below 10 %."),
        (-6, "HIGH", "41", "L1 is 7.93 % of gross assets, below 8 %."),
        (0, "CRITICAL", "77.25", "The redemption manager raised CriticalLiquidityAlert."),
        (120, "ELEVATED", "20", "Redemptions of a day are 3.40 % of gross assets."),
        (180, "NORMAL", "2", ""),
    )
    return [
        LevelPoint(
            at=BEGAN + timedelta(minutes=minute), level=level, score=Decimal(score), reason=reason
        )
        for minute, level, score, reason in said
    ]


def liquidity_inputs(**changes: Any) -> LiquidityInputs:
    """The fund an hour into a run on it."""
    at = SLOT.end + timedelta(seconds=30)
    point = fund_point(at - timedelta(minutes=1), 10_000_000 * UNIT, 101 * 10**16)
    found = LiquidityInputs(
        period=SLOT,
        chain_id=56,
        chain_name="BNB Smart Chain",
        read_at=at,
        verdict=Verdict(
            at=at - timedelta(seconds=20),
            level="HIGH",
            score=Decimal("41.25"),
            reasons=("L1 is 7.93 % of gross assets, below 8 %.", "Redemptions of a day are 4 %."),
            readings=(
                reading(0),
                reading(1, value=Decimal("0.38"), status="WARNING", score_share=Decimal(5)),
                reading(2, value=None, infinite=True, status="NORMAL", score_share=Decimal(0)),
                reading(3, value=None, unknown="No node answers.", status="UNKNOWN"),
                reading(4, value=Decimal("1.75"), status="WARNING"),
                reading(5, value=Decimal(45), status="WARNING"),
            ),
            block_number=68_000_000,
            block_at=at - timedelta(seconds=25),
        ),
        fund=point,
        levels=levels(),
        due_days=[
            DueDay(
                day=date(2026, 11, 20) + timedelta(days=n),
                due_assets=(n + 1) * 211_111 * UNIT + n,
                overdue=n == 0,
            )
            for n in range(6)
        ],
        requests=[
            DueRequest(
                request_id=100 + n,
                settles_at=at + timedelta(hours=n),
                owner=OWNER,
                channel="STANDARD",
                gross_assets=(n + 3) * 10_123 * UNIT + 7,
                status="PENDING",
            )
            for n in range(9)
        ],
        requests_left_out=4,
        requests_left_out_assets=50_000 * UNIT,
        forecasts=[
            Forecast(
                horizon=horizon,
                made_at=at - timedelta(minutes=20),
                method="BOOTSTRAP",
                outflow_assets=1_200_000 * UNIT,
                inflow_assets=150_000 * UNIT,
                available_assets=1_000_000 * UNIT,
                shortfall_probability=Decimal(probability),
                shortfall_assets=90_000 * UNIT,
                first_gap_day=date(2026, 11, 25),
                advice=advice,
                advice_assets=250_000 * UNIT,
                advice_reason="In 31 % of the paths liquidity falls short by 25 November.",
            )
            for horizon, probability, advice in (
                ("1d", "0.01", "NONE"),
                ("7d", "0.3125", "PREPARE_LIQUIDITY"),
                ("30d", "0.61", "EMERGENCY"),
            )
        ],
        events=[
            event(1, acknowledged_at=None, acknowledged_by="", resolved_at=None, status="OPEN"),
            event(2, severity="WARNING", message=SCRIPT),
        ],
    )
    return replace(found, **changes)


def liquidity_dataset(**changes: Any) -> dict[str, Any]:
    """The dataset of a liquidity report."""
    return build_liquidity(liquidity_inputs(**changes), run_id=41)


def incident_inputs(**changes: Any) -> IncidentInputs:
    """A run on the fund from its alarm to its end."""

    def after(minutes: int) -> datetime:
        return BEGAN + timedelta(minutes=minutes)

    found = IncidentInputs(
        period=PERIOD,
        chain_id=56,
        chain_name="BNB Smart Chain",
        read_at=ENDED,
        incident_id=3,
        cause="CHAIN",
        summary="CriticalLiquidityAlert: L1 + L2 are 8.00 % of gross assets",
        phase="CLOSED",
        opened_at=BEGAN,
        opened_by="risk",
        closed_at=ENDED,
        closed_by="rita",
        lessons="Call the market maker earlier.\nThe list of contacts was out of date.",
        gap_assets=1_700_000 * UNIT,
        gap_words="The larger of two, at least 0: owed less available; 25 % of gross less L1 + L2.",
        final_block_number=68_000_000,
        final_block_time=ENDED,
        unapplied_logs=0,
        figures=[("Gross assets", 10_000_000 * UNIT), ("L1", 300_000 * UNIT), ("L2", None)],
        entries=[
            Entry(at=after(0), kind="PHASE", text="The emergency protocol began.", actor="risk"),
            Entry(
                at=after(1), kind="TICKET", text="Ticket 7 asks for emergency mode.", actor="risk"
            ),
            Entry(at=after(9), kind="NOTE", text=SCRIPT, actor="ömer"),
        ],
        checklist=[
            Tick(title="Crisis meeting held", done_at=after(35), done_by="rita", note=FORMULA),
            Tick(title="Auditor notified", done_at=None, done_by="", note=""),
        ],
        actions=[
            Action(
                at=after(1),
                title="Switch emergency mode on",
                ticket_id=7,
                plan_id=None,
                state="Done",
                explanation="",
            ),
            Action(
                at=after(6),
                title="Raise liquidity",
                ticket_id=None,
                plan_id=12,
                state="Completed",
                explanation="Sell L2, then L3 by slippage",
            ),
        ],
        tickets=[
            ActionTicket(
                id=7,
                title="Switch emergency mode on",
                status="APPROVED",
                required_approvals=2,
                opened_at=after(1),
                decided_at=after(5),
                outcome="",
                votes=(
                    Vote(at=after(3), voter="ana", decision="APPROVE", comment="L1 is empty"),
                    Vote(at=after(5), voter="ben", decision="APPROVE", comment=""),
                ),
            )
        ],
        transactions=[
            Carried(
                id=1,
                sentence="Switch emergency mode on",
                status="FINAL",
                tx_hash=HASH,
                finished_at=after(6),
                gas_used=51_234,
                error="",
            ),
            Carried(
                id=2,
                sentence="Redeem 1,000 SENR",
                status="REVERTED",
                tx_hash=HASH,
                finished_at=after(16),
                gas_used=81_000,
                error="SlippageTooHigh",
            ),
        ],
        plans=[
            LiquidationPlan(
                id=12,
                status="PARTIALLY_COMPLETED",
                reason="The liquidity gap is 1,700,000.00 USDT",
                outcome="1 of 2 legs is done",
                planned_assets=1_700_000 * UNIT,
                raised_assets=1_195_000 * UNIT + 1,
                slippage_assets=5_000 * UNIT - 1,
                legs=tuple(
                    PlanLeg(
                        position=n,
                        sentence=f"Sell ASSET{n}",
                        status="DONE" if n == 1 else "FAILED",
                        planned_assets=850_000 * UNIT,
                        realised_assets=1_195_000 * UNIT + 1 if n == 1 else None,
                        slippage_bps=42 if n == 1 else None,
                        expected_gas_assets=UNIT // 2,
                        gas_used=81_000 if n == 1 else None,
                        tx_hash=HASH if n == 1 else "",
                        finished_at=after(14) if n == 1 else None,
                    )
                    for n in (1, 2)
                ),
            )
        ],
        contacts=[Contact(symbol="SENR", issuer="Issuer Ltd", contact="+41 44 000 00 00")],
        levels=levels(),
        history=histories(),
        events=[
            event(1),
            event(2, severity="WARNING", acknowledged_at=None, acknowledged_by="", escalations=0),
        ],
        messages=[
            Message(
                at=after(1),
                subject="Critical: L1 is 7.93 %",
                severity="CRITICAL",
                channels=("Email", "Slack", "PagerDuty"),
                sent=5,
                failed=1,
            )
        ],
        alerts=[
            Alert(
                at=after(0),
                level="CRITICAL",
                ratio_bps=800,
                threshold_bps=1000,
                available_assets=800_000 * UNIT,
                tx_hash=HASH,
            )
        ],
        switches=[
            Switch(
                at=after(6),
                contract="VAULT",
                name="EMERGENCY_MODE",
                is_on=True,
                tx_hash=HASH,
            )
        ],
    )
    return replace(found, **changes)


def incident_dataset(**changes: Any) -> dict[str, Any]:
    """The dataset of an incident report."""
    return build_incident(incident_inputs(**changes), run_id=42)
