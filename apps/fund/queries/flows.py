"""Money that came in and went out."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate

from apps.core.fields import Uint256Field
from apps.fund.models import Payout, Subscription

from .periods import within

Row = TypeVar("Row", Subscription, Payout)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionView:
    """A subscription; base units, ``nav_per_share`` as paid (None when no shares were minted)."""

    at: datetime
    receiver: str
    sender: str
    assets: int
    shares: int
    nav_per_share: int | None
    block_number: int
    chain_id: int
    tx_hash: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutView:
    """A redemption paid; base units."""

    at: datetime
    request_id: int
    owner: str
    receiver: str
    gross_assets: int
    fee_assets: int
    net_assets: int
    channel: int
    block_number: int
    chain_id: int
    tx_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetFlow:
    """Subscriptions less redemptions paid (net of fees, which stay in the fund), in base units."""

    subscribed_assets: int
    subscriptions: int
    paid_assets: int
    payouts: int

    @property
    def net_assets(self) -> int:
        """What the fund gained, negative when more left than came."""
        return self.subscribed_assets - self.paid_assets


def subscriptions(
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    receiver: str | None = None,
    count_max: int | None = None,
) -> list[SubscriptionView]:
    """Subscriptions in [start, end), oldest first; the newest ``count_max`` of them if given."""
    rows = within(Subscription.objects.all(), start, end)
    if receiver is not None:
        rows = rows.filter(receiver=receiver.lower())
    return [
        SubscriptionView(
            at=row.at,
            receiver=row.receiver,
            sender=row.sender,
            assets=row.assets,
            shares=row.shares,
            nav_per_share=row.nav_per_share,
            block_number=row.block_number,
            chain_id=row.chain_id,
            tx_hash=row.tx_hash,
            position=row.position,
        )
        for row in _newest_last(rows, count_max)
    ]


def payouts(
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    owner: str | None = None,
    count_max: int | None = None,
) -> list[PayoutView]:
    """Redemptions paid in [start, end), oldest first; the newest ``count_max`` of them if given."""
    rows = within(Payout.objects.all(), start, end)
    if owner is not None:
        rows = rows.filter(owner=owner.lower())
    return [
        PayoutView(
            at=row.at,
            request_id=row.request_id,
            owner=row.owner,
            receiver=row.receiver,
            gross_assets=row.gross_assets,
            fee_assets=row.fee_assets,
            net_assets=row.net_assets,
            channel=row.channel,
            block_number=row.block_number,
            chain_id=row.chain_id,
            tx_hash=row.tx_hash,
        )
        for row in _newest_last(rows, count_max)
    ]


def net_flow(*, start: datetime, end: datetime) -> NetFlow:
    """What came in and went out in [start, end) by block time."""
    came = within(Subscription.objects.all(), start, end).aggregate(
        count=Count("id"), total=_total("assets")
    )
    left = within(Payout.objects.all(), start, end).aggregate(
        count=Count("id"), total=_total("net_assets")
    )
    return NetFlow(
        subscribed_assets=came["total"] or 0,
        subscriptions=came["count"],
        paid_assets=left["total"] or 0,
        payouts=left["count"],
    )


def net_flow_by_day(*, start: datetime, end: datetime) -> dict[date, NetFlow]:
    """:func:`net_flow` of each UTC day in [start, end) on which anything moved, in order."""
    came = {
        row["day"]: row for row in _by_day(within(Subscription.objects.all(), start, end), "assets")
    }
    left = {
        row["day"]: row for row in _by_day(within(Payout.objects.all(), start, end), "net_assets")
    }
    nothing = {"total": 0, "count": 0}
    return {
        day: NetFlow(
            subscribed_assets=came.get(day, nothing)["total"],
            subscriptions=came.get(day, nothing)["count"],
            paid_assets=left.get(day, nothing)["total"],
            payouts=left.get(day, nothing)["count"],
        )
        for day in sorted({*came, *left})
    }


def _by_day(rows: QuerySet[Row], amount: str) -> QuerySet:
    by_day = rows.annotate(day=TruncDate("at")).values("day").order_by("day")
    return by_day.annotate(count=Count("id"), total=_total(amount))


def _total(name: str) -> Sum:
    return Sum(name, output_field=Uint256Field())


def _newest_last(rows: QuerySet[Row], count_max: int | None) -> list[Row]:
    newest = rows.order_by("-block_number", "-log_index")
    return list(newest if count_max is None else newest[:count_max])[::-1]
