"""One account's money, in and out."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from apps.fund.models import Payout, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderFlow:
    """A subscription (``shares`` minted) or a payout of a redemption (``request_id``); ``assets``
    is what was paid, base units."""

    is_subscription: bool
    at: datetime
    assets: int
    shares: int | None
    request_id: int | None
    block_number: int
    chain_id: int
    tx_hash: str


def holder_flows(address: str, *, count_max: int) -> list[HolderFlow]:
    """The newest ``count_max`` subscriptions for an account and payouts of its redemptions."""
    account = address.lower()
    paid_in = Subscription.objects.filter(receiver=account)
    paid_out = Payout.objects.filter(Q(owner=account) | Q(receiver=account))
    flows = [
        *(
            HolderFlow(
                is_subscription=True,
                at=row.at,
                assets=row.assets,
                shares=row.shares,
                request_id=None,
                block_number=row.block_number,
                chain_id=row.chain_id,
                tx_hash=row.tx_hash,
            )
            for row in paid_in.order_by("-block_number", "-log_index")[:count_max]
        ),
        *(
            HolderFlow(
                is_subscription=False,
                at=row.at,
                assets=row.net_assets,
                shares=None,
                request_id=row.request_id,
                block_number=row.block_number,
                chain_id=row.chain_id,
                tx_hash=row.tx_hash,
            )
            for row in paid_out.order_by("-block_number", "-log_index")[:count_max]
        ),
    ]
    flows.sort(key=lambda flow: (flow.at, flow.block_number), reverse=True)
    return flows[:count_max]
