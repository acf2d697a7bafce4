"""What a call would really move, against what was said of it.

Limits, and whether a trade needs a ticket, are judged by ``moved_assets``. For a sale, a buffer and
fees that is what a planner expects and no part of the bytes: before anything is signed it is
compared with what the call's own events say.
"""

from collections.abc import Collection

from apps.chain import contracts
from apps.chain.calls import Call, CollectFees
from apps.chain.config import ChainConfig
from apps.chain.contracts.simulated import Effect
from apps.chain.models import Transaction
from apps.core.units import BPS_ONE, format_amount, format_bps

MORE_THAN_SAID_BPS = 500
"""By so much a call may move more than was said of it: prices and fees move between a plan and its
trade. A purchase or a payment names its amount in its bytes and never differs."""

_SALES = ("AssetRedeemed", "WaterfallLiquidation")


def beyond_what_was_said(config: ChainConfig, row: Transaction, effects: Collection[Effect]) -> str:
    """Why a call would move more than its limits were asked for; "" when it would not.

    Only calls that say what they move are compared: what a settlement sells to pay is the
    contract's own business.
    """
    call = contracts.CALLS.get(row.kind)
    if call is None or call.moved_assets is Call.moved_assets:
        return ""
    moves = moved_by(config, row, effects)
    if moves * BPS_ONE <= row.moved_assets * (BPS_ONE + MORE_THAN_SAID_BPS):
        return ""
    return (
        f"It would move {format_amount(moves)} USDT, which is more than "
        f"{format_bps(MORE_THAN_SAID_BPS)} above the {format_amount(row.moved_assets)} it was "
        "approved and counted for; ask for it anew."
    )


def moved_by(config: ChainConfig, row: Transaction, effects: Collection[Effect]) -> int:
    """Base units that a call of the fund's controller moves, by its events.

    Each trade counts once: what is bought by name is told twice, what is bought for a tier once.
    """
    own = [effect for effect in effects if effect.address == row.to]
    sold = sum(_sum(own, event, "usdtReceived") for event in _SALES)
    bought = max(_sum(own, event, "usdtAmount") for event in ("AssetPurchased", "PurchaseRouted"))
    paid = _sum(own, "RedemptionFeesWithdrawn", "amount")
    if row.kind == CollectFees.kind:
        vault = config.contract("vault").address
        tokens = [effect for effect in effects if effect.contract == "stablecoin"]
        paid += _sum([one for one in tokens if one.args.get("from") == vault], "Transfer", "value")
    return sold + bought + paid


def _sum(effects: Collection[Effect], event: str, argument: str) -> int:
    return sum(int(effect.args[argument]) for effect in effects if effect.event == event)
