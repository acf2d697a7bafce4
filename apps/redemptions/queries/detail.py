"""What is asked of people and of the chain about one redemption."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.chain import queries as chain
from apps.chain.calls import (
    ApproveRedemption,
    Call,
    RejectRedemption,
    SettleRedemption,
    SettleScheduledRedemption,
)
from apps.redemptions.models import Redemption
from apps.redemptions.rules import Liquidity, short_amount, why_not_payable

from .liquidity import liquidity_now
from .lists import voucher_of

DECISION_KINDS = (ApproveRedemption.kind, RejectRedemption.kind)
SETTLE_KINDS = (SettleRedemption.kind, SettleScheduledRedemption.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settleability:
    """Whether a request can be settled now, and if not why; the shortfall when cash is short."""

    refusal: str
    shortfall_assets: int
    chain_time: datetime | None
    liquidity: Liquidity

    @property
    def possible(self) -> bool:
        """Nothing we know stands against it."""
        return not self.refusal


def facts_of(redemption: Redemption) -> dict[str, Any]:
    """The immutable figures of a request, which a vote signs."""
    return {
        "chainId": redemption.chain_id,
        "manager": redemption.manager,
        "requestId": redemption.request_id,
        "owner": redemption.owner,
        "receiver": redemption.receiver,
        "shares": redemption.shares,
        "grossAmount": redemption.gross_assets,
        "estimatedFee": redemption.estimated_fee_assets,
        "lockedNav": redemption.locked_nav_per_share,
        "channel": redemption.channel,
        "windowId": redemption.window_id,
        "requestTime": int(redemption.requested_at.timestamp()),
        "txHash": redemption.tx_hash,
        "logPosition": redemption.position,
    }


def decision_call(redemption: Redemption, *, approve: bool, reason: str = "") -> Call:
    """What an approval or a rejection executes."""
    if approve:
        return ApproveRedemption(chain_id=redemption.chain_id, request_id=redemption.request_id)
    return RejectRedemption(
        chain_id=redemption.chain_id, request_id=redemption.request_id, reason=reason
    )


def settle_call(redemption: Redemption) -> SettleRedemption | SettleScheduledRedemption:
    """What pays the request; scheduled ones have a function of their own."""
    function = SettleScheduledRedemption if redemption.channel == "SCHEDULED" else SettleRedemption
    return function(chain_id=redemption.chain_id, request_id=redemption.request_id)


def settleability(
    redemption: Redemption, *, at: datetime, reserved_assets: int = 0
) -> Settleability:
    """Whether the request can be settled now, ``reserved_assets`` being promised to others.

    Unknown liquidity refuses nothing: the dry run on chain decides then.
    """
    final = chain.final_block(redemption.chain_id)
    chain_time = final.time if final else None
    liquidity = liquidity_now(at=at)
    refusal = why_not_payable(redemption.status, redemption.settles_at, chain_time)
    voucher = None if refusal else voucher_of(redemption)
    if voucher is not None and voucher.is_live:
        refusal = f"Only the owner of voucher {voucher.token_id}, {voucher.owner}, may settle it."
    shortfall = 0
    if not refusal and liquidity.payable_assets is not None:
        free = max(liquidity.payable_assets - reserved_assets, 0)
        shortfall = max(redemption.payout_assets - free, 0)
        if shortfall:
            refusal = (
                f"L1 and L2 cannot cover it: {short_amount(redemption.payout_assets)} USDT is to"
                f" be paid, {short_amount(free)} is free. Raise at least"
                f" {short_amount(shortfall)} USDT from L3 first (redeem a high-yield asset)."
            )
    return Settleability(
        refusal=refusal, shortfall_assets=shortfall, chain_time=chain_time, liquidity=liquidity
    )
