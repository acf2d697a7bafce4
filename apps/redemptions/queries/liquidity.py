"""The fund's liquidity as the rules of this app want it."""

from datetime import datetime, timedelta

from apps.fund import queries as fund
from apps.redemptions.models import Redemption
from apps.redemptions.rules import Liquidity

from .lists import totals

STALE_AFTER = timedelta(minutes=10)


def liquidity_now(*, at: datetime) -> Liquidity:
    """The newest reading of the fund; all unknown when it is missing or over ten minutes old."""
    overview = fund.latest_overview()
    if overview is None or at - overview.taken_at > STALE_AFTER:
        return Liquidity()
    return Liquidity(
        l1_assets=overview.l1_assets,
        l2_assets=overview.l2_assets,
        total_assets=overview.total_assets,
        liability_assets=overview.liability_assets,
        emergency_mode=overview.emergency_mode,
        as_of=overview.block_at,
    )


def requested_24h_before(redemption: Redemption) -> int:
    """Gross assets requested in the 24 hours of chain time up to this request, itself included."""
    rows = Redemption.objects.filter(
        chain_id=redemption.chain_id,
        requested_at__gt=redemption.requested_at - timedelta(hours=24),
        requested_at__lte=redemption.requested_at,
    )
    return totals(rows).gross_assets
