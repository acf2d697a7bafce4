"""Reading what a liquidity report needs, as of one instant of the database."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apps.chain import queries as chain
from apps.fund import queries as fund
from apps.redemptions import queries as redemptions
from apps.reports.rules import Period
from apps.risk import queries as risk

from . import liquidity_inputs as values
from .inputs import FundPoint
from .liquidity import HORIZONS
from .risk_inputs import DueDay, DueRequest, Forecast, Reading
from .risk_sources import event_values, levels
from .sources import fund_point

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from apps.redemptions.models import Redemption

REQUESTS_MAX = 12


def collect_liquidity(period: Period, *, at: datetime) -> values.LiquidityInputs:
    """Everything a liquidity report is built from, in the caller's one view of the rows."""
    config = chain.fund_chain()
    waiting = redemptions.active().filter(chain_id=config.chain_id)
    rows = waiting.order_by("settles_at", "request_id")
    shown = [
        DueRequest(
            request_id=row.request_id,
            settles_at=row.settles_at,
            owner=row.owner,
            channel=row.channel,
            gross_assets=row.gross_assets,
            status=row.status,
        )
        for row in rows[:REQUESTS_MAX]
    ]
    all_of_them = redemptions.totals(waiting)
    return values.LiquidityInputs(
        period=period,
        chain_id=config.chain_id,
        chain_name=config.name,
        read_at=at,
        verdict=_verdict(),
        fund=_fund(),
        levels=levels(period),
        due_days=_due_days(waiting, config.chain_id, at),
        requests=shown,
        requests_left_out=all_of_them.count - len(shown),
        requests_left_out_assets=all_of_them.gross_assets - sum(row.gross_assets for row in shown),
        forecasts=_forecasts(),
        events=event_values(risk.events(resolved=False).order_by("id")),
    )


def _verdict() -> values.Verdict | None:
    found = risk.latest_assessment()
    if found is None:
        return None
    return values.Verdict(
        at=found.at,
        level=str(found.level),
        score=found.score,
        reasons=tuple(found.reasons),
        block_number=found.block_number,
        block_at=found.block_at,
        readings=tuple(
            Reading(
                indicator=str(row.indicator),
                title=row.title,
                unit=str(row.unit),
                value=row.value,
                infinite=row.infinite,
                warning=row.warning,
                critical=row.critical,
                status=str(row.status),
                score_share=row.share,
                meaning=row.meaning,
                unknown=row.unknown,
            )
            for row in found.readings
        ),
    )


def _fund() -> FundPoint | None:
    overview = fund.latest_overview()
    return fund_point(overview) if overview else None


def _due_days(waiting: "QuerySet[Redemption]", chain_id: int, at: datetime) -> list[DueDay]:
    """By the contract's own ledger of days; where it keeps none, by when open requests settle."""
    final = chain.final_block(chain_id)
    now = final.time if final else at
    kept = fund.liabilities_by_day(chain_id=chain_id, at=now)
    if kept:
        return [
            DueDay(day=row.day, due_assets=row.outstanding_assets, overdue=row.overdue)
            for row in kept
        ]
    today = now.astimezone(UTC).date()
    return [
        DueDay(day=day, due_assets=due, overdue=day < today)
        for day, due in redemptions.due_by_day(waiting)
    ]


def _forecasts() -> list[Forecast]:
    known = (risk.forecasts.latest(horizon) for horizon in HORIZONS)
    return [
        Forecast(
            horizon=str(row.horizon),
            made_at=row.made_at,
            method=row.method,
            outflow_assets=row.outflow_assets,
            inflow_assets=row.inflow_assets,
            available_assets=row.available_assets,
            shortfall_probability=row.shortfall_probability,
            shortfall_assets=row.shortfall_assets,
            first_gap_day=row.first_gap_day,
            advice=str(row.advice),
            advice_assets=row.advice_assets,
            advice_reason=row.advice_reason,
        )
        for row in known
        if row is not None
    ]
