"""What a person must know in ten seconds: rows only, nothing is asked of a node."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.approvals import queries as approvals
from apps.chain import queries as chain
from apps.core.units import bps_of
from apps.fund import queries as fund
from apps.rebalance import queries as rebalance
from apps.redemptions import queries as redemptions
from apps.risk import queries as risk
from apps.system.queries.alerts import Alert, alerts
from apps.system.queries.component import Component
from apps.system.queries.trading import oracle_state

DAY = timedelta(days=1)
NAV_DAYS = 30
MARKS_MAX = 20
DUE_ROWS_MAX = 8
EVENTS_MAX = 30
HORIZON = "7d"
INCIDENTS_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """Redemptions that are not paid yet; assets gross, in base units."""

    count: int
    gross_assets: int
    of_l1_bps: int | None
    waiting_for_approval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Redemptions to be paid by the end of this day and of seven days, against liquidity.

    ``now`` is the chain's clock (the final block's time), by which contracts decide.
    """

    now: datetime
    rows: list[Any]
    hidden: int
    today_assets: int
    week_assets: int
    liquid_assets: int | None
    today_bps: int | None
    week_bps: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebalancing:
    """The open plan, when the calendar asks next, and how prices are."""

    plan: Any | None
    next_at: datetime
    prices: Component


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something worth a line in the NAV chart."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """Everything the first page shows to one person."""

    at: datetime
    waiting: list[Any]
    waiting_for_others: int
    overview: fund.Overview | None
    performance: fund.Performance
    outstanding: Outstanding
    flow: fund.NetFlow
    alerts: list[Alert]
    nav_points: list[fund.NavPoint]
    marks: list[Mark]
    due: Due
    rebalancing: Rebalancing
    standing: risk.Board | None
    incidents: list[Any]
    forecast: risk.forecasts.ForecastView | None
    chain_status: chain.ChainStatus
    events: list[chain.EventView]


def dashboard(*, user_id: int, may_decide: bool, at: datetime) -> Dashboard:
    """The first page for this person, as of stored rows."""
    overview = fund.latest_overview()
    status = chain.status(chain.fund_chain().chain_id, at=at)
    now = status.final_time or at
    waiting = approvals.waiting_for(user_id, at=at) if may_decide else []
    since = now - NAV_DAYS * DAY
    return Dashboard(
        at=at,
        waiting=waiting,
        waiting_for_others=approvals.open_tickets().count() - len(waiting),
        overview=overview,
        performance=fund.performance(),
        outstanding=_outstanding(overview, at),
        flow=fund.net_flow(start=now - 7 * DAY, end=now + DAY),
        alerts=alerts(status=status, overview=overview, at=at),
        nav_points=fund.nav_series(since),
        marks=_marks(since),
        due=_due(overview, now),
        rebalancing=_rebalancing(status.chain_id, at),
        standing=_standing(at),
        incidents=list(risk.incidents()[:INCIDENTS_MAX]),
        forecast=risk.forecasts.latest(HORIZON),
        chain_status=status,
        events=chain.latest_events(EVENTS_MAX),
    )


def _outstanding(overview: fund.Overview | None, at: datetime) -> Outstanding:
    sums = redemptions.totals(redemptions.active())
    return Outstanding(
        count=sums.count,
        gross_assets=sums.gross_assets,
        of_l1_bps=bps_of(sums.gross_assets, overview.l1_assets) if overview else None,
        waiting_for_approval=redemptions.pending_summary(at=at).total_pending,
    )


def _due(overview: fund.Overview | None, now: datetime) -> Due:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    week = redemptions.due(now + 7 * DAY)
    sums = redemptions.totals(week)
    today_assets = redemptions.totals(redemptions.due(midnight)).net_assets
    liquid = overview.liquid_assets if overview else None
    return Due(
        now=now,
        rows=list(week[:DUE_ROWS_MAX]),
        hidden=max(0, sums.count - DUE_ROWS_MAX),
        today_assets=today_assets,
        week_assets=sums.net_assets,
        liquid_assets=liquid,
        today_bps=bps_of(today_assets, liquid) if liquid is not None else None,
        week_bps=bps_of(sums.net_assets, liquid) if liquid is not None else None,
    )


def _rebalancing(chain_id: int, at: datetime) -> Rebalancing:
    now = rebalance.status(chain_id=chain_id, at=at)
    return Rebalancing(plan=now.open_plan, next_at=now.next_scheduled, prices=oracle_state(at))


def _standing(at: datetime) -> risk.Board | None:
    try:
        return risk.board_now(at=at)
    except risk.NoPolicy:
        return None  # the board says so


def _marks(since: datetime) -> list[Mark]:
    switched = [
        Mark(
            at=switch.at,
            text=f"{switch.name.replace('_', ' ').capitalize()} {'on' if switch.is_on else 'off'}",
        )
        for switch in fund.switches(start=since)
    ]
    return sorted(switched, key=lambda mark: mark.at)[-MARKS_MAX:]
