"""Reading what a report needs from the apps that keep it, as of one instant of the database."""

from datetime import datetime, timedelta

from apps.approvals.queries.periods import tickets_between
from apps.chain import queries as chain
from apps.chain.terms import Channel
from apps.fund import queries as fund
from apps.redemptions.queries.periods import requested_between
from apps.reports.rules import Period

from . import inputs as values
from .risk_sources import events, levels

# The points of a line that a page of paper can show.
_HOURLY_DAYS_MAX = timedelta(days=8)
_UNAPPLIED = ("FINAL", "FAILED", "UNDECODABLE")


def collect(period: Period, *, at: datetime) -> values.Inputs:
    """Everything a report of this period is built from, in the caller's one view of the rows."""
    start, end = period.start, period.end
    config = chain.fund_chain()
    status = chain.status(config.chain_id, at=at)
    return values.Inputs(
        period=period,
        chain_id=config.chain_id,
        chain_name=config.name,
        read_at=at,
        final_block_number=status.final_number,
        final_block_time=status.final_time,
        unapplied_logs=unapplied_logs(status),
        opening=_point_at(start),
        closing=_point_at(end),
        nav_points=_nav_points(period),
        subscriptions=subscriptions(start, end),
        requests=requests(start, end),
        payouts=payouts(start, end),
        tickets=_tickets(start, end),
        transactions=_transactions(start, end),
        alerts=alerts(start, end),
        switches=switches(start, end),
        fees=_fees(start, end),
        levels=levels(period),
        events=events(period),
        gaps=[
            values.Gap(slot=gap.slot, reason=gap.reason)
            for gap in fund.gaps(start=start, end=end, kind="HOURLY")
        ],
    )


def unapplied_logs(status: chain.ChainStatus) -> int:
    """How many events of the chain wait to be applied."""
    return sum(status.logs_by_status.get(name, 0) for name in _UNAPPLIED)


def _point_at(instant: datetime) -> values.FundPoint | None:
    overview = fund.overview_at(instant)
    return None if overview is None else fund_point(overview)


def fund_point(overview: fund.Overview) -> values.FundPoint:
    """The fund at one block."""
    return values.FundPoint(
        slot=overview.slot,
        block_number=overview.block_number,
        block_time=overview.block_at,
        nav_per_share=overview.nav_per_share,
        aum_assets=overview.aum_assets,
        total_assets=overview.total_assets,
        total_supply_shares=overview.total_supply,
        liability_assets=overview.liability_assets,
        locked_shares=overview.locked_shares,
        emergency_mode=overview.emergency_mode,
        holders=overview.holders,
        tiers=tuple(
            values.TierPoint(
                tier=tier.tier,
                assets=tier.value_assets,
                ratio_bps=tier.ratio_bps,
                target_bps=tier.target_bps,
                min_bps=tier.min_bps,
                max_bps=tier.max_bps,
            )
            for tier in overview.tiers
        ),
    )


def _nav_points(period: Period) -> list[values.NavPoint]:
    interval = "hourly" if period.days <= _HOURLY_DAYS_MAX else "daily"
    return [
        values.NavPoint(
            at=point.at,
            nav_per_share=point.nav_per_share,
            block_number=point.block_number,
            source=point.source,
        )
        for point in fund.nav_history(start=period.start, end=period.end, interval=interval)
    ]


def subscriptions(start: datetime, end: datetime) -> list[values.Subscription]:
    """What came in, by the time of the block."""
    return [
        values.Subscription(
            at=row.at,
            receiver=row.receiver,
            assets=row.assets,
            shares=row.shares,
            block_number=row.block_number,
            tx_hash=row.tx_hash,
        )
        for row in fund.subscriptions(start=start, end=end)
    ]


def requests(start: datetime, end: datetime) -> list[values.Request]:
    """Redemptions asked for, by the time of the block."""
    return [
        values.Request(
            request_id=row.request_id,
            requested_at=row.requested_at,
            owner=row.owner,
            channel=row.channel,
            shares=row.shares,
            gross_assets=row.gross_assets,
            estimated_fee_assets=row.estimated_fee_assets,
            requires_approval=row.requires_approval,
            status=row.status,
        )
        for row in requested_between(start=start, end=end)
    ]


def payouts(start: datetime, end: datetime) -> list[values.Payout]:
    """Redemptions paid, by the time of the block."""
    return [
        values.Payout(
            request_id=row.request_id,
            at=row.at,
            receiver=row.receiver,
            channel=Channel(row.channel).name,
            gross_assets=row.gross_assets,
            fee_assets=row.fee_assets,
            net_assets=row.net_assets,
            tx_hash=row.tx_hash,
        )
        for row in fund.payouts(start=start, end=end)
    ]


def _tickets(start: datetime, end: datetime) -> list[values.Ticket]:
    return [
        values.Ticket(
            id=row.pk,
            kind=row.kind,
            title=row.title,
            status=row.status,
            opened_at=row.opened_at,
            deadline_at=row.deadline_at,
            decided_at=row.decided_at,
        )
        for row in tickets_between(start=start, end=end)
    ]


def _transactions(start: datetime, end: datetime) -> list[values.Transaction]:
    return [
        values.Transaction(
            id=row.id,
            sentence=row.sentence,
            status=row.status,
            error=row.error,
            finished_at=row.finished_at,
            tx_hash=row.tx_hash,
        )
        for row in chain.transactions_finished(start=start, end=end)
        if row.finished_at is not None
    ]


def alerts(start: datetime, end: datetime) -> list[values.Alert]:
    """Liquidity alarms of the contracts."""
    return [
        values.Alert(
            at=row.at,
            level=row.level,
            ratio_bps=row.ratio_bps,
            threshold_bps=row.threshold_bps,
            available_assets=row.available_assets,
            tx_hash=row.tx_hash,
        )
        for row in fund.alerts(start=start, end=end)
    ]


def switches(start: datetime, end: datetime) -> list[values.Switch]:
    """Emergency mode and pauses."""
    return [
        values.Switch(
            at=row.at,
            contract=row.contract_kind,
            name=row.name,
            is_on=row.is_on,
            tx_hash=row.tx_hash,
        )
        for row in fund.switches(start=start, end=end)
    ]


def _fees(start: datetime, end: datetime) -> list[values.Fee]:
    return [
        values.Fee(
            at=row.at,
            kind=row.kind,
            direction=row.direction,
            assets=row.assets,
            tx_hash=row.tx_hash,
        )
        for row in fund.fee_entries(start=start, end=end)
    ]
