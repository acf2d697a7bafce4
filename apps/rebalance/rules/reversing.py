"""What would undo trades that were really done."""

from collections.abc import Iterable
from typing import Protocol

from apps.core.units import BPS_ONE
from apps.rebalance.rules.figures import ActionKind


class Realised(Protocol):
    """A trade as its event told it; a stored leg that is done has these."""

    @property
    def kind(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def realised_assets(self) -> int | None: ...
    @property
    def slippage_bps_realised(self) -> int | None: ...


def undo_of(trades: Iterable[Realised]) -> dict[str, int]:
    """Signed USDT by token, positive to buy: the cash that sales brought is spent again, and the
    value that purchases got (what they cost, less what they lost) is sold. Trades that brought
    nothing, and tokens where all cancels out, are left out."""
    undo: dict[str, int] = {}
    for trade in trades:
        assets = trade.realised_assets or 0
        if ActionKind(trade.kind) is ActionKind.PURCHASE:
            lost_bps = min(BPS_ONE, max(0, trade.slippage_bps_realised or 0))
            assets = -(assets * (BPS_ONE - lost_bps) // BPS_ONE)
        undo[trade.token] = undo.get(trade.token, 0) + assets
    return {token: assets for token, assets in undo.items() if assets}
