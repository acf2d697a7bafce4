"""What each action of a plan asks of the contracts."""

from typing import Protocol

from apps.chain.calls import Call, PurchaseAsset, RedeemAsset
from apps.rebalance.rules.figures import ActionKind


class Trade(Protocol):
    """The part of an action that its call is made of; a stored leg has it as well."""

    @property
    def kind(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def assets(self) -> int: ...
    @property
    def tokens(self) -> int: ...
    @property
    def assets_min(self) -> int: ...
    @property
    def tokens_min(self) -> int: ...


def call_of(chain_id: int, trade: Trade) -> Call:
    """The one call that a trade is."""
    if ActionKind(trade.kind) is ActionKind.PURCHASE:
        return PurchaseAsset(
            chain_id=chain_id,
            token=trade.token,
            symbol=trade.symbol,
            assets=trade.assets,
            tokens_min=trade.tokens_min,
        )
    return RedeemAsset(
        chain_id=chain_id,
        token=trade.token,
        symbol=trade.symbol,
        tokens=trade.tokens,
        expected_assets=trade.assets,
        assets_min=trade.assets_min,
    )
