"""The fund by our rows, and by the chain, at the final block: for checking one by the other."""

from typing import Any

from apps.chain import queries as chain
from apps.fund import queries as fund
from apps.redemptions import queries as redemptions


def state() -> dict[str, Any]:
    """Redemptions and balances from our rows, the vault's summary from the chain; amounts as text.

    Raises:
        chain.ChainUnavailable: no node answers, or nothing is final yet.
    """
    config = chain.fund_chain()
    block = chain.final_block(config.chain_id)
    vault = chain.read_vault_state(block)
    return {
        "chainId": config.chain_id,
        "block": {
            "number": block.number,
            "hash": block.hash,
            "time": int(block.time.timestamp()),
        }
        if block
        else None,
        "redemptions": [_redemption(row) for row in redemptions.every()],
        "holders": [
            {"address": address, "shares": str(shares)}
            for address, shares in fund.balances().items()
        ],
        "vault": {
            "totalAssets": str(vault.total_assets),
            "totalSupply": str(vault.total_supply),
            "sharePrice": str(vault.share_price),
            "layer1Liquidity": str(vault.layer1_liquidity),
            "layer2Liquidity": str(vault.layer2_liquidity),
            "layer3Value": str(vault.layer3_value),
            "totalRedemptionLiability": str(vault.total_redemption_liability),
            "totalLockedShares": str(vault.total_locked_shares),
            "emergencyMode": vault.emergency_mode,
        },
    }


def _redemption(row: Any) -> dict[str, Any]:
    return {
        "requestId": str(row.request_id),
        "status": row.status,
        "channel": row.channel,
        "owner": row.owner,
        "receiver": row.receiver,
        "shares": str(row.shares),
        "grossAmount": str(row.gross_assets),
        "lockedNav": str(row.locked_nav_per_share),
        "estimatedFee": str(row.estimated_fee_assets),
        "requiresApproval": row.requires_approval,
        "windowId": str(row.window_id),
        "requestTime": _seconds(row.requested_at),
        "settlementTime": _seconds(row.settles_at),
        "fee": _text(row.fee_assets),
        "netAmount": _text(row.net_assets),
        "txHash": row.tx_hash,
    }


def _seconds(instant: Any) -> int | None:
    return None if instant is None else int(instant.timestamp())


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(amount)
