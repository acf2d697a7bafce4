"""Whether a trade may leave: prices of the assets behind it must be known, fresh and agreed."""

from collections.abc import Sequence
from datetime import datetime

from apps.chain.calls import (
    AllocateToLayer,
    ExecuteWaterfallLiquidation,
    PurchaseAsset,
    RebalanceBuffer,
    RedeemAsset,
)
from apps.chain.terms import Tier
from apps.fund.models import Asset
from apps.oracle import queries as oracle


def trade_refusal(*, chain_id: int, kind: str, subject_id: str, at: datetime) -> str:
    """Why a call that trades must not leave now; empty when nothing speaks against it.

    ``subject_id`` is the call's: a token, or the name of a tier. Of a kind we do not know nobody
    can say which prices it depends on, so it does not leave.
    """
    if kind in (PurchaseAsset.kind, RedeemAsset.kind):
        tokens = [subject_id.lower()]
    elif kind == AllocateToLayer.kind:
        tokens = _listed(chain_id, (Tier[subject_id],))
    elif kind == ExecuteWaterfallLiquidation.kind:
        # It sells L1 first, then L2, and no L3 whatever it is told.
        sold = (Tier.L1, Tier.L2) if Tier[subject_id] > Tier.L1 else (Tier.L1,)
        tokens = _listed(chain_id, sold)
    elif kind == RebalanceBuffer.kind:
        tokens = _listed(chain_id, (Tier.L1, Tier.L2))
    else:
        return f"nobody can say which prices {kind} depends on"
    if not tokens:
        return f"no asset of {subject_id} is on the register"
    return oracle.why_not_trade(chain_id=chain_id, tokens=tokens, at=at)


def _listed(chain_id: int, tiers: Sequence[Tier]) -> list[str]:
    rows = Asset.objects.filter(chain_id=chain_id, listed=True, tier__in=tiers)
    return sorted(rows.values_list("token", flat=True))
