"""Subscriptions, payouts, NAV and the fee ledger."""

from collections.abc import Sequence

from django.db.models import QuerySet

from apps.chain.events import (
    ManagementFeeCollected,
    NavUpdated,
    PerformanceFeeCollected,
    RedemptionFeeAdded,
    RedemptionFeeReduced,
    RedemptionFeesWithdrawn,
    RedemptionSettled,
    SubscriptionProcessed,
)
from apps.core.bus import takes_many
from apps.fund.models import FeeDirection, FeeEntry, FeeKind, NavUpdate, Payout, Subscription

from .identity import identity
from .pairs import is_known, pair


@takes_many
def record_subscription(facts: Sequence[SubscriptionProcessed]) -> None:
    """Subscriptions."""
    Subscription.insert_each_once(
        [
            Subscription(
                **identity(fact.source),
                sender=fact.sender,
                receiver=fact.receiver,
                assets=fact.assets,
                shares=fact.shares,
            )
            for fact in facts
        ]
    )


@takes_many
def record_payout(facts: Sequence[RedemptionSettled]) -> None:
    """Redemptions paid, as the fund's outflow."""
    Payout.insert_each_once(
        [
            Payout(
                **identity(fact.source),
                request_id=fact.request_id,
                owner=fact.owner,
                receiver=fact.receiver,
                gross_assets=fact.gross_assets,
                fee_assets=fact.fee_assets,
                net_assets=fact.net_assets,
                channel=fact.channel,
            )
            for fact in facts
        ]
    )


@takes_many
def record_nav(facts: Sequence[NavUpdated]) -> None:
    """NAV per share as published."""
    NavUpdate.insert_each_once(
        [
            NavUpdate(
                **identity(fact.source),
                old_nav_per_share=fact.old_nav_per_share,
                new_nav_per_share=fact.new_nav_per_share,
                updated_at=fact.updated_at,
            )
            for fact in facts
        ]
    )


def record_management_fee(fact: ManagementFeeCollected) -> None:
    """Management fee accrued; paying it emits nothing."""
    FeeEntry(
        **identity(fact.source),
        kind=FeeKind.MANAGEMENT,
        direction=FeeDirection.ACCRUED,
        assets=fact.fee_assets,
        basis_assets=fact.total_assets,
        period_seconds=fact.period_seconds,
    ).insert_once()


def record_performance_fee(fact: PerformanceFeeCollected) -> None:
    """Performance fee accrued above the high-water mark."""
    FeeEntry(
        **identity(fact.source),
        kind=FeeKind.PERFORMANCE,
        direction=FeeDirection.ACCRUED,
        assets=fact.fee_assets,
        basis_assets=fact.profit_assets,
        high_water_mark_assets=fact.high_water_mark_assets,
    ).insert_once()


@takes_many
def record_redemption_fee(facts: Sequence[RedemptionFeeAdded]) -> None:
    """Redemption fees kept at settlements."""
    FeeEntry.insert_each_once(
        [
            FeeEntry(
                **identity(fact.source),
                kind=FeeKind.REDEMPTION,
                direction=FeeDirection.ACCRUED,
                assets=fact.fee_assets,
            )
            for fact in facts
        ]
    )


def record_redemption_fee_reduced(fact: RedemptionFeeReduced) -> None:
    """Redemption fees left the vault; the controller's log of the same act names the recipient."""
    if is_known(FeeEntry.objects.all(), fact.source):
        return
    told_by_controller = _withdrawals(fact.fee_assets).exclude(recipient="")
    if not pair(told_by_controller, fact.source):
        _withdrawal(fact, fact.fee_assets, recipient="")


def record_redemption_fees_withdrawn(fact: RedemptionFeesWithdrawn) -> None:
    """Redemption fees were paid to a recipient."""
    if is_known(FeeEntry.objects.all(), fact.source):
        return
    told_by_vault = _withdrawals(fact.assets).filter(recipient="")
    if not pair(told_by_vault, fact.source, recipient=fact.recipient):
        _withdrawal(fact, fact.assets, recipient=fact.recipient)


def _withdrawals(assets: int) -> QuerySet[FeeEntry]:
    return FeeEntry.objects.filter(
        kind=FeeKind.REDEMPTION, direction=FeeDirection.WITHDRAWN, assets=assets
    )


def _withdrawal(
    fact: RedemptionFeeReduced | RedemptionFeesWithdrawn, assets: int, *, recipient: str
) -> None:
    FeeEntry(
        **identity(fact.source),
        kind=FeeKind.REDEMPTION,
        direction=FeeDirection.WITHDRAWN,
        assets=assets,
        recipient=recipient,
    ).insert_once()
