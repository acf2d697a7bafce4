"""Figures that people decide on: from the newest snapshot, while it is fresh."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from apps.core.errors import Unavailable
from apps.fund.models import Asset
from apps.fund.rules.payments import CashFigures

from .overview import Overview, latest_overview

FRESH = timedelta(minutes=10)


class FiguresTooOld(Unavailable):
    """The fund was not read lately; nobody decides on old figures."""


def fresh_overview(*, at: datetime) -> Overview:
    """The newest overview.

    Raises:
        FiguresTooOld: it is older than ten minutes, or there is none.
    """
    overview = latest_overview()
    if overview is None:
        raise FiguresTooOld("The fund has not been read yet.")
    if at - overview.taken_at > FRESH:
        raise FiguresTooOld(
            f"The fund was last read at {overview.taken_at:%Y-%m-%d %H:%M} UTC; that is too old."
        )
    return overview


def cash_of(overview: Overview) -> CashFigures | None:
    """The vault's cash and L1; None when the vault did not say what its cash is."""
    if overview.l1_cash_assets is None:
        return None
    return CashFigures(
        cash_assets=overview.l1_cash_assets,
        l1_assets=overview.l1_assets,
        aum_assets=overview.aum_assets,
    )


def withdrawable_now(overview: Overview, *, redemption: bool) -> int | None:
    """Fees that could be paid out, base units: redemption fees not yet withdrawn, or management and
    performance fees not yet collected, with those collected that still wait for cash (none where
    the contract does not tell them). None when the contracts did not say."""
    if redemption:
        return overview.redemption_fees_withdrawable_assets
    management = overview.pending_management_fee_assets
    performance = overview.pending_performance_fee_assets
    if management is None or performance is None:
        return None
    return management + performance + (overview.unpaid_fees_assets or 0)


def pending_then(facts: Mapping[str, Any]) -> int:
    """What was pending, base units, when a ticket about a payment of fees was opened."""
    if "withdrawable" in facts:
        return int(facts["withdrawable"])
    return int(facts["management"]) + int(facts["performance"]) + int(facts["unpaid"] or 0)


def tier_shares(*, chain_id: int, tier: int) -> dict[str, int]:
    """Shares (bps of the tier) by token, of what is listed in a tier."""
    rows = Asset.objects.filter(chain_id=chain_id, listed=True, tier=tier)
    return dict(rows.values_list("token", "target_bps"))
