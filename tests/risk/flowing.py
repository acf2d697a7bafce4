"""A fund with a history of flows, as rows: subscriptions, requests, payments, and what it holds."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from apps.chain.events import RedemptionCancelled, RedemptionRejected, RedemptionSettled
from apps.chain.terms import Channel
from apps.fund.models import Payout, ShareMovement, Subscription
from apps.redemptions.models import Redemption
from tests.rebalance.shown import read_fund
from tests.redemptions.helpers import (
    APPROVER,
    CHAIN,
    NOON,
    OWNER,
    RECEIVER,
    USDT,
    approved,
    final_at,
    project,
    requested,
    source,
)

_serials = count(1_000_000)
_requests = count(1)
DAY = timedelta(days=1)
WAITS = {Channel.EMERGENCY: DAY, Channel.STANDARD: 7 * DAY}


def log_row(at: datetime) -> dict[str, Any]:
    return {
        "chain_id": CHAIN,
        "contract": "0x" + "b1" * 20,
        "tx_hash": f"0x{next(_serials):064x}",
        "position": 0,
        "block_number": 1,
        "log_index": next(_serials),
        "at": at,
    }


def began(at: datetime) -> None:
    """The first shares are minted."""
    ShareMovement.objects.create(
        **log_row(at), kind="MINT", sender="0x" + "00" * 20, recipient=OWNER, shares=USDT
    )


def subscribed(usdt: int, at: datetime) -> None:
    Subscription.objects.create(
        **log_row(at), sender=OWNER, receiver=OWNER, assets=usdt * USDT, shares=usdt * USDT
    )


def paid(usdt: int, at: datetime, *, request: int = 0) -> None:
    """Cash left the fund."""
    Payout.objects.create(
        **log_row(at),
        request_id=request or next(_serials),
        owner=OWNER,
        receiver=RECEIVER,
        gross_assets=usdt * USDT,
        fee_assets=0,
        net_assets=usdt * USDT,
        channel=0,
    )


def asked(
    usdt: int,
    at: datetime,
    *,
    channel: Channel = Channel.STANDARD,
    approval: bool = False,
    fee: int = 0,
    settles_at: datetime | None = None,
    window_id: int = 0,
) -> Redemption:
    """A request; without approval its settlement date is known at once."""
    number = next(_requests)
    if settles_at is None and not approval:
        settles_at = at + WAITS[channel]
    project(
        requested(
            number,
            at=at,
            gross_assets=usdt * USDT,
            estimated_fee_assets=fee * USDT,
            channel=channel,
            requires_approval=approval,
            settles_at=settles_at,
            window_id=window_id,
        )
    )
    return Redemption.objects.get(request_id=number)


def approves(row: Redemption, at: datetime) -> None:
    project(approved(row.request_id, at=at))


def rejects(row: Redemption, at: datetime) -> None:
    origin = source(row.request_id * 10 + 2, at=at)
    project(
        RedemptionRejected(source=origin, request_id=row.request_id, rejector=APPROVER, reason="No")
    )


def cancels(row: Redemption, at: datetime) -> None:
    origin = source(row.request_id * 10 + 3, at=at)
    project(RedemptionCancelled(source=origin, request_id=row.request_id, owner=OWNER))


def settles(row: Redemption, at: datetime) -> None:
    project(
        RedemptionSettled(
            source=source(row.request_id * 10 + 4, at=at),
            request_id=row.request_id,
            owner=OWNER,
            receiver=RECEIVER,
            gross_assets=row.gross_assets,
            fee_assets=row.estimated_fee_assets,
            net_assets=row.payout_assets,
            channel=Channel[row.channel],
        )
    )


def a_history(days: int = 60, *, until: datetime = NOON) -> None:
    """So many whole days before, each with a subscription and a request that was paid in time."""
    began(until - (days + 1) * DAY)
    for number in range(days, 0, -1):
        at = until - number * DAY
        subscribed(2_000 + number % 5 * 400, at)
        row = asked(1_500 + number % 7 * 300, at)
        if at + 7 * DAY + timedelta(minutes=5) <= until:
            settles(row, at + 7 * DAY + timedelta(minutes=5))


def stands(at: datetime = NOON, *, l1: int = 140_000) -> None:
    """The fund was read just now: L1 as said, 360,000 in L2, and the chain is final to there."""
    read_fund(at, l1=l1)
    final_at(at)
