"""Which call of the contracts a ticket of ours asks for, made again from its frozen facts."""

from apps.approvals.queries import Ticket
from apps.chain.calls import (
    AddAsset,
    Call,
    CollectFees,
    RemoveAsset,
    UpdateAssetAllocation,
    WithdrawRedemptionFees,
)
from apps.chain.terms import Tier
from apps.fund.rules.tickets import (
    ALLOCATION,
    ASSET_ADD,
    ASSET_REMOVE,
    FEE_WITHDRAW,
    REDEMPTION_FEES,
    token_of,
)

CALL_KINDS = (
    WithdrawRedemptionFees.kind,
    CollectFees.kind,
    AddAsset.kind,
    RemoveAsset.kind,
    UpdateAssetAllocation.kind,
)


def call_of(ticket: Ticket) -> Call | None:
    """The call; None where the ticket changes only what we keep ourselves."""
    chain_id, facts = ticket.chain_id, ticket.facts
    token = token_of(ticket.subject_id)
    if ticket.kind == FEE_WITHDRAW:
        assets = int(facts["assets"])
        if ticket.subject_id == REDEMPTION_FEES:
            return WithdrawRedemptionFees(chain_id=chain_id, assets=assets)
        return CollectFees(chain_id=chain_id, expected_assets=assets)
    if ticket.kind == ASSET_ADD:
        return AddAsset(
            chain_id=chain_id,
            token=token,
            tier=Tier[facts["tier"]],
            allocation_bps=int(facts["shareBps"]),
            symbol=facts["symbol"],
        )
    if ticket.kind == ASSET_REMOVE:
        return RemoveAsset(chain_id=chain_id, token=token)
    if ticket.subject_id.startswith(ALLOCATION):
        return UpdateAssetAllocation(
            chain_id=chain_id, token=token, allocation_bps=int(facts["newShareBps"])
        )
    return None
