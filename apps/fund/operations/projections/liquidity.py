"""Liabilities by day, quotas, and payments that found too little cash."""

from apps.chain.events import (
    DailyLiabilityAdded,
    EmergencyQuotaRefreshed,
    EmergencyQuotaRestored,
    LiabilityRemoved,
    LockedMintAssetsReset,
    SettlementLiquidityInsufficient,
    SettlementWaterfallTriggered,
)
from apps.fund.models import LiabilityEntry, QuotaChange, QuotaEvent, SettlementShortfall

from .identity import identity


def record_liability_added(fact: DailyLiabilityAdded) -> None:
    """A redemption falls due on a day."""
    LiabilityEntry(
        **identity(fact.source), day_index=fact.day_index, assets=fact.assets, removed=False
    ).insert_once()


def record_liability_removed(fact: LiabilityRemoved) -> None:
    """A redemption of a day was paid."""
    LiabilityEntry(
        **identity(fact.source),
        day_index=fact.day_index,
        assets=fact.assets,
        removed=True,
        was_overdue=fact.was_overdue,
    ).insert_once()


def record_emergency_quota_refreshed(fact: EmergencyQuotaRefreshed) -> None:
    """What emergency requests may take was set."""
    _record_quota(fact, QuotaEvent.EMERGENCY_REFRESHED)


def record_emergency_quota_restored(fact: EmergencyQuotaRestored) -> None:
    """A rejected emergency request gave its share back."""
    _record_quota(fact, QuotaEvent.EMERGENCY_RESTORED)


def record_locked_mint_reset(fact: LockedMintAssetsReset) -> None:
    """Subscriptions of the period no longer count as locked."""
    _record_quota(fact, QuotaEvent.LOCKED_MINT_RESET)


def record_settlement_waterfall(fact: SettlementWaterfallTriggered) -> None:
    """A settlement sold L1 assets to raise its cash."""
    SettlementShortfall(
        **identity(fact.source),
        request_id=fact.request_id,
        sold=True,
        needed_assets=fact.deficit_assets,
        found_assets=fact.funded_assets,
    ).insert_once()


def record_settlement_short(fact: SettlementLiquidityInsufficient) -> None:
    """A due request was not paid for want of cash."""
    SettlementShortfall(
        **identity(fact.source),
        request_id=fact.request_id,
        sold=False,
        needed_assets=fact.payout_assets,
        found_assets=fact.available_assets,
    ).insert_once()


def _record_quota(
    fact: EmergencyQuotaRefreshed | EmergencyQuotaRestored | LockedMintAssetsReset, name: QuotaEvent
) -> None:
    QuotaChange(**identity(fact.source), name=name, assets=fact.assets).insert_once()
