"""What moved cash and tokens in and out of the vault, by its events, after a block up to another.

Not everything tells: donations, emergency withdrawals and the payment of management and performance
fees move balances without an event of the fund.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet, Sum

from apps.fund.models import (
    AssetTrade,
    FeeDirection,
    FeeEntry,
    FeeKind,
    LogRow,
    Payout,
    Subscription,
    TradeKind,
)

_BOUGHT = (TradeKind.PURCHASE, TradeKind.ALLOCATION)
_SOLD = (TradeKind.REDEMPTION, TradeKind.LIQUIDATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Base units. ``cash_assets`` is the change that events tell of (may be negative);
    ``accrued_assets`` the management and performance fees that were taken meanwhile, of which some
    or all left as well; ``tokens`` the change of each token's balance."""

    cash_assets: int
    accrued_assets: int
    tokens: Mapping[str, int]


def moved(*, chain_id: int, after_block: int, up_to_block: int) -> Moved:
    """What events tell of blocks in (``after_block``, ``up_to_block``]."""

    def total(rows: QuerySet[LogRow], field: str) -> int:
        span = rows.filter(
            chain_id=chain_id, block_number__gt=after_block, block_number__lte=up_to_block
        )
        return int(span.order_by().aggregate(total=Sum(field))["total"] or 0)

    trades = AssetTrade.objects.all()
    fees = FeeEntry.objects.all()
    cash = (
        total(Subscription.objects.all(), "assets")
        - total(Payout.objects.all(), "net_assets")
        - total(trades.filter(kind__in=_BOUGHT), "assets")
        + total(trades.filter(kind__in=_SOLD), "assets")
        - total(fees.filter(direction=FeeDirection.WITHDRAWN), "assets")
    )
    accrued = total(_accrued_by_time(fees), "assets")
    return Moved(
        cash_assets=cash,
        accrued_assets=accrued,
        tokens=_tokens(chain_id, after_block, up_to_block),
    )


def fees_paid(
    *, chain_id: int, block_number: int, cash_assets: int | None, unpaid_assets: int | None
) -> int | None:
    """Management and performance fees paid since the beginning, as of a block.

    Where the contract told what it had taken and not paid (``unpaid_assets``), that is all that was
    taken less it; else, when the vault's cash was ``cash_assets``, what left it and no event tells
    of. None when neither is known, or the outcome is less than nothing or more than was ever taken:
    then something else moved cash as well, and nobody can say.
    """
    events = moved(chain_id=chain_id, after_block=-1, up_to_block=block_number)
    if unpaid_assets is not None:
        paid = events.accrued_assets - unpaid_assets
    elif cash_assets is not None:
        paid = events.cash_assets - cash_assets
    else:
        return None
    return paid if 0 <= paid <= events.accrued_assets else None


def _accrued_by_time(fees: QuerySet[FeeEntry]) -> QuerySet[FeeEntry]:
    return fees.filter(
        Q(kind=FeeKind.MANAGEMENT) | Q(kind=FeeKind.PERFORMANCE), direction=FeeDirection.ACCRUED
    )


def _tokens(chain_id: int, after_block: int, up_to_block: int) -> dict[str, int]:
    rows = AssetTrade.objects.filter(
        chain_id=chain_id, block_number__gt=after_block, block_number__lte=up_to_block
    )
    found: dict[str, int] = {}
    sums = rows.order_by().values_list("token", "kind").annotate(total=Sum("tokens"))
    for token, kind, total in sums:
        sign = -1 if kind in _SOLD else 1
        found[token] = found.get(token, 0) + sign * int(total)
    return found
