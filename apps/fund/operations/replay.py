"""Before a replay: forget what was projected."""

from django.db import transaction

from apps.fund.models import (
    Asset,
    AssetTrade,
    BufferMove,
    ChainRole,
    ContractParameter,
    ContractReference,
    ContractSwitch,
    FeeEntry,
    Holder,
    LiabilityEntry,
    LiquidityAlert,
    NavUpdate,
    Payout,
    QuotaChange,
    SettlementShortfall,
    ShareMovement,
    Subscription,
    TierConfig,
)

PROJECTED = (
    Asset,
    AssetTrade,
    BufferMove,
    ChainRole,
    ContractParameter,
    ContractReference,
    ContractSwitch,
    FeeEntry,
    Holder,
    LiabilityEntry,
    LiquidityAlert,
    NavUpdate,
    Payout,
    QuotaChange,
    SettlementShortfall,
    ShareMovement,
    Subscription,
    TierConfig,
)
"""Every model whose rows follow from the chain's logs alone. Snapshots are readings."""


def clear_projections(*, chain_id: int) -> int:
    """Delete every projected row of a chain, so that its facts can be applied anew.

    Call it in the transaction that applies the facts again, or readers see nothing meanwhile.
    Returns the number of rows deleted.
    """
    with transaction.atomic():
        return sum(model.objects.filter(chain_id=chain_id).delete()[0] for model in PROJECTED)
